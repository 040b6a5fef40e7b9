// What two choices of PostgreSQL's store are worth (docs/decisions/0030-postgresql.md), the program as it is beside one
// with a choice taken back, in rounds that take turns: that the statement of a decision is planned once, and that an
// import into an empty store looks for no grant to replace.
//
//     npm run --silent build && node --import=./scripts/ts-imports.mjs bench/postgres.mjs [GRANTS]
import { postgres } from '../test/postgres.ts';
import { withEnds } from './ends.mjs';
import { median } from './measure.mjs';
import { buildVariant, dropVariants } from './variant.mjs';

const GRANTS = Number(process.argv[2] ?? 1_000_000);
const FOLDERS = 1_000;
const LOADS = 5_000;
const ROUNDS = 7;
const IMPORTS = 3;
/** As Debian's package runs it. */
const SERVER = ['fsync=on', 'shared_buffers=128MB', 'autovacuum=on'];

const PLANS = [
  'storage/postgres/connection-limits.js',
  "planCacheMode: 'force_generic_plan'",
  "planCacheMode: 'auto'",
];
const LOOKS = ['storage/postgres/arriving-rows.js', 'found?.some !== false', 'found !== undefined'];

await withEnds(async (ends) => {
  ends.teardown(dropVariants);
  const server = await postgres(ends, SERVER);
  const variants = [];
  for (const [name, changes] of [
    ['as it is', []],
    ['planned for each question', [PLANS]],
    ['each grant looked for', [LOOKS]],
  ]) {
    const { openPostgresStore } = await import(`${buildVariant(name, changes)}storage/postgres/open.js`);
    variants.push({ name, open: openPostgresStore, micros: [], seconds: [] });
  }
  const [asItIs, planned, looking] = variants;
  const client = await server.client();
  for (let round = 0; round < IMPORTS; round++) {
    for (const one of [looking, asItIs]) {
      await client.query('DROP SCHEMA IF EXISTS bench CASCADE; CHECKPOINT');
      const store = await one.open(server.url({ schema: 'bench' }));
      one.seconds.push(await secondsAfterInput(store));
      await store.close();
    }
  }
  for (const one of [asItIs, planned]) {
    one.store = await one.open(server.url({ schema: 'bench' }));
    ends.teardown(() => one.store.close());
  }
  for (let round = 0; round <= ROUNDS; round++) {
    for (const { store, micros } of [asItIs, planned]) {
      const began = performance.now();
      for (let i = 0; i < LOADS; i++) await load(store, (round * LOADS + i) % GRANTS);
      if (round > 0) micros.push(((performance.now() - began) * 1000) / LOADS);
    }
  }
  const row = ({ name, micros, seconds }) => ({
    variant: name,
    'µs a load': micros.length === 0 ? '' : Math.round(median(micros)),
    's of an import after its input': seconds.length === 0 ? '' : median(seconds).toFixed(1),
  });
  console.table(variants.map(row));
});

/** Sorting them, and merging them, while other writers wait. */
async function secondsAfterInput({ acl }) {
  let came = 0;
  await acl.importGrants(
    (async function* () {
      yield* batches();
      came = performance.now();
    })(),
  );
  return (performance.now() - came) / 1000;
}

async function* batches() {
  const rest = { action: 'read', effect: 'allow', notBefore: undefined, expiresAt: undefined };
  for (let first = 0; first < GRANTS; first += FOLDERS) {
    const draft = (_, n) => ({
      principal: `user:u${(first + n) % 50_000}`,
      path: chainOf(first + n)[0],
      ...rest,
    });
    yield Array.from({ length: Math.min(FOLDERS, GRANTS - first) }, draft);
  }
}

function chainOf(i) {
  const folder = `/folder-${i % FOLDERS}/`;
  const sub = `${folder}sub-${i % 77}/`;
  return [`${sub}file-${i}.pdf`, sub, folder, '/'];
}

function load(store, i) {
  return store.facts.load({ paths: chainOf(i), user: 'user:u1', since: 1, generation: 1 });
}
