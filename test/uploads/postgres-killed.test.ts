/**
 * kill -9 at every step of a commit and of a removal whose store is PostgreSQL: the transaction of a process that died
 * is gone with it, and what it had journaled is finished by the next start, as over SQLite.
 */

import t from 'tap';
import { openPostgresStore } from '../../src/storage/postgres/open.js';
import { postgres } from '../postgres.js';
import { scene } from './given.js';
import { endsWhole, killsOf, SCENARIOS } from './killed-commits.js';

/** The bytes are another matter, which SQLite's tests go through with all scenarios. */
const NAMES = ['a replacement that brings other grants', 'a replacement that keeps the grants', 'a removal'];

const server = await postgres(t);
let schemas = 0;

for (const scenario of SCENARIOS.filter(({ name }) => NAMES.includes(name))) {
  for (const killed of killsOf(scenario)) {
    if (killed.bodies === 'written') continue;
    const [step, nth] = killed.kill;
    t.test(`${scenario.name}, killed at '${step}' (${nth})`, async (t) => {
      schemas += 1;
      const databaseUrl = server.url({ schema: `killed_${schemas}` });
      const given = await scene(t, undefined, undefined, () => openPostgresStore(databaseUrl));
      await endsWhole(t, { ...given, databaseUrl }, scenario, killed);
    });
  }
}
