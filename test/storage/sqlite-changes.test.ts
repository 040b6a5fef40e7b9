/**
 * A store that others change under its reader (DESIGN §6): another process, another connection, another file
 * under the same name, no file at all. The very next read is right, or says that it does not know.
 */

import { copyFileSync, renameSync } from 'node:fs';
import SQLite from 'better-sqlite3';
import t, { type Test } from 'tap';
import { ACTIONS } from '../../src/acl/action.js';
import { pathChain } from '../../src/acl/resource-path.js';
import { CachedReader } from '../../src/storage/cached-reader.js';
import { openSqliteStore } from '../../src/storage/sqlite/open.js';
import { SqliteFacts } from '../../src/storage/sqlite/sqlite-facts.js';
import { draft, path, plainFacts, principal } from './given.js';
import { inAnotherProcess, revokeOn } from './other-process.js';

const BOB = principal('user:bob');
const NOT_KNOWN = { name: 'NotKnown', code: 'store-unavailable' };

function readerOf(t: Test, file: string) {
  const facts = new SqliteFacts(file);
  t.teardown(() => facts.close());
  const reader = new CachedReader(facts, { bytesMax: 1024 * 1024 });
  const countOn = async (on: string) => plainFacts(await reader.read(path(on), BOB)).chain[0]?.grants.length;
  return { facts, reader, countOn };
}

/** A store with grants of bob's on these paths, closed again. */
async function storeWith(file: string, ...paths: string[]): Promise<void> {
  const store = openSqliteStore(file);
  await store.acl.putGrants(paths.map((on) => draft(`user:bob read ${on}`)));
  await store.close();
}

/** Puts what was written into the file itself, so that no log of it is left beside it. */
function emptyLog(file: string): void {
  const db = new SQLite(file);
  db.pragma('wal_checkpoint(TRUNCATE)');
  db.close();
}

// ── other writers ───────────────────────────────────────────────────────────────────────────────────────────

t.test('a commit of another process makes the very next version another one', async (t) => {
  const file = `${t.testdir()}/store.db`;
  await storeWith(file, '/a', '/b');
  const { facts, countOn } = readerOf(t, file);
  t.strictSame([await countOn('/a'), await countOn('/b')], [1, 1]);
  const before = facts.version();
  t.equal(facts.version(), before, 'nothing was committed yet');
  inAnotherProcess(file, revokeOn('/a'));
  t.not(facts.version(), before);
  t.strictSame([await countOn('/b'), await countOn('/a')], [1, 0]);
});

t.test(
  'a writer that is killed in the middle of a revoke has revoked nothing and stops nobody',
  async (t) => {
    const file = `${t.testdir()}/store.db`;
    await storeWith(file, '/a');
    const { countOn } = readerOf(t, file);
    t.equal(await countOn('/a'), 1);
    const killed = inAnotherProcess(file, revokeOn('/a', ''), "process.kill(process.pid, 'SIGKILL')");
    t.equal(killed.signal, 'SIGKILL');
    t.equal(await countOn('/a'), 1);
    const store = openSqliteStore(file);
    t.teardown(() => store.close());
    await store.acl.removeGrants({ ...draft('user:bob read /a'), actions: ACTIONS });
    t.equal(await countOn('/a'), 0);
  },
);

t.test('of 1,000 grants and revokes by another connection, each is seen by the next read', async (t) => {
  const file = `${t.testdir()}/store.db`;
  const other = openSqliteStore(file);
  t.teardown(() => other.close());
  const { countOn } = readerOf(t, file);
  const given = draft('user:bob read /a');
  let late = 0;
  for (let i = 0; i < 500; i++) {
    await other.acl.putGrants([given]);
    if ((await countOn('/a')) !== 1) late += 1;
    await other.acl.removeGrants({ ...given, actions: ACTIONS });
    if ((await countOn('/a')) !== 0) late += 1;
  }
  t.equal(late, 0);
  t.equal(await other.acl.revision(), 1_000);
});

t.test('an API key, a sign-out and an ended token of another connection, too', async (t) => {
  const file = `${t.testdir()}/store.db`;
  const other = openSqliteStore(file);
  t.teardown(() => other.close());
  const { reader } = readerOf(t, file);
  const key = {
    id: 'k1',
    hash: 'h1',
    user: BOB,
    scope: { action: 'read', path: path('/') },
    createdAt: 1,
    expiresAt: undefined,
    lastUsedAt: undefined,
    note: '',
  } as const;
  const seen = async () => [
    (await reader.credential('key:h1')).apiKey?.id,
    (await reader.standing(BOB)).signedOutAt,
    (await reader.credential('token:t1')).endedAt,
  ];
  t.strictSame(await seen(), [undefined, undefined, undefined]);
  await other.credentials.addApiKey(key);
  t.strictSame(await seen(), ['k1', undefined, undefined]);
  await other.credentials.signOut(BOB, 5);
  await other.credentials.endToken('t1', 6);
  t.strictSame(await seen(), ['k1', 5, 6]);
  await other.usage.recordUses(new Map([['k1', 9]]));
  await other.credentials.removeApiKey('k1');
  t.strictSame(await seen(), [undefined, 5, 6]);
});

t.test('a transaction of another connection is seen when it is committed, not before', async (t) => {
  const file = `${t.testdir()}/store.db`;
  await storeWith(file, '/a');
  const { countOn } = readerOf(t, file);
  const other = new SQLite(file);
  t.teardown(() => other.close());
  t.equal(await countOn('/a'), 1);
  other.exec(revokeOn('/a', ''));
  t.equal(await countOn('/a'), 1);
  other.exec('COMMIT');
  t.equal(await countOn('/a'), 0);
});

// ── another file under the same name ────────────────────────────────────────────────────────────────────────

t.test('a store that was put in place by rename is what the very next read answers from', async (t) => {
  const folder = t.testdir();
  const file = `${folder}/store.db`;
  await storeWith(file, '/old');
  await storeWith(`${folder}/next.db`, '/new');
  const { facts, reader, countOn } = readerOf(t, file);
  t.strictSame([await countOn('/old'), await countOn('/new')], [1, 0]);
  const before = facts.load({ paths: [], user: undefined, since: -1, generation: -1 });
  emptyLog(file);
  renameSync(`${folder}/next.db`, file);
  t.equal(await countOn('/old'), 0);
  t.equal(reader.size, 3, 'the path, the root and the user: nothing of the old store is kept');
  t.equal(await countOn('/new'), 1);
  const after = facts.load({
    paths: [],
    user: undefined,
    since: before.revision,
    generation: before.generation,
  });
  t.ok(after.generation > before.generation, 'another generation');
  t.equal(after.touched, 'all');
});

t.test(
  'a store that was put in place between two versions is another version, whatever its revision',
  async (t) => {
    const folder = t.testdir();
    const file = `${folder}/store.db`;
    await storeWith(file, '/a');
    await storeWith(`${folder}/next.db`, '/a');
    const { facts } = readerOf(t, file);
    const before = facts.version();
    emptyLog(file);
    renameSync(`${folder}/next.db`, file);
    t.not(facts.version(), before);
  },
);

/** Of which store a read tells. Not to know is allowed where a log of the old store lies beside the new one. */
async function toldOf(
  countOn: (on: string) => Promise<number | undefined>,
): Promise<'old' | 'new' | 'not known'> {
  try {
    return (await countOn('/old')) === 1 ? 'old' : 'new';
  } catch {
    return 'not known';
  }
}

t.test('a store put in place beside a log that the old one left is not answered from the old', async (t) => {
  const folder = t.testdir();
  const file = `${folder}/store.db`;
  const { countOn } = readerOf(t, file);
  await storeWith(file, '/first');
  t.equal(await countOn('/first'), 1);
  // The reader is connected, so the writer leaves its log when it goes: it is not the last one.
  await storeWith(file, '/old');
  t.equal(await countOn('/old'), 1);
  await storeWith(`${folder}/next.db`, '/new');
  renameSync(`${folder}/next.db`, file);
  t.not(await toldOf(countOn), 'old');
});

t.test('a store put in place while a writer is connected is not answered from the old', async (t) => {
  const folder = t.testdir();
  const file = `${folder}/store.db`;
  const writer = openSqliteStore(file);
  t.teardown(() => writer.close());
  await writer.acl.putGrants([draft('user:bob read /old')]);
  const { countOn } = readerOf(t, file);
  t.equal(await countOn('/old'), 1);
  await storeWith(`${folder}/next.db`, '/new');
  renameSync(`${folder}/next.db`, file);
  t.not(await toldOf(countOn), 'old');
});

// ── an older state in the same file ─────────────────────────────────────────────────────────────────────────

/** A backup from before the grant on /old, restored into the very file by SQLite's own backup. */
async function restored(t: Test, afterwards: readonly string[]) {
  const folder = t.testdir();
  const file = `${folder}/store.db`;
  await storeWith(file, '/kept');
  copyFileSync(file, `${folder}/backup.db`);
  for (const on of ['/old', '/old2']) await storeWith(file, on);
  const { facts, countOn } = readerOf(t, file);
  t.strictSame([await countOn('/old'), await countOn('/kept')], [1, 1]);
  const backup = new SQLite(`${folder}/backup.db`);
  await backup.backup(file);
  backup.close();
  for (const on of afterwards) await storeWith(file, on);
  return { facts, countOn };
}

t.test('a backup restored into the same file is answered from', async (t) => {
  const { facts, countOn } = await restored(t, []);
  t.equal(facts.load({ paths: pathChain(path('/old')), user: BOB, since: -1, generation: -1 }).revision, 1);
  t.strictSame([await countOn('/kept'), await countOn('/old')], [1, 0]);
});

t.test('also when it has been written to past the revision that the reader knew', async (t) => {
  const { countOn } = await restored(t, ['/new1', '/new2', '/new3']);
  // The first read after a change loads its own path anyway: what was cached shows with the second.
  t.strictSame([await countOn('/kept'), await countOn('/old'), await countOn('/new3')], [1, 0, 1]);
});

t.test('or up to that very revision', async (t) => {
  const { countOn } = await restored(t, ['/new1', '/new2']);
  t.strictSame([await countOn('/new2'), await countOn('/old')], [1, 0]);
});

t.test(
  'while the file is gone nothing is known, and when it is back it is answered from again',
  async (t) => {
    const folder = t.testdir();
    const file = `${folder}/store.db`;
    await storeWith(file, '/a');
    const { facts, countOn } = readerOf(t, file);
    t.equal(await countOn('/a'), 1);
    renameSync(file, `${folder}/away.db`);
    t.throws(() => facts.version(), NOT_KNOWN);
    t.throws(() => facts.load({ paths: [], user: undefined, since: -1, generation: -1 }), NOT_KNOWN);
    await t.rejects(countOn('/a'), NOT_KNOWN, 'not from the cache either');
    renameSync(`${folder}/away.db`, file);
    t.equal(await countOn('/a'), 1);
    inAnotherProcess(file, revokeOn('/a'));
    t.equal(await countOn('/a'), 0);
  },
);

t.test('a store that was never there is not known until it is', async (t) => {
  const file = `${t.testdir()}/store.db`;
  const { facts, countOn } = readerOf(t, file);
  t.throws(() => facts.version(), NOT_KNOWN);
  await storeWith(file, '/a');
  t.equal(await countOn('/a'), 1);
});
