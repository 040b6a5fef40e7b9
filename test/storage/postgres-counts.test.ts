/**
 * What two services count together in one PostgreSQL, each by connections of its own, as on two machines: exact, by the
 * clock of the server, bounded, and still there when the server was away.
 */

import t, { type Test } from 'tap';
import { ATTEMPT_KINDS, ATTEMPTS_REMEMBERED_MS, COUNTERS_MAX } from '../../src/acl/count-ports.js';
import type { Store } from '../../src/acl/ports.js';
import { PasswordAttempts } from '../../src/links/password-attempts.js';
import { openPostgresStore } from '../../src/storage/postgres/open.js';
import { until } from '../nginx/running-site.js';
import { postgres } from '../postgres.js';
import { attemptsAt } from './contract-counts.js';
import { linkRecord } from './given-links.js';
import { freshSchema } from './postgres-given.js';

const LIMIT_MS = 30_000;
const HOUR_MS = 3_600_000;
const YEAR_MS = 365 * 24 * HOUR_MS;
const ADDRESS = '192.0.2.1';

const server = await postgres(t);

/** Two services of one store, at one instant; and the test's own hand on its rows. */
async function twoServices(t: Test) {
  const words = freshSchema();
  const now = Date.now();
  const open = async () => {
    const store = await openPostgresStore(server.url(words));
    t.teardown(() => store.close());
    return { store, attempts: attemptsAt(now, store.attempts) };
  };
  const both = [await open(), await open()] as const;
  const sql = async (text: string) => {
    const client = await server.client();
    return (await client.query(text.replaceAll('failure_counts', `${words.schema}.failure_counts`))).rows;
  };
  /** Asks for all at once, of the two in turns: how many may try. */
  const free = async (count: number, attempt: (i: number) => { linkId: string; address: string }) => {
    const waits = await Promise.all(
      Array.from({ length: count }, (_, i) => both[i % 2 === 0 ? 0 : 1].attempts.reserve(attempt(i))),
    );
    return waits.filter((waitMs) => waitMs === 0).length;
  };
  return { both, sql, free };
}

const joined = async ({ failures }: Store, counted: Readonly<Record<string, number>>) =>
  failures.join(new Map(Object.entries(counted)));

t.test('of a hundred passwords at once as many are tried as of one service alone', async (t) => {
  const { free, both } = await twoServices(t);
  t.equal(await free(100, () => ({ linkId: 'L', address: ADDRESS })), 5, 'of an address on a link');
  t.equal(await free(100, (i) => ({ linkId: `L${i}`, address: '192.0.2.2' })), 30, 'of an address');
  t.equal(await free(100, (i) => ({ linkId: 'M', address: `10.0.0.${i}` })), 50, 'of a link');
  const [first, second] = both;
  t.ok((await second.attempts.reserve({ linkId: 'L', address: ADDRESS })) > 0, 'the other one knows it');
  await first.attempts.succeeded({ linkId: 'L', address: ADDRESS });
  t.equal(await free(100, () => ({ linkId: 'L', address: ADDRESS })), 5);
});

t.test('many of different links and addresses, in each order, are all counted', async (t) => {
  const { both, sql } = await twoServices(t);
  const attempts = Array.from({ length: 60 }, (_, i) => ({
    linkId: `L${i % 3}`,
    address: `10.0.0.${i % 5}`,
  }));
  const all = await Promise.all(attempts.map((one, i) => both[i % 2 === 0 ? 0 : 1].attempts.reserve(one)));
  t.ok(all.every((waitMs) => waitMs === 0));
  const sums = await sql(
    'SELECT kind, sum(failures)::int AS n FROM failure_counts GROUP BY kind ORDER BY kind',
  );
  t.same(
    sums,
    ['address', 'address-on-link', 'link'].map((kind) => ({ kind, n: 60 })),
  );
  await Promise.all(attempts.map((one, i) => both[i % 2 === 0 ? 1 : 0].attempts.takeBack(one)));
  t.same(await sql('SELECT * FROM failure_counts'), [], 'and nothing is left when all are taken back');
});

t.test('failed credentials that both tell at once come to one total', async (t) => {
  const { both } = await twoServices(t);
  const names = Array.from({ length: 50 }, (_, i) => `n${i}`);
  const counted = (order: readonly string[]) => Object.fromEntries(order.map((name) => [name, 1]));
  await Promise.all(
    Array.from({ length: 20 }, (_, i) =>
      joined(both[i % 2 === 0 ? 0 : 1].store, counted(i % 4 < 2 ? names : names.toReversed())),
    ),
  );
  const totals = await joined(both[0].store, counted(names));
  t.ok(names.every((name) => totals.get(name)?.failures === 21));
});

t.test('windows and delays are by the clock of the server', async (t) => {
  const { both, sql } = await twoServices(t);
  const [{ store }] = both;
  const attempts = new PasswordAttempts(store.attempts);
  const attempt = { linkId: 'L', address: ADDRESS };
  const pass = (ms: number) => sql(`UPDATE failure_counts SET at = at - ${ms}`);
  const join = async () => {
    const { failures = 0, ageMs = -1 } = (await joined(store, { a: 1 })).get('a') ?? {};
    return { failures, isYoung: ageMs >= 0 && ageMs < 30_000 };
  };
  t.equal(await attempts.reserve(attempt), 0);
  t.strictSame(await join(), { failures: 1, isYoung: true });
  await pass(30_000);
  t.strictSame(await join(), { failures: 2, isYoung: false });
  await pass(60_000);
  t.strictSame(await join(), { failures: 1, isYoung: true }, 'a new window');
  await pass(-HOUR_MS);
  t.strictSame(await join(), { failures: 2, isYoung: true }, 'the clock was set back: it begins now');

  const longestMs = 900_000;
  const manyFailed = () => sql("UPDATE failure_counts SET failures = 20 WHERE kind <> 'credential'");
  await manyFailed();
  const waitMs = await attempts.reserve(attempt);
  t.ok(waitMs > 0 && waitMs <= longestMs, 'nobody waits until the clock is there again');
  await pass(longestMs);
  t.equal(await attempts.reserve(attempt), 0);
  t.ok((await attempts.reserve(attempt)) > 0);
  await manyFailed();
  await pass(ATTEMPTS_REMEMBERED_MS);
  const free = [];
  for (let i = 0; i < 5; i++) free.push(await attempts.reserve(attempt));
  t.same(free, [0, 0, 0, 0, 0], 'an hour later all is forgotten');
});

t.test('a flood forgets what is old, and the oldest', async (t) => {
  const { both, sql } = await twoServices(t);
  const [{ store, attempts }] = both;
  await attempts.reserve({ linkId: 'L', address: ADDRESS });
  await joined(store, { a: 1 });
  const kinds = [...ATTEMPT_KINDS, 'credential'];
  const now = Date.now();
  for (const kind of kinds) {
    await sql(`INSERT INTO failure_counts SELECT '${kind}', 'n' || i, 1, ${now} - i
      FROM generate_series(1, ${COUNTERS_MAX + 500}) AS i`);
    await sql(`INSERT INTO failure_counts VALUES ('${kind}', 'old', 1, ${now - ATTEMPTS_REMEMBERED_MS})`);
    await sql(`INSERT INTO failure_counts VALUES ('${kind}', 'ahead', 1, ${now + YEAR_MS})`);
  }
  for (let i = 0; i < 100; i++) await attempts.reserve({ linkId: `L${i}`, address: `10.0.0.${i}` });
  await joined(store, Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`m${i}`, 1])));
  for (const kind of kinds) {
    const left = await sql(`SELECT name FROM failure_counts WHERE kind = '${kind}'`);
    const names = new Set(left.map(({ name }) => name));
    const [ahead] = await sql(
      `SELECT at::float8 FROM failure_counts WHERE kind = '${kind}' AND name = 'ahead'`,
    );
    t.ok(ahead?.at <= Date.now(), 'of a clock that was set back it is from now');
    t.ok(names.size <= COUNTERS_MAX + 100, `${names.size} of ${kind}`);
    t.ok(names.has('n1') && names.has('n19000'));
    t.notOk(names.has(`n${COUNTERS_MAX + 500}`) || names.has('old'));
  }
});

t.test('of ten who race for the last download on two machines one gets it', async (t) => {
  const { both } = await twoServices(t);
  const now = Date.now();
  for (let race = 0; race < 5; race++) {
    const linkId = `l${race}`;
    await both[0].store.shareLinks.addLink(linkRecord(linkId, { downloads: 2 }, { downloadsMax: 3 }));
    const terms = { linkId, now, until: now + 60_000, downloadsMax: 3 };
    const leases = await Promise.all(
      Array.from({ length: 10 }, (_, i) =>
        both[i % 2 === 0 ? 0 : 1].store.linkCounts.lease({ ...terms, clients: [`client ${i}`] }),
      ),
    );
    t.strictSame(leases.toSorted(), [...Array(9).fill('exhausted'), 'opened']);
    t.equal((await both[1].store.shareLinks.link(linkId))?.downloads, 3);
  }
});

t.test(
  'while the server is away nothing is tried, and what was counted is there when it is back',
  async (t) => {
    const { both, free } = await twoServices(t);
    const attempt = { linkId: 'L', address: ADDRESS };
    for (let i = 0; i < 4; i++) t.equal(await both[0].attempts.reserve(attempt), 0);
    await joined(both[0].store, { a: 3 });
    await server.crash();
    for (const { attempts, store } of both) {
      await t.rejects(attempts.reserve(attempt), { name: 'NotKnown', code: 'store-unavailable' });
      await t.rejects(joined(store, { a: 1 }), { name: 'NotKnown', code: 'store-unavailable' });
    }
    await server.start();
    const isBack = (store: Store) =>
      until(
        () => store.acl.revision().then(String, () => 'away'),
        (answer) => answer !== 'away',
        LIMIT_MS,
      );
    for (const { store } of both) await isBack(store);
    t.equal(await free(10, () => attempt), 1);
    t.equal((await joined(both[1].store, { a: 1 })).get('a')?.failures, 4);
  },
);
