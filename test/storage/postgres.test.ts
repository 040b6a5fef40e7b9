/**
 * What PostgreSQL brings that no store in a file has: a server that ends and comes back, another database behind the same
 * URL, and limits of its own. The contract is in contract.test.ts, writers are in postgres-writers.test.ts.
 */

import t from 'tap';
import { ACTIONS } from '../../src/acl/action.js';
import { NotKnown } from '../../src/acl/errors.js';
import { parseResourcePath, type ResourcePath } from '../../src/acl/resource-path.js';
import { ListenFeed } from '../../src/storage/postgres/listen-feed.js';
import { openPostgresStore } from '../../src/storage/postgres/open.js';
import { SCHEMA_VERSION } from '../../src/storage/postgres/schema.js';
import { postgres } from '../postgres.js';
import { all, batchesOf, draft, draftOn, load, loadedOn, path } from './given.js';
import { databaseAt, freshSchema, storeAt } from './postgres-given.js';
import { proxy } from './postgres-proxy.js';

const server = await postgres(t);
const UNAVAILABLE = { name: 'NotKnown', code: 'store-unavailable' };

t.test('processes that start at once make one store', async (t) => {
  const words = freshSchema();
  const stores = await Promise.all(Array.from({ length: 4 }, () => storeAt(t, server.url(words))));
  const revisions = await Promise.all(stores.map(({ acl }) => acl.putGrants([draftOn('/a')])));
  t.same(revisions.map(({ revision }) => revision).toSorted(), [1, 2, 3, 4]);
});

t.test('a store of a newer Latchkey is refused, also by whoever has it open', async (t) => {
  const words = freshSchema();
  const store = await storeAt(t, server.url(words));
  const client = await server.client();
  await client.query(`UPDATE ${words.schema}.state SET schema = ${SCHEMA_VERSION + 1}`);
  await t.rejects(openPostgresStore(server.url(words)), {
    code: 'store-unreadable',
    message: /has schema \d+, this Latchkey knows \d+: upgrade Latchkey/,
  });
  const restart = { code: 'store-unreadable', message: /restart it/ };
  await t.rejects(load(store), restart);
  await t.rejects(store.acl.putGrants([draftOn('/a')]), restart);
  await t.rejects(store.acl.importGrants(batchesOf([draftOn('/a')])), restart);
  await client.query(`UPDATE ${words.schema}.state SET schema = ${SCHEMA_VERSION}`);
  t.equal((await store.acl.putGrants([draftOn('/a')])).revision, 1, 'and nothing was written');
});

t.test('a database of another encoding is refused', async (t) => {
  const client = await server.client();
  await client.query("CREATE DATABASE odd ENCODING 'SQL_ASCII' TEMPLATE template0");
  await t.rejects(openPostgresStore(server.url({}, 'odd')), {
    code: 'store-unreadable',
    message: /encoding SQL_ASCII: make one with ENCODING 'UTF8'/,
  });
});

t.test('while the server is away nobody knows, and when it is back all goes on by itself', async (t) => {
  const store = await storeAt(t, server.url(freshSchema()));
  await store.acl.putGrants([draftOn('/a')]);
  await store.acl.grantsOn([path('/a')]);
  await server.crash();
  const asked: readonly (() => Promise<unknown>)[] = [
    () => load(store),
    () => store.acl.putGrants([draftOn('/b')]),
    () => store.acl.grantsOn([path('/a')]),
    () => store.usage.recordUses(new Map([['key', 1]])),
  ];
  for (const ask of asked) await t.rejects(ask(), UNAVAILABLE);
  await server.start();
  for (const ask of asked) await t.resolves(ask());
  t.equal((await load(store)).revision, 2);
});

t.test('what was kept of a server that was restarted is not the next one’s error', async (t) => {
  const store = await storeAt(t, server.url(freshSchema()));
  const asked: readonly (() => Promise<unknown>)[] = [
    () => load(store),
    () => store.acl.grantsOn([path('/a')]),
    () => store.acl.putGrants([draftOn('/b')]),
  ];
  for (const ask of asked) await ask();
  await server.crash();
  await server.start();
  for (const ask of asked) await t.resolves(ask());
});

t.test('a store that does not answer in time is not known', async (t) => {
  const words = freshSchema();
  const between = await proxy(t, server);
  const store = await storeAt(t, between.url(words));
  const locked = await storeAt(t, server.url(words));
  await load(store);
  between.set('deaf');
  const client = await server.client();
  await client.query(`BEGIN; LOCK TABLE ${words.schema}.grants IN ACCESS EXCLUSIVE MODE`);
  await Promise.all([
    t.rejects(load(store), UNAVAILABLE, 'a server that is gone'),
    t.rejects(load(locked), UNAVAILABLE, 'a server that is busy'),
  ]);
  await client.query('ROLLBACK');
  between.set('passing');
  t.same((await load(store)).revision, 0, 'and it is asked again');
});

t.test('a backup that was restored is another store', async (t) => {
  const { schema } = freshSchema();
  const store = await storeAt(t, server.url({ schema }));
  const client = await server.client();
  const tables = ['state', 'changes', 'grants'];
  await store.acl.putGrants([draft('user:bob read /a')]);
  for (const table of tables)
    await client.query(`CREATE TABLE ${schema}.${table}_kept AS TABLE ${schema}.${table}`);
  await store.acl.removeGrants({ ...draft('user:bob read /a'), actions: ACTIONS });
  const before = await load(store);
  for (const table of tables) {
    await client.query(
      `DELETE FROM ${schema}.${table}; INSERT INTO ${schema}.${table} TABLE ${schema}.${table}_kept`,
    );
  }
  await store.acl.putGrants([draft('user:eve read /b')]);
  const after = await load(store, { since: before.revision, generation: before.generation });
  t.equal(after.revision, before.revision, 'of the same number');
  t.not(after.generation, before.generation);
  t.equal(after.touched, 'all');
});

t.test('another database behind the same URL is another store', async (t) => {
  const client = await server.client();
  for (const name of ['one', 'two']) await client.query(`CREATE DATABASE ${name}`);
  const store = await storeAt(t, server.url({}, 'one'));
  const other = await openPostgresStore(server.url({}, 'two'));
  await store.acl.putGrants([draftOn('/a')]);
  await other.acl.putGrants([draftOn('/b')]);
  await other.close();
  const before = await load(store);
  await client.query(
    "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname IN ('one', 'two')",
  );
  await client.query('ALTER DATABASE one RENAME TO old');
  await client.query('ALTER DATABASE two RENAME TO one');
  const after = await load(store, {
    since: before.revision,
    generation: before.generation,
    paths: [path('/b')],
  });
  t.not(after.generation, before.generation);
  t.same([after.touched, after.paths[0]?.grants.size], ['all', 1]);
});

/** Texts that no index of PostgreSQL holds, and that it cannot make shorter either. */
t.test('a path of any length is found, listed in its place, and told from its like', async (t) => {
  const store = await storeAt(t, server.url(freshSchema()));
  const long = longPath(4_096, '/');
  const like = `${long.slice(0, -1)}!` as ResourcePath;
  const wide = longPath(4_095, '/€');
  const paths = [long, like, wide, path(long.slice(0, 2_000)), path('/'), path('/a')];
  for (const [i, one] of paths.entries()) {
    await store.acl.putGrants([{ ...draftOn('/'), path: one, expiresAt: i }]);
  }
  const listed = await all(store.acl.allGrants());
  const inOrder = paths.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  t.same(
    listed.map((grant) => grant.path),
    inOrder,
  );
  for (const [i, one] of paths.entries()) t.match(await loadedOn(store, one), [{ path: one, expiresAt: i }]);
  const removed = await store.acl.removeGrants({ ...draftOn('/'), path: long, actions: ACTIONS });
  t.same(
    removed.value.map((grant) => grant.path),
    [long],
  );
  t.equal((await loadedOn(store, like)).length, 1);
  await store.signedUrls.raiseGeneration(long);
  t.same([await store.signedUrls.generation(long), await store.signedUrls.generation(like)], [1, 0]);
});

function longPath(bytes: number, start: string): ResourcePath {
  let text = start;
  for (let i = 0; Buffer.byteLength(text) < bytes; i += 1) {
    // Knuth's hash of the number: text that has no pattern to speak of.
    text += i % 20 === 19 ? '/' : ((i * 2_654_435_761) % 2 ** 32).toString(36);
  }
  const parsed = parseResourcePath(Buffer.from(text).subarray(0, bytes).toString().replace(/\/$/, 'x'));
  if (parsed === undefined) throw new Error('no path');
  return parsed;
}

/** PgBouncer refuses a connection that begins with any other, or leaves it out, and with it the time-out that it is. */
const TAKEN_BY_POOLERS = ['application_name', 'client_encoding', 'database', 'user'];

t.test('a connection begins as PgBouncer takes it, and has its time-outs all the same', async (t) => {
  const words = freshSchema();
  const between = await proxy(t, server);
  const store = await storeAt(t, between.url(words));
  await store.acl.putGrants([draftOn('/a')]);
  await load(store);
  t.same([...between.asked].toSorted(), TAKEN_BY_POOLERS);
  const timeOut = (name: string) => `current_setting('${name}') AS ${name}`;
  const names = ['statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout'];
  const asked = `SELECT ${names.map(timeOut).join(', ')}`;
  const database = databaseAt(t, between.url(words), { patienceMs: 7_000, stalledMs: 8_000 });
  const reading = {
    statement_timeout: '30s',
    lock_timeout: '5s',
    idle_in_transaction_session_timeout: '10s',
  };
  t.same(await database.rows(asked), [reading]);
  const writing = {
    statement_timeout: '1min',
    lock_timeout: '7s',
    idle_in_transaction_session_timeout: '8s',
  };
  t.same(await database.writeUnnumbered((tx) => tx.rows(asked)), [writing]);
});

t.test('a credential whose name no text of PostgreSQL can be was never ended', async (t) => {
  const store = await storeAt(t, server.url(freshSchema()));
  t.same((await load(store, { credential: 'token:a\0b' })).credential, {});
});

t.test('what is wrong with the server is not known, and names it without the password', async (t) => {
  const opening = openPostgresStore('postgres://me:hush@127.0.0.1:1/db');
  const error = await opening.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  t.ok(error instanceof NotKnown);
  t.match((error as Error).message, /ECONNREFUSED/);
  t.notMatch(JSON.stringify(error) + (error as Error).stack, /hush/);
});

t.test('a role without any other right than on its schema is enough, once that is there', async (t) => {
  const client = await server.client();
  await client.query('CREATE ROLE plain LOGIN; CREATE SCHEMA plains AUTHORIZATION plain');
  const url = server.url({ schema: 'plains' }).replace('latchkey@', 'plain@');
  const store = await storeAt(t, url);
  t.equal((await store.acl.putGrants([draftOn('/a')])).revision, 1);
  t.equal((await loadedOn(store, '/a')).length, 1);
  await store.acl.importGrants(batchesOf([draftOn('/b')]));
  await t.rejects(openPostgresStore(url.replace('plains', 'others')), {
    message: /permission denied for database/,
  });
});

t.test('a schema may be called by a word of SQL', async (t) => {
  const store = await storeAt(t, server.url({ schema: 'user' }));
  t.equal((await store.acl.putGrants([draftOn('/a')])).revision, 1);
  t.equal((await loadedOn(store, '/a')).length, 1);
});

t.test('a certificate that cannot be read is not known, either', async (t) => {
  const words = { ...freshSchema(), sslmode: 'verify-full', sslrootcert: `${server.folder}/none.pem` };
  const url = server.url(words);
  await t.rejects(openPostgresStore(url), { ...UNAVAILABLE, message: /none\.pem/ });
  const lost = await new Promise((onLost) => {
    const feed = new ListenFeed(url, { onLost, onFound: () => undefined });
    t.teardown(() => feed.close());
    feed.listen({ onRevision: () => undefined, onListening: () => undefined });
  });
  t.match(lost, { message: /none\.pem.*: sslrootcert=/ }, 'the feed is away, and nothing worse');
});
