/** `latchkey migrate`: a whole store from SQLite into PostgreSQL. How it is interrupted: `half-copied.test.ts`. */

import { readdirSync } from 'node:fs';
import SQLite from 'better-sqlite3';
import t from 'tap';
import { UNLIMITED } from '../../src/acl/quota.js';
import { COPIED_TABLES } from '../../src/storage/copied-tables.js';
import { openPostgresStore } from '../../src/storage/postgres/open.js';
import { openSqliteStore } from '../../src/storage/sqlite/open.js';
import { postgres } from '../postgres.js';
import { draftOn, entry, path } from '../storage/given.js';
import { fill } from './filled-store.js';
import { desk } from './program.js';

const server = await postgres(t);
let schemas = 0;
const freshUrl = () => server.url({ schema: `to_${++schemas}` });

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
  'every table of both schemas is copied, but for the numbers of changes, which processes there are, and failures',
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
    const others = [
      'state',
      'changes',
      'path_lengths',
      'authorizers',
      'files_lease',
      'failure_counts',
      'migration',
    ];
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

t.test('a store is copied whole, and compared; again it finds the same, until that is used', async (t) => {
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
  t.match(await run('migrate', { env }), {
    code: 0,
    stdout: /^copied and compared/,
    stderr: /copied before/,
  });
  const store = await openPostgresStore(url);
  t.teardown(() => store.close());
  const [grant] = (await store.acl.putGrants([draftOn('/new')])).value;
  const others = await store.acl.grantsOn([path('/team/'), path('/é " 張\u{1f600}')]);
  t.ok(others.length === 2 && others.every(({ id }) => id < (grant?.id ?? 0)), 'ids go on');
  t.same(await store.quotas.recount(), [], 'what is counted is right');
  t.same((await store.files.pending()).commits, [
    entry('hidden', '/team/b', 'hidden', ['user:bob read /team/b']),
  ]);
  for (const words of ['migrate', 'migrate --restart']) {
    t.match(await run(words, { env }), { code: 1, stdout: '', stderr: /in use already/ }, words);
  }
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

t.test('what is no copy from the one to the other is wrong usage', async (t) => {
  const { run } = await desk(t);
  const table = [
    ['migrate', /--to, or LATCHKEY_DATABASE_URL, takes postgres:/],
    ['migrate --to sqlite:x.db', /takes postgres:/],
    [`migrate --from ${freshUrl()} --to ${freshUrl()}`, /--from takes sqlite:FILE/],
    ['migrate --to nothing', /^latchkey: --to takes sqlite:FILE/],
  ] as const;
  for (const [words, told] of table) t.match(await run(words), { code: 2, stdout: '', stderr: told }, words);
});

t.test('a name that was misspelt makes no file and no folder', async (t) => {
  const { run, dataFolder, folder } = await desk(t);
  const before = readdirSync(dataFolder);
  const to = `--to ${freshUrl()}`;
  const table = [
    [`migrate --from sqlite:none.db ${to}`, /there is no database .*\/data\/none\.db; name it with --from/],
    [`migrate --from sqlite:${folder}/none/none.db ${to}`, /there is no database .*none\/none\.db/],
    [`migrate --data ${folder}/none ${to}`, /there is no data folder .*\/none; name it with --data/],
    [`migrate --data ${folder}/none --from sqlite:${dataFolder}/latchkey.db ${to}`, /no data folder/],
  ] as const;
  for (const [words, told] of table) {
    t.match(await run(words), { code: 2, stdout: '', stderr: told }, words);
  }
  t.same(readdirSync(dataFolder), before);
  t.same(readdirSync(folder), ['data']);
});
