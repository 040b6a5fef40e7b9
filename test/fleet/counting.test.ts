/**
 * Failed credentials are counted by all authorizers of one PostgreSQL together: who guesses gets no more by asking each.
 * Nothing is asserted of how soon an authorizer hears of the others.
 */

import { randomUUID } from 'node:crypto';
import t from 'tap';
import { failureName } from '../../src/credentials/joined-failures.js';
import { tokenFor, until } from '../nginx/running-site.js';
import { postgres } from '../postgres.js';
import { type FleetAuthorizer, LIMIT_MS, SECRET, startFleet, untilEverywhere } from './fleet.js';

const FAILURES_MAX = 60;
const AT_ONCE = 10;

const bearer = (secret: string, address: string) => ({
  Authorization: `Bearer ${tokenFor(secret, 'bob', { jti: randomUUID() })}`,
  'X-Latchkey-Address': address,
});

async function guess(one: FleetAuthorizer, address: string, times: number): Promise<void> {
  for (let i = 0; i < times; i += AT_ONCE) {
    const some = Array.from({ length: Math.min(AT_ONCE, times - i) }, () => bearer(`${SECRET}!`, address));
    await Promise.all(some.map((headers) => one.ask(headers)));
  }
}

/** What it decides, when it knows: a busy machine may give it no time to ask the store. */
const decided = (ask: () => Promise<number>) => until(ask, (status) => status !== 503, LIMIT_MS);

/** Of a token that is good, and that the authorizer has never seen: 401 is that it is not looked at. */
const askAnew = (one: FleetAuthorizer, address: string) => decided(() => one.ask(bearer(SECRET, address)));

const untilClosed = (one: FleetAuthorizer, address: string) =>
  until(
    () => askAnew(one, address),
    (status) => status === 401,
    LIMIT_MS,
  );

t.test('three authorizers', async (t) => {
  const server = await postgres(t);
  const fleet = await startFleet(t, server.url(), {
    LATCHKEY_FAILURES_MAX: String(FAILURES_MAX),
  });
  const [first, second] = fleet.authorizers;
  if (first === undefined || second === undefined) throw new Error('three were started');
  const untilTold = async (address: string, failures: number) => {
    const client = await server.client();
    const sql = 'SELECT failures::int FROM latchkey.failure_counts WHERE name = $1';
    const told = async (): Promise<number | undefined> =>
      (await client.query(sql, [failureName(address)])).rows[0]?.failures;
    await until(told, (count = 0) => count >= failures, LIMIT_MS);
  };
  await fleet.grant();
  await untilEverywhere(fleet, 200);

  await t.test('what one has counted closes the others with their first failure', async (t) => {
    const guesser = '192.0.2.1';
    await guess(first, guesser, FAILURES_MAX);
    t.equal(await askAnew(first, guesser), 401);
    await untilTold(guesser, FAILURES_MAX);
    for (const one of fleet.authorizers.slice(1)) {
      t.equal(await askAnew(one, guesser), 200, 'it has nothing to tell, and so has heard nothing');
      await guess(one, guesser, 1);
      await untilClosed(one, guesser);
      const known = await decided(() => one.ask({ 'X-Latchkey-Address': guesser }));
      t.equal(known, 200, 'who is in stays in');
      t.equal(await askAnew(one, '192.0.2.2'), 200, 'and comes in from elsewhere');
    }
  });

  await t.test('the limit is one of all that each has counted', async (t) => {
    const guesser = '192.0.2.3';
    const each = FAILURES_MAX / fleet.authorizers.length;
    for (const one of fleet.authorizers) {
      t.equal(await askAnew(one, guesser), 200);
      await guess(one, guesser, each);
    }
    await untilTold(guesser, FAILURES_MAX);
    for (const one of fleet.authorizers) {
      // Who has told all of its own hears of what came later with its next.
      await guess(one, guesser, 1);
      await untilClosed(one, guesser);
    }
    t.equal(await askAnew(first, '192.0.2.2'), 200);
  });

  await t.test('without PostgreSQL each counts alone, and tells it when that is back', async (t) => {
    const guesser = '192.0.2.4';
    await server.crash();
    await guess(first, guesser, FAILURES_MAX);
    await server.start();
    await untilEverywhere(fleet, 200);
    t.equal(await askAnew(first, guesser), 401, 'it has not forgotten');
    await untilTold(guesser, FAILURES_MAX);
    t.equal(await askAnew(second, guesser), 200);
    await guess(second, guesser, 1);
    await untilClosed(second, guesser);
  });
});
