// What nginx with one and with two workers, and as many authorizers, serves by decisions that memory answers: by SQLite,
// and by PostgreSQL with Redis, as ratios to bare nginx with as many workers and to each other. Rounds are interleaved, each in
// another order; ratios are of each round, and their medians are printed.
//
//     npm run --silent build && node --import=./scripts/ts-imports.mjs bench/workers.mjs [--quick]
//
// wrk, nginx's workers and the authorizers share the machine's processors: with two of them, two workers and two authorizers
// have not twice as much as one of each. The CPU that a request takes says what each costs where there is room.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { openPostgresStore } from '../dist/storage/postgres/open.js';
import { openSqliteStore } from '../dist/storage/sqlite/open.js';
import { freePort } from '../test/nginx/free-port.ts';
import { postgres } from '../test/postgres.ts';
import { redisServer } from '../test/storage/redis-server.ts';
import { startAuthorizer, tokenOf } from './authorizer.mjs';
import { bareConf, grantBatches, latchkeyConf, startNginx, writeFiles } from './behind-nginx.mjs';
import { withEnds } from './ends.mjs';
import { childrenOf, cpu, load, median } from './measure.mjs';

const quick = process.argv.includes('--quick');
const ROUNDS = quick ? 6 : 12;
const SECONDS = quick ? 1 : 3;
const GRANTS = 100_000;
const FILES = 1_000;
const WARM_SECONDS = 3;
const WORKERS = [1, 2];
const HOT = '/files/d7/f7.bin';
const BARE = 'bare nginx';

await withEnds(async (ends) => {
  const home = mkdtempSync(join(tmpdir(), 'latchkey-workers-'));
  ends.teardown(() => rmSync(home, { recursive: true, force: true }));
  console.error('workers: writing files and grants …');
  const root = join(home, 'store');
  writeFiles(root, FILES);
  const kinds = await storesOf(ends, home);
  const modes = [];
  for (const workers of WORKERS) {
    modes.push(await bare(ends, { home, root, workers }));
    for (const kind of kinds) modes.push(await latchkey(ends, { home, root, workers, ...kind }));
  }
  for (const mode of modes) load(mode, WARM_SECONDS);
  for (let round = 0; round < ROUNDS; round++) {
    const first = round % modes.length;
    for (const mode of [...modes.slice(first), ...modes.slice(0, first)]) {
      measure(mode);
      await turn(); // for a Ctrl-C
    }
  }
  print(modes);
});

/** What each kind of store is by its settings, with the grants in it. */
async function storesOf(ends, home) {
  const server = await postgres(ends);
  const redis = await redisServer(ends);
  const url = server.url({ schema: 'bench' });
  await seed(await openPostgresStore(url));
  const file = join(home, 'latchkey.db');
  await seed(openSqliteStore(file));
  return [
    { name: 'SQLite', settings: { LATCHKEY_DATABASE_URL: `sqlite:${file}` } },
    {
      name: 'PostgreSQL, Redis',
      settings: { LATCHKEY_DATABASE_URL: url, LATCHKEY_REDIS_URL: redis.url },
    },
  ];
}

async function seed(store) {
  await store.acl.importGrants(grantBatches(GRANTS));
  await store.close();
}

async function bare(ends, { home, root, workers }) {
  const port = await freePort();
  const nginx = await startNginx(ends, join(home, `bare-${workers}`), bareConf({ root, port, workers }));
  return { name: BARE, workers, nginx, url: `http://127.0.0.1:${port}${HOT}`, rounds: [] };
}

async function latchkey(ends, { home, root, workers, name, settings }) {
  const data = join(home, `${workers}-${name}`.replaceAll(/\W+/g, '-'));
  mkdirSync(join(data, 'run'), { recursive: true });
  const env = { LATCHKEY_DATA: data, LATCHKEY_ROOT: root, ...settings };
  const authorizer = await startAuthorizer(env, workers);
  ends.teardown(authorizer.stop);
  const port = await freePort();
  const conf = latchkeyConf({ root, port, workers, authorizers: workers });
  const nginx = await startNginx(ends, data, conf);
  const url = `http://127.0.0.1:${port}${HOT}`;
  return { name, workers, nginx, authorizer, token: tokenOf('alice'), url, rounds: [] };
}

function measure(mode) {
  const { nginx, authorizer } = mode;
  const used = (parent) => childrenOf(parent).reduce((sum, pid) => sum + cpu(pid), 0);
  const ofAuthorizers = () => (authorizer === undefined ? 0 : cpu(authorizer.pid) + used(authorizer.pid));
  const before = [used(nginx.pid), ofAuthorizers()];
  const { rate, p50, p99, errors } = load(mode, SECONDS);
  if (errors > 0) throw new Error(`${mode.name}: ${errors} answers were not 2xx`);
  const asked = rate * SECONDS;
  const nginxMicros = (used(nginx.pid) - before[0]) / asked;
  mode.rounds.push({ rate, p50, p99, nginxMicros, authorizerMicros: (ofAuthorizers() - before[1]) / asked });
}

function print(modes) {
  const find = (name, workers) => modes.find((mode) => mode.name === name && mode.workers === workers);
  const ratio = (mode, to) => median(mode.rounds.map(({ rate }, n) => rate / to.rounds[n].rate)).toFixed(2);
  const of = (mode, key, digits) => Number(median(mode.rounds.map((round) => round[key])).toFixed(digits));
  console.table(
    modes.map((mode) => ({
      what: mode.name,
      workers: mode.workers,
      'req/s': of(mode, 'rate', 0),
      'to bare': ratio(mode, find(BARE, mode.workers)),
      'to SQLite': mode.name === BARE ? '' : ratio(mode, find('SQLite', mode.workers)),
      'to 1 worker': ratio(mode, find(mode.name, 1)),
      'p50 ms': of(mode, 'p50', 2),
      'p99 ms': of(mode, 'p99', 2),
      'nginx µs': of(mode, 'nginxMicros', 1),
      'authorizer µs': of(mode, 'authorizerMicros', 1),
    })),
  );
  const load = loadavg().map((n) => n.toFixed(1));
  console.log(`${availableParallelism()} processors; load of the machine at the end: ${load.join(' ')}`);
}
