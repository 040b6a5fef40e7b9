/**
 * kill -9 at every step of a commit and of a removal whose store is PostgreSQL: the transaction of a process that died
 * is gone with it, and what it had journaled is finished by the next start, as over SQLite. And what SQLite does not
 * know: the connection is lost in the middle of a COMMIT, and the process lives on.
 */

import t, { type Test } from 'tap';
import { openPostgresStore } from '../../src/storage/postgres/open.js';
import { recover } from '../../src/uploads/recovery.js';
import { postgres } from '../postgres.js';
import { mayRead, partialsIn, put, scene, served } from './given.js';
import { endsWhole, killsOf, SCENARIOS } from './killed-commits.js';

/** The bytes are another matter, which SQLite's tests go through with all scenarios. */
const NAMES = ['a replacement that brings other grants', 'a replacement that keeps the grants', 'a removal'];

const server = await postgres(t);
let schemas = 0;

async function postgresScene(t: Test) {
  schemas += 1;
  const schema = `killed_${schemas}`;
  const databaseUrl = server.url({ schema });
  const given = await scene(t, undefined, undefined, () => openPostgresStore(databaseUrl));
  return { given: { ...given, databaseUrl }, schema };
}

for (const scenario of SCENARIOS.filter(({ name }) => NAMES.includes(name))) {
  for (const killed of killsOf(scenario)) {
    const [step, nth, leaves] = killed.kill;
    // What leaves the old file has asked the store for nothing yet.
    if (killed.bodies === 'written' || leaves === 'old') continue;
    t.test(`${scenario.name}, killed at '${step}' (${nth})`, async (t) => {
      const { given } = await postgresScene(t);
      await endsWhole(t, given, scenario, killed);
    });
  }
}

const LOST = [
  { write: 'INSERT', name: 'journals it', grants: [], leaves: 'old' },
  { write: 'INSERT', name: 'journals it, hidden', grants: ['user:ann read'], leaves: 'old' },
  { write: 'DELETE', name: 'finishes it', grants: [], leaves: 'new' },
  { write: 'DELETE', name: 'finishes it, hidden', grants: ['user:ann read'], leaves: 'new' },
] as const;

for (const { write, name, grants, leaves } of LOST) {
  t.test(`a commit whose connection is lost in the COMMIT that ${name}`, async (t) => {
    const { given, schema } = await postgresScene(t);
    const { store, root, folder, authorizer } = given;
    await put(given, '/team/a', 'old', ['user:bob read']);
    const client = await server.client();
    await client.query(`
      SET search_path = ${schema};
      CREATE FUNCTION end_it() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$;
      CREATE CONSTRAINT TRIGGER end_it AFTER ${write} ON journal DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION end_it()`);
    await t.rejects(put(given, '/team/a', 'new', grants), 'nobody is told that it was made');
    t.equal(served(folder, '/team/a'), leaves);
    t.not(await mayRead(authorizer, 'user:ann', '/team/a'), true, 'no grant is met before it is finished');
    await client.query('DROP FUNCTION end_it CASCADE');
    await recover(store.files, root);
    t.equal(served(folder, '/team/a'), leaves);
    t.equal(await mayRead(authorizer, 'user:ann', '/team/a'), leaves === 'new' && grants.length > 0);
    t.strictSame(await store.files.pending(), { commits: [], removals: [] });
    t.strictSame(partialsIn(folder), []);
    t.strictSame(await store.quotas.recount(), []);
  });
}
