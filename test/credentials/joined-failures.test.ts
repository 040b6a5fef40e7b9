/**
 * Several processes that count failed credentials as one: each by itself until it has heard of the others, never more
 * than by itself, and together again when the store is back.
 */

import t from 'tap';
import { NotKnown } from '../../src/acl/errors.js';
import { type FailureLimits, Failures, MANY_UNTOLD, WINDOW_MS } from '../../src/credentials/failures.js';
import { JOINED_AT_ONCE_MAX, JoinedFailures } from '../../src/credentials/joined-failures.js';
import { MemoryFailures } from '../../src/storage/memory/memory-counts.js';

const LIMITS: FailureLimits = { addressMax: 30, userMax: 20 };
const AWAY = new NotKnown('store-unavailable', 'away');
const BOB = '192.0.2.1';

function fleetOf(count: number) {
  let now = 1_000_000;
  let isAway = false;
  let asked = 0;
  const names: string[] = [];
  const makeStore = () => new MemoryFailures(() => now + 5_000_000); // another clock than that of the processes
  let store = makeStore();
  const port = {
    join: async (counted: ReadonlyMap<string, number>) => {
      asked += 1;
      names.push(...counted.keys());
      if (isAway) throw AWAY;
      return store.join(counted);
    },
  };
  const processes = Array.from({ length: count }, () => {
    const failures = new Failures(LIMITS, () => now);
    const joined = new JoinedFailures(failures, port);
    /** Until it is over: how many were looked at. */
    const exhaust = (address = BOB) => {
      let looked = 0;
      for (; !failures.isOver(address); looked++) failures.note(address);
      return looked;
    };
    const note = (times: number, address = BOB, user?: string) => {
      let isOver = false;
      for (let i = 0; i < times; i++) isOver = failures.note(address, user);
      return isOver;
    };
    return { failures, join: () => joined.join(), exhaust, note };
  });
  return {
    processes,
    names,
    asked: () => asked,
    pass: (ms: number) => {
      now += ms;
    },
    away: (is: boolean) => {
      isAway = is;
    },
    lose: () => {
      store = makeStore();
    },
  };
}

/** Two of them, which is what most tests need. */
function pair() {
  const { processes, ...fleet } = fleetOf(2);
  const [first, second] = processes;
  if (first === undefined || second === undefined) throw new Error('two were made');
  return { first, second, ...fleet };
}

t.test('what one has counted the other one knows with its first', async (t) => {
  const { first, second } = pair();
  t.equal(first.exhaust(), 30);
  await first.join();
  t.equal(second.failures.isOver(BOB), false);
  t.equal(second.note(1), false, 'the first one is looked at');
  await second.join();
  t.equal(second.failures.isOver(BOB), true);
  t.equal(second.note(1), true);
  t.equal(second.failures.isOver('192.0.2.2'), false);
});

t.test('all together look at the limit, and at what each counts between two joins', async (t) => {
  const { processes } = fleetOf(8);
  const between = 2;
  let looked = 0;
  for (let round = 0; round < 100; round++) {
    for (const one of processes) {
      for (let i = 0; i < between && !one.failures.isOver(BOB); i++, looked++) one.note(1);
    }
    for (const one of processes) await one.join();
  }
  t.ok(looked >= LIMITS.addressMax && looked <= LIMITS.addressMax + processes.length * between, `${looked}`);
});

t.test('a user is counted wherever the failures come from', async (t) => {
  const { first, second } = pair();
  for (let i = 0; i < 15; i++) first.note(1, `192.0.2.${i}`, 'alice');
  await first.join();
  t.equal(second.note(1, BOB, 'alice'), false);
  await second.join();
  t.equal(second.note(4, '192.0.2.3', 'alice'), false, 'twenty are allowed');
  t.equal(second.note(1, '192.0.2.4', 'alice'), true);
  t.equal(second.note(1, '192.0.2.4', 'bob'), false);
});

t.test('the minute is the one that began with the first of all', async (t) => {
  const { first, second, pass } = pair();
  first.exhaust();
  await first.join();
  pass(50_000);
  second.note(1);
  await second.join();
  t.equal(second.failures.isOver(BOB), true);
  pass(WINDOW_MS - 50_000 - 1);
  t.same([first.failures.isOver(BOB), second.failures.isOver(BOB)], [true, true]);
  pass(1);
  t.same([first.failures.isOver(BOB), second.failures.isOver(BOB)], [false, false]);
  t.equal(second.exhaust(), 30, 'and the next one is a whole one');
});

t.test('failures that come while the others are asked are not lost', async (t) => {
  const { first, second } = pair();
  first.note(10);
  const joining = first.join();
  first.note(3);
  await joining;
  await first.join();
  second.note(1);
  await second.join();
  t.equal(second.exhaust(), 30 - 14);
});

t.test('without the store each goes on by its own count, and then they join again', async (t) => {
  const { first, second, away } = pair();
  first.note(10);
  await first.join();
  away(true);
  second.note(5);
  await t.rejects(second.join(), AWAY);
  t.equal(first.exhaust(), 20, 'what it knows stays');
  await t.rejects(first.join(), AWAY);
  t.equal(first.failures.isOver(BOB), true);
  t.equal(second.exhaust(), 25, 'no more than by itself');
  await t.rejects(second.join(), AWAY);
  away(false);
  await first.join();
  await second.join();
  const { failures } = second;
  t.equal(failures.isOver(BOB), true);
  t.equal(failures.note(BOB), true);
});

t.test('a store that has forgotten takes nothing from what a process knows itself', async (t) => {
  const { first, lose, pass } = pair();
  first.note(29);
  await first.join();
  lose();
  first.note(1);
  await first.join();
  t.equal(first.failures.isOver(BOB), true);
  pass(WINDOW_MS);
  t.equal(first.failures.isOver(BOB), false, 'and no longer than its minute');
});

t.test('what was counted in a minute that is over is not told', async (t) => {
  const { first, second, away, pass, asked } = pair();
  away(true);
  first.note(25);
  await t.rejects(first.join(), AWAY);
  pass(WINDOW_MS);
  away(false);
  await first.join();
  t.equal(asked(), 1, 'there is nothing to tell');
  second.note(1);
  await second.join();
  t.equal(second.exhaust(), 29);
});

t.test('whoever has nothing to tell asks nothing', async (t) => {
  const { first, asked } = pair();
  await first.join();
  t.equal(first.failures.isOver(BOB), false);
  await first.join();
  t.equal(asked(), 0);
  first.note(1);
  await first.join();
  await first.join();
  t.equal(asked(), 1);
});

t.test('much of one address is told sooner', async (t) => {
  const { first } = pair();
  let hurried = 0;
  first.failures.onMany = () => {
    hurried += 1;
  };
  first.note(MANY_UNTOLD - 1);
  t.equal(hurried, 0);
  first.note(1);
  t.equal(hurried, 1);
  await first.join();
  first.note(MANY_UNTOLD - 1);
  t.equal(hurried, 1);
});

t.test('of very many so many are told at once, the longest wait first, and none twice', async (t) => {
  const { first, names, away } = pair();
  const all = JOINED_AT_ONCE_MAX * 2 + 1;
  for (let i = 0; i < all; i++) first.note(2, `10.0.${i >> 8}.${i & 255}`);
  await first.join();
  t.equal(names.length, JOINED_AT_ONCE_MAX);
  away(true);
  await t.rejects(first.join(), AWAY);
  away(false);
  names.length = JOINED_AT_ONCE_MAX;
  await first.join();
  await first.join();
  t.equal(names.length, all);
  t.equal(new Set(names).size, all);
  await first.join();
  t.equal(names.length, all);
});

t.test('of a flood that nobody can be told of no more waits than is remembered', async (t) => {
  const { first, away } = pair();
  away(true);
  for (let i = 0; i < 50_000; i++) first.note(1, `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`);
  t.equal(first.failures.takeUntold(Number.POSITIVE_INFINITY).length, 20_000);
  first.note(1);
  t.equal(first.failures.takeUntold(10).length, 1);
});

t.test('the store is told neither addresses nor users', async (t) => {
  const { first, names } = pair();
  first.note(1, BOB, 'alice');
  await first.join();
  t.equal(names.length, 2);
  for (const name of names) t.match(name, /^[\w-]{22}$/);
});
