/** A lease as its holder sees it: what it may still begin on the disk, by its own clocks, and that it waits for its turn. */

import t, { type Test } from 'tap';
import type { LeaseHolder } from '../../src/acl/lease-ports.js';
import { awaitLease, type LeaseDeps, tryLease } from '../../src/storage/awaited-lease.js';
import { HeldLease, LEASE_TIMES } from '../../src/storage/held-lease.js';
import { openPostgresLease } from '../../src/storage/postgres/open.js';
import { until } from '../nginx/running-site.js';
import { sharedPostgres } from './given-postgres.js';
import { freshSchema } from './postgres-given.js';
import { proxy } from './postgres-proxy.js';

const LIMIT_MS = 60_000;
/** None ends by itself, however slow the machine is: by the clock of the server a test ends it. */
const TIMES = { ...LEASE_TIMES, lengthMs: 600_000 };
const { lengthMs, marginMs } = TIMES;
const GOOD_MS = lengthMs - marginMs;

async function given(t: Test) {
  const server = await sharedPostgres();
  const words = freshSchema();
  const between = await proxy(t, server);
  const now = { monotonic: 5_000, wall: 9_000_000 };
  const clocks = { monotonic: () => now.monotonic, wall: () => now.wall };
  const depsAt = async (url: string, id: string): Promise<LeaseDeps> => {
    const { store, close } = await openPostgresLease(url);
    t.teardown(close);
    return { store, wish: { id, name: `files@${id}:1`, lock: id }, times: TIMES, clocks };
  };
  const mine = await depsAt(between.url(words), 'a');
  const other = await depsAt(server.url(words), 'b');
  const client = await server.client();
  const end = () => client.query(`UPDATE ${words.schema}.files_lease SET expires_at = clock_timestamp()`);
  return { now, between, mine, other, end };
}

async function held(deps: LeaseDeps): Promise<HeldLease> {
  const found = await tryLease(deps);
  if (found instanceof HeldLease) return found;
  throw new Error(`${found.name} holds it`);
}

t.test('nothing is begun on the disk shortly before its end, by either clock', async (t) => {
  const { now, mine } = await given(t);
  const lease = await held(mine);
  const AWAY = { name: 'NotKnown', code: 'store-unavailable' };
  for (const clock of ['monotonic', 'wall'] as const) {
    now[clock] += GOOD_MS - 1;
    t.doesNotThrow(() => lease.requireHeld(), `${clock}, just before`);
    now[clock] += 1;
    t.throws(() => lease.requireHeld(), AWAY, clock);
    t.notOk(lease.isHeld);
    await lease.renew();
    t.doesNotThrow(() => lease.requireHeld(), `${clock}, renewed`);
  }
});

t.test('a store that is away takes it from nobody', async (t) => {
  const { now, between, mine, end } = await given(t);
  const lease = await held(mine);
  between.set('gone');
  between.cut();
  await t.rejects(lease.renew(), { name: 'NotKnown', code: 'store-unavailable' });
  t.ok(lease.isHeld);
  now.monotonic += 2 * lengthMs;
  t.notOk(lease.isHeld);
  await end();
  between.set('passing');
  await lease.renew();
  t.ok(lease.isHeld, 'nobody has taken it meanwhile');
});

t.test('what another process has taken is lost for good', async (t) => {
  const { mine, other, end } = await given(t);
  const lease = await held(mine);
  await end();
  const theirs = await held(other);
  t.ok(lease.isHeld, 'nobody has told it yet');
  await lease.renew();
  await lease.whenLost;
  t.throws(() => lease.requireHeld(), { name: 'NotKnown', code: 'taken-over' });
  await theirs.release();
  await lease.renew();
  t.notOk(lease.isHeld);
});

t.test('whoever stands by is told once of each that it waits for', async (t) => {
  const { mine, other, end } = await given(t);
  const lease = await held(other);
  const told: string[] = [];
  const onHolder = ({ id }: LeaseHolder) => void told.push(id);
  const waiting = awaitLease(mine, { onHolder, stopped: new AbortController().signal });
  await until(
    async () => told.length,
    (times) => times > 0,
    LIMIT_MS,
  );
  await end();
  const mineNow = await waiting;
  t.strictSame(told, ['b']);
  t.ok(mineNow?.isHeld);
  await lease.renew();
  t.notOk(lease.isHeld);
});

t.test('it stands by while the store is away, and until it is stopped', async (t) => {
  const { between, mine, other } = await given(t);
  await held(other);
  const told = Promise.withResolvers<void>();
  const stopping = new AbortController();
  const waiting = awaitLease(mine, { onHolder: () => told.resolve(), stopped: stopping.signal });
  await told.promise;
  between.set('gone');
  between.cut();
  await t.rejects(mine.store.holder(), 'the store is away');
  stopping.abort();
  t.equal(await waiting, undefined);
  await t.rejects(
    awaitLease(mine, { onHolder: () => {}, stopped: new AbortController().signal }),
    { code: 'store-unavailable' },
    'who has not been told of anybody does not wait for a store that is away',
  );
});
