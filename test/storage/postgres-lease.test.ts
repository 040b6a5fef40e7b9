/** Who changes the files of a store in PostgreSQL: one at a time, by the server's clock, and nobody who has lost it. */

import t, { type Test } from 'tap';
import type { LeaseHolder, LeaseStore, TakenLease } from '../../src/acl/lease-ports.js';
import type { Store } from '../../src/acl/ports.js';
import { FencedDatabase } from '../../src/storage/postgres/fenced-database.js';
import { openPostgresLease, openPostgresStore } from '../../src/storage/postgres/open.js';
import { until } from '../nginx/running-site.js';
import { entry, path, principal } from './given.js';
import { sharedPostgres } from './given-postgres.js';
import { databaseAt, freshSchema, signal, storeAt } from './postgres-given.js';

const LONG_MS = 600_000;
const LIMIT_MS = 60_000;

async function given(t: Test) {
  const server = await sharedPostgres();
  const { schema } = freshSchema();
  const url = server.url({ schema });
  const open = async () => {
    const { store, close } = await openPostgresLease(url);
    t.teardown(close);
    return store;
  };
  const client = await server.client();
  const end = () => client.query(`UPDATE ${schema}.files_lease SET expires_at = clock_timestamp()`);
  return { url, client, end, lease: await open(), other: await open() };
}

const wish = (id: string, lock = `lock of ${id}`) => ({ id, name: `files@${id}:1`, lock });

async function taken(store: LeaseStore, id: string, lengthMs = LONG_MS, lock?: string): Promise<TakenLease> {
  const taking = await store.take(wish(id, lock), lengthMs);
  if ('holder' in taking) throw new Error(`${taking.holder.name} holds it`);
  return taking.taken;
}

t.test('of many that ask at once, one has it, and the others are told who', async (t) => {
  const { lease, other } = await given(t);
  const ids = Array.from({ length: 8 }, (_, i) => `m${i}`);
  const takings = await Promise.all(ids.map((id, i) => (i % 2 ? lease : other).take(wish(id), LONG_MS)));
  const won = takings.flatMap((taking) => ('taken' in taking ? [taking.taken] : []));
  const lost = takings.flatMap((taking) => ('holder' in taking ? [taking.holder] : []));
  t.equal(won.length, 1);
  const { id, epoch } = won[0] as TakenLease;
  t.equal(epoch, 1);
  t.strictSame([...new Set(lost.map((holder) => holder.id))], [id]);
  const { name, lock, restMs } = (await lease.holder()) as LeaseHolder;
  t.strictSame({ id, name, lock }, wish(id));
  t.ok(restMs > 0 && restMs <= LONG_MS);
});

t.test('it ends by the clock of the server, unless it is renewed', async (t) => {
  const { lease, other } = await given(t);
  const first = await taken(lease, 'a', 1);
  await until(
    () => other.holder(),
    (holder) => holder === undefined,
    LIMIT_MS,
  );
  t.ok(await lease.renew(first, LONG_MS), 'nobody has taken it meanwhile');
  t.match(await other.take(wish('b'), LONG_MS), { holder: { id: 'a' } });
});

t.test('whoever takes it after its end has it, and it is renewed for nobody else', async (t) => {
  const { lease, other, end } = await given(t);
  const first = await taken(lease, 'a');
  await end();
  const second = await taken(other, 'b');
  t.equal(second.epoch, first.epoch + 1);
  t.notOk(await lease.renew(first, LONG_MS));
  await lease.release(first);
  t.match(await other.holder(), { id: 'b' }, 'it lets nothing go but its own');
  await other.release(second);
  t.equal(await lease.holder(), undefined);
  t.equal((await taken(lease, 'c')).epoch, second.epoch + 1);
});

t.test('whoever has the same lock takes it at once: who held it has ended', async (t) => {
  const { lease, other } = await given(t);
  const killed = await taken(lease, 'a', LONG_MS, 'one lock');
  const again = await taken(other, 'b', LONG_MS, 'one lock');
  t.equal(again.epoch, killed.epoch + 1);
});

const PARTIAL = '00000000-0000-4000-8000-000000000000';
const MOVE = { name: 'm', from: path('/a'), to: path('/b'), grants: 'keep', file: undefined } as const;
const COMMIT = entry(PARTIAL, '/new', 'hidden');
const REMOVAL = { partial: 'removal /a', path: path('/a') };
const RECORD = { path: path('/x'), owner: undefined, bytes: 1, updatedAt: 0 };

const WRITES: Readonly<Record<string, (store: Store) => Promise<unknown>>> = {
  'the begin of a commit': ({ files }) => files.beginCommit([COMMIT]),
  'the end of a commit': ({ files }) => files.finishCommit([COMMIT]),
  'a commit given up': ({ files }) => files.abandonCommit([COMMIT]),
  'the begin of a removal': ({ files }) => files.beginRemoval(REMOVAL),
  'the end of a removal': ({ files }) => files.finishRemoval(REMOVAL),
  'records that are mended': ({ files }) =>
    files.reconcile([{ path: RECORD.path, from: undefined, to: RECORD }]),
  'the begin of a move': ({ moves }) => moves.beginMove(MOVE),
  'the end of a move': ({ moves }) => moves.finishMove(MOVE),
  'a move given up': ({ moves }) => moves.abandonMove(MOVE),
  'an expiry': ({ expiries }) => expiries.setExpiry(path('/a'), 1_000),
  'an entry of the trash that goes': ({ trash }) => trash.forgetTrash(['t']),
  'a folder that is forgotten': ({ tree }) => tree.forgetFolder(path('/f/')),
};

t.test('who has lost it writes nothing of files any more, and hears of it', async (t) => {
  const { url, lease, other, end } = await given(t);
  const first = await taken(lease, 'a');
  let losses = 0;
  const lose = () => {
    losses += 1;
  };
  const stale = await openPostgresStore(url, undefined, undefined, { taken: first, lose });
  t.teardown(() => stale.close());
  await stale.files.beginCommit([entry('held', '/a', 'at-once')]);
  await stale.files.finishCommit([entry('held', '/a', 'at-once')]);
  t.equal(losses, 0);
  await end();
  await stale.files.beginCommit([COMMIT]);
  t.equal(losses, 0, 'it has ended, and nobody else has it yet');
  await taken(other, 'b');
  const state = async () => [
    await stale.acl.revision(),
    await stale.files.pending(),
    await stale.moves.moves(),
    await stale.files.records({ folder: path('/'), max: 10 }),
  ];
  const before = await state();
  for (const [name, write] of Object.entries(WRITES)) {
    losses = 0;
    await t.rejects(write(stale), { name: 'NotKnown', code: 'taken-over' }, name);
    t.equal(losses, 1, name);
  }
  t.strictSame(await state(), before);
  await t.resolves(stale.acl.suspend(principal('user:bob')), 'what is no file, everybody may write');
});

t.test('whoever takes it waits for the writes that have looked at it, and a renewal does not', async (t) => {
  const { url, client, lease, other, end } = await given(t);
  await storeAt(t, url);
  const first = await taken(lease, 'a');
  const fenced = new FencedDatabase(databaseAt(t, url, { stalledMs: LONG_MS }), {
    taken: first,
    lose: () => {},
  });
  const [looked, written] = [signal(), signal()];
  const done: string[] = [];
  const write = fenced.write(async () => {
    looked.give();
    await written.given;
    return { value: undefined, touched: ['/a'] };
  });
  await looked.given;
  t.ok(await lease.renew(first, LONG_MS));
  await end();
  // One that waits for too long is told so, and asks again.
  const second = until(
    () => taken(other, 'b').catch(() => undefined),
    (lease) => lease !== undefined,
    LIMIT_MS,
  ).then((lease) => {
    done.push('taken');
    return lease;
  });
  const waits = `SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%INSERT INTO files_lease%'`;
  await until(
    async () => (await client.query(waits)).rows.length,
    (waiting) => waiting > 0,
    LIMIT_MS,
  );
  done.push('let go');
  written.give();
  await write;
  t.match(await second, { epoch: first.epoch + 1 });
  t.strictSame(done, ['let go', 'taken']);
});
