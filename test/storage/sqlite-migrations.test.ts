/**
 * Schemas: an empty file becomes a store, a newer one is refused, and a migration that fails leaves the file as
 * it was.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import SQLite from 'better-sqlite3';
import t, { type Test } from 'tap';
import { CachedReader } from '../../src/storage/cached-reader.js';
import { migrate, SCHEMA_VERSION, schemaVersion } from '../../src/storage/sqlite/migrations.js';
import { openSqliteFacts, openSqliteStore } from '../../src/storage/sqlite/open.js';
import { SqliteFacts } from '../../src/storage/sqlite/sqlite-facts.js';
import { batchesOf, draft, load, path } from './given.js';

function database(t: Test) {
  const file = `${t.testdir()}/store.db`;
  const db = new SQLite(file);
  t.teardown(() => db.close());
  return { file, db };
}

const tables = (db: SQLite.Database) =>
  db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").pluck().all();

const ASK = { paths: [], user: undefined, since: -1, generation: -1 };

t.test('an empty file becomes a store', async (t) => {
  const { file, db } = database(t);
  writeFileSync(file, '');
  const store = openSqliteStore(file);
  t.teardown(() => store.close());
  t.equal(schemaVersion(db), SCHEMA_VERSION);
  t.equal((await store.acl.putGrants([draft('user:bob read /a')])).revision, 1);
});

t.test('migrating a store that is up to date changes nothing', async (t) => {
  const { db } = database(t);
  migrate(db);
  db.exec('UPDATE state SET revision = 7');
  migrate(db);
  t.equal(db.prepare('SELECT revision FROM state').pluck().get(), 7);
  t.equal(schemaVersion(db), SCHEMA_VERSION);
});

t.test('a migration that fails in its middle leaves the version and the tables as they were', async (t) => {
  const { db } = database(t);
  // The last table of the first migration is there already: everything before it has been made by then.
  db.exec('CREATE TABLE journal (mine)');
  t.throws(() => migrate(db), { message: 'table journal already exists' });
  t.equal(schemaVersion(db), 0);
  t.strictSame(tables(db), ['journal']);
  t.equal(db.inTransaction, false);
});

t.test('a store whose migration failed can be opened once what was in the way is gone', async (t) => {
  const { file, db } = database(t);
  db.exec('CREATE TABLE journal (mine)');
  t.throws(() => openSqliteStore(file), { message: 'table journal already exists' });
  db.exec('DROP TABLE journal');
  const store = openSqliteStore(file);
  t.teardown(() => store.close());
  t.equal((await load(store)).revision, 0);
});

t.test('a store with a newer schema is refused, and told what to do', async (t) => {
  const { file, db } = database(t);
  migrate(db);
  const newer = SCHEMA_VERSION + 1;
  db.pragma(`user_version = ${newer}`);
  const message =
    `the store has schema ${newer}, this Latchkey knows ${SCHEMA_VERSION}: ` +
    'upgrade Latchkey, or restore the backup made before the upgrade';
  t.throws(() => openSqliteStore(file), { message });
  await t.rejects(openSqliteFacts(file), { message });
  t.equal(schemaVersion(db), newer, 'it stays as it was');
});

t.test('facts of a store with another schema than theirs are not known, and told what to do', async (t) => {
  for (const [says, version] of [
    ['newer', SCHEMA_VERSION + 1],
    ['older', SCHEMA_VERSION - 1],
  ] as const) {
    const { file, db } = database(t);
    migrate(db);
    db.pragma(`user_version = ${version}`);
    const facts = new SqliteFacts(file);
    t.teardown(() => facts.close());
    const message = `the store cannot be read: the store has schema ${version}, this process knows ${SCHEMA_VERSION}: restart it`;
    t.throws(() => facts.version(), { name: 'NotKnown', code: 'store-unavailable', message }, says);
    t.throws(() => facts.load(ASK), { name: 'NotKnown', code: 'store-unavailable', message }, says);
    db.pragma(`user_version = ${SCHEMA_VERSION}`);
    t.equal(facts.load(ASK).revision, 0, `${says}: answered again once it is theirs`);
  }
});

t.test(
  'a store that a newer Latchkey migrates under a running process is read and written no more',
  async (t) => {
    const { file, db } = database(t);
    const store = openSqliteStore(file);
    t.teardown(() => store.close());
    const reader = new CachedReader(store.facts, { bytesMax: 100_000 });
    await store.acl.putGrants([draft('user:bob read /a')]);
    t.equal((await reader.read(path('/a'), undefined)).chain[0]?.grants.size, 1);
    const newer = SCHEMA_VERSION + 1;
    db.exec(`BEGIN IMMEDIATE; CREATE TABLE news (one); PRAGMA user_version = ${newer}; COMMIT`);
    const says = `the store has schema ${newer}, this process knows ${SCHEMA_VERSION}: restart it`;
    const refused = {
      name: 'NotKnown',
      code: 'store-unavailable',
      message: `the store cannot be read: ${says}`,
    };
    for (let i = 0; i < 2; i++) t.throws(() => reader.read(path('/a'), undefined), refused);
    const outdated = { name: 'NotKnown', code: 'store-unreadable', message: says };
    await t.rejects(store.acl.putGrants([draft('user:bob read /b')]), outdated);
    await t.rejects(store.acl.importGrants(batchesOf([draft('user:bob read /b')])), outdated);
    t.equal(db.prepare('SELECT count(*) FROM grants').pluck().get(), 1, 'nothing was written');
    t.equal(db.prepare('SELECT revision FROM state').pluck().get(), 1);
  },
);

t.test('a file that is no database is refused and left as it was', async (t) => {
  const file = `${t.testdir()}/store.db`;
  const text =
    'not a database, but long enough to be taken for the header of one, which has 100 bytes'.repeat(2);
  writeFileSync(file, text);
  t.throws(() => openSqliteStore(file), { code: 'SQLITE_NOTADB' });
  const facts = new SqliteFacts(file);
  t.throws(() => facts.version(), { name: 'NotKnown', code: 'store-unavailable' });
  t.equal(readFileSync(file, 'utf8'), text);
});

t.test('facts of a store without its state row are not known', async (t) => {
  const { file, db } = database(t);
  migrate(db);
  db.exec('DELETE FROM state');
  const facts = new SqliteFacts(file);
  t.teardown(() => facts.close());
  t.throws(() => facts.load(ASK), { name: 'NotKnown', message: /no state row/ });
});
