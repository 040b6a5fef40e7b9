// What it is worth that the statement of a decision is planned once (docs/decisions/0030-postgresql.md): loads from
// PostgreSQL, one after the other, by the program as it is and by one that leaves it to the server. The rounds take turns.
//
//     npm run --silent build && node --import=./scripts/ts-imports.mjs bench/plans.mjs
import { postgres } from '../test/postgres.ts';
import { withEnds } from './ends.mjs';
import { buildVariant, dropVariants, median } from './variant.mjs';

const GRANTS = 100_000;
const FOLDERS = 1_000;
const LOADS = 5_000;
const ROUNDS = 7;
const ONCE = ['storage/postgres/database.js', "planCacheMode: 'force_generic_plan'", "planCacheMode: 'auto'"];

await withEnds(async (ends) => {
  ends.teardown(dropVariants);
  const server = await postgres(ends);
  const variants = [];
  for (const [name, changes] of [
    ['as it is', []],
    ['by the choice of the server', [ONCE]],
  ]) {
    const { openPostgresStore } = await import(`${buildVariant(name, changes)}storage/postgres/open.js`);
    const store = await openPostgresStore(server.url({ schema: 'bench' }));
    ends.teardown(() => store.close());
    variants.push({ name, store, micros: [] });
  }
  await variants[0].store.acl.importGrants(batches());
  for (let round = 0; round <= ROUNDS; round++) {
    for (const { store, micros } of variants) {
      const began = performance.now();
      for (let i = 0; i < LOADS; i++) await load(store, (round * LOADS + i) % GRANTS);
      if (round > 0) micros.push(((performance.now() - began) * 1000) / LOADS);
    }
  }
  console.table(
    variants.map(({ name, micros }) => ({ plans: name, 'µs a load': Math.round(median(micros)) })),
  );
});

function chainOf(i) {
  const folder = `/folder-${i % FOLDERS}/`;
  const sub = `${folder}sub-${i % 77}/`;
  return [`${sub}file-${i}.pdf`, sub, folder, '/'];
}

async function* batches() {
  const rest = { action: 'read', effect: 'allow', notBefore: undefined, expiresAt: undefined };
  for (let first = 0; first < GRANTS; first += FOLDERS) {
    const draft = (_, n) => ({ principal: `user:u${n}`, path: chainOf(first + n)[0], ...rest });
    yield Array.from({ length: FOLDERS }, draft);
  }
}

function load(store, i) {
  return store.facts.load({ paths: chainOf(i), user: 'user:u1', since: 1, generation: 1 });
}
