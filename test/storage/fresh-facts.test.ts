/**
 * The bound on staleness, by a clock of the test's own: no order of writes, what is heard of them, polls, loads and
 * time serves what was revoked longer ago than the bound; and what a version means, case by case.
 */

import t, { type Test } from 'tap';
import { ACTIONS } from '../../src/acl/action.js';
import type { FactsLoad, FactsQuery } from '../../src/acl/ports.js';
import { FreshFacts } from '../../src/storage/fresh-facts.js';
import { BOUND_MS, type FreshPlay, FreshScene } from './fresh-scene.js';
import { draft, path, principal } from './given.js';
import { playAll, settled } from './interleavings.js';
import type { Write } from './reader-scene.js';

const FILE = path('/team/plan.pdf');
const BOB = principal('user:bob');
const grant: Write = ({ acl }) => acl.putGrants([draft('user:bob read /team/')]);
const revoke: Write = ({ acl }) => acl.removeGrants({ ...draft('user:bob read /team/'), actions: ACTIONS });
const suspend: Write = ({ acl }) => acl.suspend(BOB);

/** Orders of a write, a passing of time and two beginnings of reads, even where no read has to load. */
const ORDERS_MIN = 12;
const LATER = BOUND_MS + 1;

const revoked = { user: BOB, path: FILE, given: [grant], writes: [revoke] };

const PLAYS: readonly (readonly [string, Omit<FreshPlay, 'taken'>])[] = [
  ['nothing is heard', { ...revoked, readers: [1, 1], told: [], polls: 0, passing: [LATER] }],
  [
    'nothing is heard, and somebody polls',
    { ...revoked, readers: [2], told: [], polls: 1, passing: [LATER] },
  ],
  ['it is heard', { ...revoked, readers: [1, 1], told: [0], polls: 0, passing: [LATER] }],
  ['it is heard twice', { ...revoked, readers: [2], told: [0, 0], polls: 0, passing: [LATER] }],
  ['it is heard while somebody polls', { ...revoked, readers: [1], told: [0], polls: 1, passing: [LATER] }],
  [
    'two changes, heard in any order',
    { ...revoked, writes: [revoke, suspend], readers: [1], told: [1, 0], polls: 0, passing: [LATER] },
  ],
  [
    'two changes, and the first is not heard',
    { ...revoked, writes: [revoke, suspend], readers: [1, 1], told: [1], polls: 0, passing: [] },
  ],
  [
    'revoked and granted again, and the second is not heard',
    { ...revoked, writes: [revoke, grant], readers: [1], told: [0], polls: 1, passing: [] },
  ],
  [
    'the bound passes in two parts',
    { ...revoked, readers: [2], told: [], polls: 1, passing: [BOUND_MS / 2 + 1, BOUND_MS / 2] },
  ],
];

for (const [says, play] of PLAYS) {
  t.test(`no read tells of what was over before the bound, nor before what was heard: ${says}`, async (t) => {
    for (const taken of ['at the start', 'on the way'] as const) {
      const complaints: string[] = [];
      const orders = await playAll(() => FreshScene.open({ ...play, taken }, complaints));
      t.strictSame(complaints, [], `snapshot ${taken}: ${orders} orders`);
      t.ok(orders >= ORDERS_MIN, `snapshot ${taken}: no order is left out`);
    }
  });
}

// ── what a version means ────────────────────────────────────────────────────────────────────────────────────

interface Late {
  readonly query: FactsQuery;
  answer(revision: number, generation?: number): Promise<FactsLoad>;
}

/** Fresh facts over a store that the test is: it answers each question when, and as, it likes. */
function scene() {
  const now = { monotonic: 5_000, wall: 1_700_000_000_000 };
  const asked: Late[] = [];
  const told: number[] = [];
  const source = {
    load: (query: FactsQuery) => {
      const { promise, resolve } = Promise.withResolvers<FactsLoad>();
      asked.push({
        query,
        answer: (revision, generation = 1) => {
          resolve({ revision, generation, touched: [], paths: [], standing: undefined });
          return promise;
        },
      });
      return promise;
    },
  };
  const facts: FreshFacts = new FreshFacts(source, {
    stalenessMaxMs: BOUND_MS,
    clocks: { monotonic: () => now.monotonic, wall: () => now.wall },
    onRevision: () => told.push(facts.revision),
  });
  const pass = (ms: number) => {
    now.monotonic += ms;
    now.wall += ms;
  };
  /** Sends a question; what it answers is answered by `[…].answer`. */
  const send = () => {
    const loaded = Promise.resolve(facts.load({ paths: [], user: undefined, since: -1, generation: -1 }));
    const late = asked.at(-1);
    if (late === undefined) throw new Error('nothing was asked');
    return {
      answer: async (revision: number, generation?: number) => {
        await late.answer(revision, generation);
        return loaded;
      },
    };
  };
  /** Whether a cache that has this load may answer from it. */
  const trusts = ({ version }: FactsLoad) => version !== undefined && facts.version() === version;
  return { facts, now, pass, send, trusts, told, asked };
}

async function known(revision = 7) {
  const all = scene();
  return { ...all, loaded: await all.send().answer(revision) };
}

t.test('before the first answer every version is another one', async (t) => {
  const { facts } = scene();
  t.not(facts.version(), facts.version());
  t.equal(facts.ageMs(), Number.POSITIVE_INFINITY);
  t.equal(facts.revision, -1);
});

t.test('what was answered is trusted up to the bound, and not a millisecond longer', async (t) => {
  const { facts, pass, loaded, trusts } = await known();
  t.ok(trusts(loaded));
  pass(BOUND_MS);
  t.ok(trusts(loaded));
  pass(1);
  t.notOk(trusts(loaded));
  t.not(facts.version(), facts.version(), 'every decision asks the store');
});

t.test('the age counts from when the question was sent, not from its answer', async (t) => {
  const { pass, send, trusts, facts } = scene();
  const question = send();
  pass(BOUND_MS);
  const loaded = await question.answer(7);
  t.equal(facts.ageMs(), BOUND_MS);
  t.ok(trusts(loaded));
  pass(1);
  t.notOk(trusts(loaded));
});

t.test('an answer that is too old when it comes answers nothing: it is asked for again, once', async (t) => {
  const { pass, asked, facts } = scene();
  const late = async (revision: number) => {
    pass(BOUND_MS + 1);
    await asked.at(-1)?.answer(revision);
    await settled();
  };
  const query = { paths: [FILE], user: undefined, since: -1, generation: -1 };
  const loaded = Promise.resolve(facts.load(query));
  await late(7);
  t.strictSame(
    asked.map((one) => one.query),
    [query, query],
  );
  await asked.at(-1)?.answer(8);
  t.match(await loaded, { revision: 8 });
  const never = t.rejects(Promise.resolve(facts.load(query)), { code: 'store-unavailable' });
  await late(8);
  await late(8);
  await never;
  t.equal(asked.length, 4);
});

const CLOCKS: readonly (readonly [string, 'monotonic' | 'wall', number, boolean])[] = [
  ['a suspended machine: the monotonic clock stands still', 'wall', BOUND_MS + 1, false],
  ['the wall clock stands still', 'monotonic', BOUND_MS + 1, false],
  ['the wall clock is set back by an hour', 'wall', -3_600_000, true],
];
for (const [says, clock, ms, trusted] of CLOCKS) {
  t.test(`whichever clock says older counts: ${says}`, async (t) => {
    const { now, loaded, trusts, pass } = await known();
    now[clock] += ms;
    t.equal(trusts(loaded), trusted);
    pass(BOUND_MS + 1);
    t.notOk(trusts(loaded), 'and time goes on by the other');
  });
}

t.test('a wall clock that was set back and forth makes nothing younger', async (t) => {
  const { now, pass, send, trusts, loaded } = await known();
  now.wall -= 3_600_000;
  await send().answer(7);
  pass(BOUND_MS);
  t.ok(trusts(loaded));
  now.wall += 3_600_000;
  t.notOk(trusts(loaded), 'an hour may have passed: the store is asked');
});

t.test('an answer that changes nothing makes what is known young again', async (t) => {
  const { pass, send, trusts, loaded } = await known();
  pass(BOUND_MS);
  await send().answer(7);
  pass(BOUND_MS);
  t.ok(trusts(loaded));
});

t.test('an answer that comes late does not make anything older than it is', async (t) => {
  const { pass, send, trusts, loaded } = await known();
  const slow = send();
  pass(BOUND_MS);
  await send().answer(7);
  await slow.answer(7);
  pass(BOUND_MS);
  t.ok(trusts(loaded));
});

t.test('a poll asks for no more than where the store is', async (t) => {
  const { facts, asked } = await known(7);
  const polled = facts.poll();
  t.strictSame(asked.at(-1)?.query, { paths: [], user: undefined, since: 7, generation: 1 });
  await asked.at(-1)?.answer(8);
  await polled;
  t.equal(facts.revision, 8);
});

t.test('a later revision is told of once, and ends the trust in what was before', async (t) => {
  const { send, trusts, loaded, told } = await known();
  const later = await send().answer(8);
  t.notOk(trusts(loaded));
  t.ok(trusts(later));
  await send().answer(8);
  t.strictSame(told, [7, 8]);
});

t.test('an answer from before a later one is trusted by no cache', async (t) => {
  const { send, trusts } = await known();
  const slow = send();
  const later = await send().answer(8);
  t.notOk(trusts(await slow.answer(7)));
  t.ok(trusts(later));
});

t.test('another generation is another store, and an answer of the one before is worth nothing', async (t) => {
  const { facts, send, trusts, loaded, told } = await known(7);
  const slow = send();
  facts.hear(9);
  const restored = await send().answer(3, 2);
  t.notOk(trusts(loaded));
  t.ok(trusts(restored), 'what was heard of the other store does not count here');
  t.equal(facts.revision, 3);
  t.notOk(trusts(await slow.answer(7, 1)));
  t.ok(trusts(restored));
  t.strictSame(told, [7, 3]);
});

t.test('what was heard ends the trust at once; heard before, it changes nothing', async (t) => {
  const { facts, send, trusts, loaded } = await known(7);
  for (const before of [7, 6, 0, -1]) facts.hear(before);
  t.ok(trusts(loaded));
  facts.hear(8);
  t.notOk(trusts(loaded));
  t.equal(facts.version(), facts.version(), 'and costs one question, not one a decision');
  t.equal(facts.revision, 7, 'known is what the store has answered');
  t.ok(trusts(await send().answer(8)));
});

t.test('what was sent before the hearing and does not know of it is trusted by no cache', async (t) => {
  const { facts, send, trusts } = await known(7);
  const before = send();
  facts.hear(8);
  t.notOk(trusts(await before.answer(7)));
});

t.test('what nobody else can see has not been: one question, and it is forgotten', async (t) => {
  const { facts, send, trusts } = await known(7);
  for (const odd of [Number.NaN, 1.5, Number.POSITIVE_INFINITY, 2 ** 53]) facts.hear(odd);
  facts.hear(1_000_000);
  const loaded = await send().answer(7);
  t.ok(trusts(loaded));
  facts.hear(8);
  t.notOk(trusts(loaded), 'and the next true one counts');
});

t.test('a lie about a change that is far off does not hide one that is heard behind it', async (t) => {
  const { facts, send, trusts, loaded } = await known(7);
  t.equal(facts.hear(1_000_000), true);
  const before = send();
  t.equal(facts.hear(8), true, 'it may have come after that question');
  t.notOk(trusts(await before.answer(7)));
  t.notOk(trusts(loaded));
  t.equal(facts.hear(1_000_000), false, 'the same again is nothing new');
  t.ok(trusts(await send().answer(8)));
});

t.test('where the store does not answer nothing is trusted, and that is passed on', async (t: Test) => {
  const away = new Error('away');
  const facts = new FreshFacts(
    { load: () => Promise.reject(away) },
    { stalenessMaxMs: BOUND_MS, clocks: { monotonic: () => 0, wall: () => 0 } },
  );
  await t.rejects(facts.poll(), away);
  t.not(facts.version(), facts.version());
});
