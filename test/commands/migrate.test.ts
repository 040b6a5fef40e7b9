/** `latchkey migrate`: a whole store from SQLite into PostgreSQL, or nothing of it. */

import SQLite from 'better-sqlite3';
import t from 'tap';
import { UNLIMITED } from '../../src/acl/quota.js';
import { COPIED_TABLES, type CopySource } from '../../src/storage/copied-tables.js';
import { copyIntoPostgres } from '../../src/storage/postgres/copy-in.js';
import { openPostgresStore } from '../../src/storage/postgres/open.js';
import { openCopySource } from '../../src/storage/sqlite/copy-source.js';
import { openSqliteStore } from '../../src/storage/sqlite/open.js';
import { postgres } from '../postgres.js';
import { draft, draftOn, entry, path, principal } from '../storage/given.js';
import { linkRecord } from '../storage/given-links.js';
import { desk } from './program.js';

const server = await postgres(t);
let schemas = 0;
const freshUrl = () => server.url({ schema: `to_${++schemas}` });

/** A store with something in each of its tables, odd names among it. */
async function fill(file: string): Promise<void> {
  const store = openSqliteStore(file);
  const alice = principal('user:alice');
  await store.acl.putGrants([
    draft('user:bob deny read /team/ from 1000 until 2000'),
    draftOn('/é " 張\u{1f600}'),
  ]);
  await store.acl.addMember(principal('group:eng'), alice);
  await store.acl.suspend(principal('user:eve'));
  const file10 = { path: path('/team/a'), owner: alice, bytes: 10, updatedAt: 1_700_000_000_000 };
  await store.quotas.setQuota({ subject: path('/team/'), ...UNLIMITED, bytesMax: 1_000 });
  await store.files.beginCommit([{ ...entry('done', '/team/a', 'at-once'), file: file10, expiresAt: 9_000 }]);
  await store.files.finishCommit([
    { ...entry('done', '/team/a', 'at-once'), file: file10, expiresAt: 9_000 },
  ]);
  await store.digests.putDigests([{ ...file10, sha256: 'd'.repeat(64) }]);
  await store.files.beginCommit([entry('hidden', '/team/b', 'hidden', ['user:bob read /team/b'])]);
  await store.files.beginCommit([entry('gone', '/gone', 'at-once')]);
  await store.files.finishCommit([entry('gone', '/gone', 'at-once')]);
  const trash = { id: 'trash-1', bytes: 10, removedAt: 5_000, sha256: 'e'.repeat(64) };
  await store.files.beginRemoval({ partial: 'removal', path: path('/gone'), trash });
  const moved = {
    name: 'move',
    from: path('/x/'),
    to: path('/y/'),
    grants: 'keep',
    file: undefined,
  } as const;
  await store.moves.beginMove(moved);
  const scope = { action: 'read', path: path('/') } as const;
  const key = { id: 'key1', hash: 'h'.repeat(64), user: alice, scope, createdAt: 1, note: 'a note' };
  await store.credentials.addApiKey({ ...key, expiresAt: undefined, lastUsedAt: 7 });
  await store.credentials.signOut(alice, 11);
  await store.credentials.endToken('jti', 12);
  await store.signedUrls.revokeUrl('url1', 1, 2_000_000_000_000);
  await store.signedUrls.raiseGeneration(path('/team/a'));
  await store.signedUrls.revokeUrlsOf('k1', 13);
  await store.shareLinks.addLink(linkRecord('link1'));
  const lease = { linkId: 'link1', clients: ['c'], now: 1, until: 2_000_000_000_000, downloadsMax: 5 };
  await store.linkCounts.lease(lease);
  await store.close();
}

async function rowsOf(schema: string) {
  const client = await server.client();
  const rows: Record<string, number> = {};
  for (const { name } of COPIED_TABLES) {
    const { rows: found } = await client.query(`SELECT count(*)::int AS n FROM ${schema}.${name}`);
    rows[name] = found[0].n;
  }
  return rows;
}

t.test(
  'every table of both schemas is copied, but for the numbers of changes and which processes there are',
  async (t) => {
    const folder = t.testdir();
    await openSqliteStore(`${folder}/store.db`).close();
    const db = new SQLite(`${folder}/store.db`);
    t.teardown(() => db.close());
    const sqlite = db
      .prepare<[], string>("SELECT name FROM sqlite_schema WHERE type = 'table'")
      .pluck()
      .all();
    await (await openPostgresStore(freshUrl())).close();
    const client = await server.client();
    const { rows } = await client.query(`SELECT tablename FROM pg_tables WHERE schemaname = 'to_${schemas}'`);
    const copied = COPIED_TABLES.map(({ name }) => name).toSorted();
    const others = ['state', 'changes', 'path_lengths', 'authorizers', 'files_lease'];
    const own = (names: readonly string[]) => names.filter((name) => !others.includes(name)).toSorted();
    t.same(own(sqlite), copied);
    t.same(own(rows.map(({ tablename }) => tablename)), copied);
    for (const { name, columns } of COPIED_TABLES) {
      const there = db.prepare<[], string>(`SELECT name FROM pragma_table_info('${name}')`).pluck().all();
      t.same(
        columns.map(([column]) => column),
        there,
        name,
      );
    }
  },
);

t.test('a store is copied whole, and compared; the second time there is one already', async (t) => {
  const { dataFolder, run, json } = await desk(t);
  await fill(`${dataFolder}/latchkey.db`);
  const exported = await run('export');
  const url = freshUrl();
  const env = { LATCHKEY_DATABASE_URL: url };
  const { rows } = (await json('migrate', { env })) as { rows: Record<string, number> };
  t.same(
    Object.entries(rows).filter(([, count]) => count === 0),
    [],
    'something of everything',
  );
  t.same(await rowsOf(`to_${schemas}`), rows);
  t.same((await run('export', { env })).stdout, exported.stdout);
  t.match(await run('migrate', { env }), { code: 1, stdout: '', stderr: /in use already/ });
  const store = await openPostgresStore(url);
  t.teardown(() => store.close());
  const [grant] = (await store.acl.putGrants([draftOn('/new')])).value;
  const others = await store.acl.grantsOn([path('/team/'), path('/é " 張\u{1f600}')]);
  t.ok(others.length === 2 && others.every(({ id }) => id < (grant?.id ?? 0)), 'ids go on');
  t.same(await store.quotas.recount(), [], 'what is counted is right');
  t.same((await store.files.pending()).commits, [
    entry('hidden', '/team/b', 'hidden', ['user:bob read /team/b']),
  ]);
});

t.test('what stands in the other store is not overwritten, even if it has taken no number', async (t) => {
  const { dataFolder, run } = await desk(t);
  await fill(`${dataFolder}/latchkey.db`);
  const url = freshUrl();
  const store = await openPostgresStore(url);
  t.teardown(() => store.close());
  await store.quotas.setQuota({ subject: path('/theirs/'), ...UNLIMITED, filesMax: 3 });
  t.equal(await store.acl.revision(), 0);
  const refused = await run('migrate', { env: { LATCHKEY_DATABASE_URL: url } });
  t.match(refused, { code: 1, stdout: '', stderr: /in use already/ });
  t.match(await store.quotas.quotas(), [{ subject: '/theirs/', filesMax: 3 }]);
});

t.test('of a copy that fails nothing is left, and it can be made again', async (t) => {
  const folder = t.testdir();
  await fill(`${folder}/store.db`);
  const source = openCopySource(`${folder}/store.db`);
  t.teardown(() => source.close());
  const url = freshUrl();
  const breaking: CopySource = {
    ...source,
    batches: (table, max) => {
      if (table.name === 'share_links') throw new Error('the disk broke');
      return source.batches(table, max);
    },
  };
  await t.rejects(
    copyIntoPostgres(url, breaking, () => undefined),
    { message: 'the disk broke' },
  );
  t.same(new Set(Object.values(await rowsOf(`to_${schemas}`))), new Set([0]));
  const client = await server.client();
  await client.query(
    `CREATE FUNCTION to_${schemas}.lie() RETURNS trigger LANGUAGE plpgsql AS
       $$ BEGIN NEW.note := NEW.note || ' '; RETURN NEW; END $$;
     CREATE TRIGGER lie BEFORE INSERT ON to_${schemas}.api_keys FOR EACH ROW EXECUTE FUNCTION to_${schemas}.lie()`,
  );
  await t.rejects(
    copyIntoPostgres(url, source, () => undefined),
    { message: /table api_keys is not the same/ },
  );
  await client.query(`DROP FUNCTION to_${schemas}.lie CASCADE`);
  const { rows } = await copyIntoPostgres(url, source, () => undefined);
  t.same(await rowsOf(`to_${schemas}`), rows);
});

t.test('what is no copy from the one to the other is wrong usage', async (t) => {
  const { run } = await desk(t);
  const table = [
    ['migrate', /--to, or LATCHKEY_DATABASE_URL, takes postgres:/],
    ['migrate --to sqlite:x.db', /takes postgres:/],
    [`migrate --from ${freshUrl()} --to ${freshUrl()}`, /--from takes sqlite:FILE/],
    ['migrate --to nothing', /^latchkey: --to takes sqlite:FILE/],
  ] as const;
  for (const [words, told] of table) t.match(await run(words), { code: 2, stdout: '', stderr: told }, words);
  const missing = await run(`migrate --from sqlite:none.db --to ${freshUrl()}`);
  t.match(missing, { code: 3, stdout: '', stderr: /the store .*none\.db cannot be read/ });
});
