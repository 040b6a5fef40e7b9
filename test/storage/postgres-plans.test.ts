/** How PostgreSQL answers the statement of a decision: by indexes, and by a plan that is made once. */

import t from 'tap';
import { FACTS_SQL } from '../../src/storage/postgres/facts-row.js';
import { PostgresFacts } from '../../src/storage/postgres/postgres-facts.js';
import { postgres } from '../postgres.js';
import { batchesOf, draftOn, path } from './given.js';
import { databaseAt, freshSchema, storeAt } from './postgres-given.js';

const server = await postgres(t);
/** The server plans for the values of each of the first five, where it is let. */
const QUESTIONS = 12;
const LOGGED = 100_000;

interface Plan {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Index Cond'?: string;
  readonly Plans?: readonly Plan[];
}

t.test('a decision is planned once, not once a question', async (t) => {
  const words = freshSchema();
  await storeAt(t, server.url(words));
  const database = databaseAt(t, server.url(words));
  const facts = new PostgresFacts(database);
  const query = { paths: [path('/team/plan.pdf'), path('/team/'), path('/')], user: undefined };
  for (let i = 0; i < QUESTIONS; i++) await facts.load({ ...query, since: i, generation: 1 });
  t.same(
    await database.facts((connection) =>
      connection.rows('SELECT generic_plans, custom_plans FROM pg_prepared_statements WHERE statement = $1', [
        FACTS_SQL,
      ]),
    ),
    [{ generic_plans: QUESTIONS, custom_plans: 0 }],
  );
});

t.test('a decision reads by indexes, also of a store that grew since', async (t) => {
  const words = freshSchema();
  const store = await storeAt(t, server.url(words));
  const database = databaseAt(t, server.url(words));
  const facts = new PostgresFacts(database);
  const load = () =>
    facts.load({ paths: [path('/f/1'), path('/f/'), path('/')], user: undefined, since: 1, generation: 1 });
  await load(); // planned for an empty store
  await store.acl.importGrants(batchesOf(Array.from({ length: 5_000 }, (_, i) => draftOn(`/f/${i}`))));
  const client = await server.client();
  await client.query(`SET search_path = ${words.schema};
    INSERT INTO changes SELECT n, '/f/' || n, n FROM generate_series(2, ${LOGGED}) AS n;
    UPDATE state SET revision = ${LOGGED}, mark = ${LOGGED}; ANALYZE`);
  await load();
  const [top] = await database.facts(async (connection) => {
    const [prepared] = await connection.rows<{ name: string }>(
      'SELECT name FROM pg_prepared_statements WHERE statement = $1',
      [FACTS_SQL],
    );
    const values = `ARRAY['/f/1', '/f/', '/'], NULL, NULL, ${LOGGED}, ${LOGGED}`;
    const [row] = await connection.rows<{ 'QUERY PLAN': readonly { readonly Plan: Plan }[] }>(
      `EXPLAIN (FORMAT JSON) EXECUTE "${prepared?.name}" (${values})`,
    );
    return row?.['QUERY PLAN'].map(({ Plan }) => Plan) ?? [];
  });
  const nodes = top === undefined ? [] : all(top);
  const whole = nodes.filter((node) => node['Node Type'] === 'Seq Scan').map((node) => node['Relation Name']);
  // One row; moves under way; and what is read of signed URLs is read whole.
  t.same(whole.toSorted(), ['moves', 'revoked_url_keys', 'state', 'url_generations']);
  const grants = nodes.filter((node) => node['Relation Name'] === 'grants');
  t.match(grants, [{ 'Node Type': 'Index Scan', 'Index Cond': /"left"\(path, 500\).*sha256/ }]);
});

function all(plan: Plan): Plan[] {
  return [plan, ...(plan.Plans ?? []).flatMap(all)];
}
