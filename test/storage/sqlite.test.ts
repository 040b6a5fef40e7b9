/**
 * What SQLite adds to the contract: connections with the options that the promises rest on, loads from one
 * snapshot, and a change log that is trimmed.
 */

import { statSync } from 'node:fs';
import type { Database } from 'better-sqlite3';
import t, { type Test } from 'tap';
import type { ResourcePath } from '../../src/acl/resource-path.js';
import { CachedReader } from '../../src/storage/cached-reader.js';
import { openReader, openWriter, waitForNobody } from '../../src/storage/sqlite/connection.js';
import { openSqliteFacts, openSqliteStore } from '../../src/storage/sqlite/open.js';
import { draft, draftOn, load, loadedOn, path, plainFacts, principal } from './given.js';

const BOB = principal('user:bob');

/** A store in a folder of its own, and a second connection that writes past it. */
function given(t: Test) {
  const file = `${t.testdir()}/store.db`;
  const store = openSqliteStore(file);
  const beside = openWriter(file);
  t.teardown(async () => {
    beside.close();
    await store.close();
  });
  return { file, store, beside };
}

const pragma = (db: Database, name: string) => db.pragma(name, { simple: true });

// ── connections ─────────────────────────────────────────────────────────────────────────────────────────────

t.test('the writer has WAL, synchronous=FULL, foreign keys and an untrusted schema in force', async (t) => {
  const { beside } = given(t);
  t.equal(pragma(beside, 'journal_mode'), 'wal');
  t.equal(pragma(beside, 'synchronous'), 2, 'FULL');
  t.equal(pragma(beside, 'foreign_keys'), 1);
  t.equal(pragma(beside, 'trusted_schema'), 0);
  t.equal(pragma(beside, 'busy_timeout'), 15_000, 'while it is opened');
  waitForNobody(beside);
  t.equal(pragma(beside, 'busy_timeout'), 0);
});

t.test('the reader cannot write, to the data or to the schema', async (t) => {
  const { file, beside } = given(t);
  const reader = openReader(file);
  t.teardown(() => reader.close());
  for (const sql of [
    'DELETE FROM grants',
    "INSERT INTO suspensions VALUES ('user:bob')",
    'UPDATE state SET revision = 9',
    'DROP TABLE grants',
    'CREATE TABLE more (one)',
    'PRAGMA user_version = 9',
  ]) {
    t.throws(() => reader.exec(sql), { code: 'SQLITE_READONLY' }, sql);
  }
  t.equal(beside.prepare('SELECT revision FROM state').pluck().get(), 0);
});

t.test('the reader makes no file where none is', async (t) => {
  const file = `${t.testdir()}/none.db`;
  t.throws(() => openReader(file), { code: 'SQLITE_CANTOPEN' });
  t.throws(() => statSync(file), { code: 'ENOENT' });
});

t.test(
  'the facts hold no transaction open: the whole log can be copied into the file after a load',
  async (t) => {
    const { file, store, beside } = given(t);
    await store.acl.putGrants([draft('user:bob read /a')]);
    store.facts.version();
    t.equal((await loadedOn(store, '/a')).length, 1);
    store.facts.version();
    await store.acl.putGrants([draft('user:bob read /b')]);
    pragma(beside, 'busy_timeout = 0');
    t.match(beside.pragma('wal_checkpoint(TRUNCATE)'), [{ busy: 0 }]);
    t.equal(statSync(`${file}-wal`).size, 0);
  },
);

t.test("the authorizer's facts bring the schema up to date and leave nobody who can write", async (t) => {
  const file = `${t.testdir()}/store.db`;
  const facts = await openSqliteFacts(file);
  t.teardown(() => facts.close());
  t.equal(facts.load({ paths: [], user: undefined, since: -1, generation: -1 }).revision, 0);
  const beside = openWriter(file);
  t.teardown(() => beside.close());
  beside.exec('BEGIN EXCLUSIVE; COMMIT');
  t.notOk('putGrants' in facts);
});

t.test('a store that was closed is there, with all that was written, when it is opened again', async (t) => {
  const file = `${t.testdir()}/store.db`;
  const first = openSqliteStore(file);
  const { value, revision } = await first.acl.putGrants([draft('user:bob read /a from 1 until 2')]);
  await first.close();
  const second = openSqliteStore(file);
  t.teardown(() => second.close());
  t.strictSame(await second.acl.grantsOn([path('/a')]), value);
  t.equal(await second.acl.revision(), revision);
  t.not((await second.acl.putGrants([draft('user:bob read /b')])).value[0]?.id, value[0]?.id);
});

// ── snapshots ───────────────────────────────────────────────────────────────────────────────────────────────

/** Paths of which the second is not looked up before `between` has run. */
function pathsWith(between: () => void, ...paths: [string, string]): ResourcePath[] {
  const [first, second] = paths.map(path);
  return Object.defineProperty([first, second] as ResourcePath[], 1, {
    enumerable: true,
    get: () => {
      between();
      return second;
    },
  });
}

t.test('all paths of one load are from one snapshot, even when somebody commits between them', async (t) => {
  const { file, store } = given(t);
  const other = openSqliteStore(file);
  t.teardown(() => other.close());
  const commit = () => void other.acl.putGrants([draft('user:bob read /a'), draft('user:bob read /b')]);
  const loaded = await load(store, { paths: pathsWith(commit, '/a', '/b') });
  const counts = loaded.paths.map((one) => one.grants.size);
  t.equal(await other.acl.revision(), 1, 'the commit came during the load');
  t.strictSame([loaded.revision, ...counts], [0, 0, 0]);
  t.equal((await loadedOn(store, '/b')).length, 1, 'the next load sees it');
});

t.test('the standing of a load is from the snapshot of its paths', async (t) => {
  const { file, store } = given(t);
  const other = openSqliteStore(file);
  t.teardown(() => other.close());
  const suspend = () => void other.acl.suspend(BOB);
  const loaded = await load(store, { paths: pathsWith(suspend, '/a', '/b'), user: BOB });
  t.equal(await other.acl.revision(), 1, 'the suspension came during the load');
  t.strictSame([loaded.revision, loaded.standing?.suspended], [0, false]);
  t.equal((await load(store, { user: BOB })).standing?.suspended, true);
});

t.test('a cache that was filled during a commit sees it with the next read', async (t) => {
  const { file, store } = given(t);
  await store.acl.putGrants([draft('user:bob read /a')]);
  const other = openSqliteStore(file);
  t.teardown(() => other.close());
  const { facts } = store;
  let first = true;
  const reader = new CachedReader(
    {
      version: () => facts.version(),
      load: (query) => {
        const loaded = facts.load(query);
        if (first) void other.acl.putGrants([draft('user:bob deny read /a')]);
        first = false;
        return loaded;
      },
    },
    { bytesMax: 100_000 },
  );
  const effects = async () => plainFacts(await reader.read(path('/a'), BOB)).chain[0]?.grants[0]?.effect;
  t.equal(await effects(), 'allow', 'it began before the commit');
  t.equal(await effects(), 'deny');
});

// ── the change log ──────────────────────────────────────────────────────────────────────────────────────────

t.test('a reader that is behind the trimmed log starts cold and is right', async (t) => {
  const { store, beside } = given(t);
  await store.acl.putGrants([draft('user:bob read /a'), draft('user:bob read /b')]);
  const reader = new CachedReader(store.facts, { bytesMax: 100_000 });
  const countOn = async (on: string) => plainFacts(await reader.read(path(on), BOB)).chain[0]?.grants.length;
  t.equal(await countOn('/a'), 1);
  t.equal(await countOn('/b'), 1);
  beside.exec(`
    BEGIN IMMEDIATE;
    DELETE FROM grants WHERE path = '/a';
    UPDATE state SET revision = 200000, trimmed = 100000;
    DELETE FROM changes;
    COMMIT`);
  t.equal(await countOn('/b'), 1);
  t.equal(await countOn('/a'), 0);
});

t.test('a reader at the very revision that was trimmed last has missed nothing', async (t) => {
  const { store, beside } = given(t);
  for (const on of ['/1', '/2', '/3']) await store.acl.putGrants([draftOn(on)]);
  beside.exec('UPDATE state SET trimmed = 2; DELETE FROM changes WHERE revision < 2');
  const { generation } = await load(store);
  t.equal((await load(store, { since: 1, generation })).touched, 'all');
  t.strictSame((await load(store, { since: 2, generation })).touched, ['/3']);
  t.strictSame((await load(store, { since: 3, generation })).touched, []);
});

t.test('a write keeps the last 100,000 revisions in the log and says how far it trimmed', async (t) => {
  const { store, beside } = given(t);
  const insert = beside.prepare('INSERT INTO changes (revision, touched) VALUES (?, ?)');
  for (const revision of [1, 5, 6, 7, 100_005]) insert.run(revision, `/${revision}`);
  beside.exec('UPDATE state SET revision = 100005');
  t.equal((await store.acl.putGrants([draft('user:bob read /a')])).revision, 100_006);
  const kept = beside.prepare('SELECT revision FROM changes ORDER BY revision').pluck().all();
  t.strictSame(kept, [6, 7, 100_005, 100_006], 'with the one whose mark the next reader compares');
  t.equal(beside.prepare('SELECT trimmed FROM state').pluck().get(), 6);
});

t.test('more than 10,000 changes at once are told as all, and a reader is right after them', async (t) => {
  const { store } = given(t);
  const reader = new CachedReader(store.facts, { bytesMax: 100_000 });
  const countOn = async (on: string) => plainFacts(await reader.read(path(on), BOB)).chain[0]?.grants.length;
  t.equal(await countOn('/10000'), 0);
  const { revision, generation } = await load(store);
  const drafts = Array.from({ length: 10_001 }, (_, i) => draftOn(`/${i}`));
  await store.acl.putGrants(drafts.slice(1));
  t.equal((await load(store, { since: revision, generation })).touched.length, 10_000);
  await store.acl.putGrants(drafts.slice(0, 1));
  t.equal((await load(store, { since: revision, generation })).touched, 'all');
  t.equal(await countOn('/10000'), 1);
});
