// Decisions from PostgreSQL whose facts nobody has yet, beside 1,000 grants and beside very many, and the import that made
// them, in one run. It starts a PostgreSQL of its own, as the tests do.
//
//     npm run --silent build && node --import=./scripts/ts-imports.mjs bench/postgres.mjs [GRANTS]
import { openPostgresStore } from '../dist/storage/postgres/open.js';
import { postgres } from '../test/postgres.ts';

const FEW = 1_000;
const MANY = Number(process.argv[2] ?? 1_000_000);
const LOADS = 2_000;
const BATCH = 1_000;
const FOLDERS = 1_000;

const ends = [];
const server = await postgres({ teardown: (end) => ends.push(end) });
const rows = [];
try {
  for (const grants of [FEW, MANY]) rows.push(await measured(grants));
} finally {
  for (const end of ends) await end();
}
console.table(rows);

async function measured(grants) {
  const store = await openPostgresStore(server.url({ schema: `grants_${grants}` }));
  let came = 0;
  const began = performance.now();
  await store.acl.importGrants(
    (async function* () {
      for (let i = 0; i < grants; i += BATCH) yield draftsFrom(i, Math.min(BATCH, grants - i));
      came = performance.now();
    })(),
  );
  const ended = performance.now();
  for (let i = 0; i < 200; i += 1) await load(store, i);
  const times = [];
  for (let i = 0; i < LOADS; i += 1) times.push(await load(store, Math.floor(Math.random() * grants)));
  times.sort((a, b) => a - b);
  await store.close();
  return {
    grants,
    'input s': ((came - began) / 1000).toFixed(1),
    'after it s': ((ended - came) / 1000).toFixed(1),
    'cold ms, median': times[LOADS / 2].toFixed(2),
    'cold ms, 99 %': times[LOADS * 0.99].toFixed(2),
  };
}

function draftsFrom(first, count) {
  return Array.from({ length: count }, (_, i) => ({
    principal: `user:u${(first + i) % 5_000}`,
    path: pathOf(first + i),
    action: 'read',
    effect: 'allow',
    notBefore: undefined,
    expiresAt: undefined,
  }));
}

function pathOf(i) {
  return `/folder-${i % FOLDERS}/sub-${i % 77}/file-${i}.pdf`;
}

async function load(store, i) {
  const path = pathOf(i);
  const folders = path
    .split('/')
    .slice(1, -1)
    .map((_, n, all) => `/${all.slice(0, n + 1).join('/')}/`);
  const before = performance.now();
  await store.facts.load({
    paths: [path, ...folders.reverse(), '/'],
    user: `user:u${i % 5_000}`,
    since: -1,
    generation: -1,
  });
  return performance.now() - before;
}
