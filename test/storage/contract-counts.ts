/** The contract's rules on failures that all processes count together. */

import type { AttemptCounters, AttemptRule, AttemptStore } from '../../src/acl/count-ports.js';
import { PasswordAttempts } from '../../src/links/password-attempts.js';
import type { Rule } from './contract-rule.js';
import { load } from './given.js';

const NAMES = { 'address-on-link': 'p', address: 'a', link: 'l' } as const;
const NONE: AttemptCounters = { 'address-on-link': undefined, address: undefined, link: undefined };
/** What is older than an hour is no counter any more. */
const lately = () => Date.now() - 1_000;
const ATTEMPT = { linkId: 'L', address: '192.0.2.1' };

const look: AttemptRule<AttemptCounters> = (standing) => ({ value: standing, counters: standing });

/** What stands, and sets another: what is written is what the next one is given. */
const put =
  (counters: AttemptCounters): AttemptRule<AttemptCounters> =>
  (standing) => ({ value: standing, counters });

/** Passwords at one instant, so that it does not matter how long they take. */
export function attemptsAt(now: number, store: AttemptStore): PasswordAttempts {
  return new PasswordAttempts({
    count: (names, rule) => store.count(names, (standing) => rule(standing, now)),
  });
}

async function triedOfTen(attempts: PasswordAttempts): Promise<number> {
  const waits = await Promise.all(Array.from({ length: 10 }, () => attempts.reserve(ATTEMPT)));
  return waits.filter((waitMs) => waitMs === 0).length;
}

export function countsContract(rule: Rule): void {
  rule(
    'a rule is given what another one has left, and none for what was dropped',
    async (t, { attempts }) => {
      t.strictSame(await attempts.count(NAMES, look), NONE);
      const at = lately();
      const all = {
        'address-on-link': { failures: 1, lastAt: at + 1 },
        address: { failures: 2, lastAt: at + 2 },
        link: { failures: 3, lastAt: at + 3 },
      };
      t.strictSame(await attempts.count(NAMES, put(all)), NONE);
      t.strictSame(await attempts.count(NAMES, look), all);
      const fewer = { ...all, 'address-on-link': undefined, link: { failures: 1, lastAt: at } };
      t.strictSame(await attempts.count(NAMES, put(fewer)), all);
      t.strictSame(await attempts.count(NAMES, look), fewer);
      t.strictSame(await attempts.count(NAMES, put(NONE)), fewer);
      t.strictSame(await attempts.count(NAMES, look), NONE);
    },
  );

  rule('names of different kinds, and of one kind, are different counters', async (t, { attempts }) => {
    const one = { failures: 7, lastAt: lately() };
    await attempts.count({ 'address-on-link': 'x', address: 'x', link: 'x' }, put({ ...NONE, address: one }));
    const others = { 'address-on-link': 'x', address: 'X', link: 'x' };
    t.strictSame(await attempts.count(others, look), NONE);
    const shared = { 'address-on-link': 'y', address: 'x', link: 'y' };
    t.strictSame(await attempts.count(shared, look), { ...NONE, address: one });
  });

  rule('time does not run backwards from one to the next', async (t, { attempts }) => {
    const now: AttemptRule<number> = (standing, at) => ({ value: at, counters: standing });
    let before = 0;
    for (let i = 0; i < 20; i++) {
      const at = await attempts.count(NAMES, now);
      t.ok(Number.isSafeInteger(at) && at >= before);
      before = await attempts.count(NAMES, (_standing, late) => ({
        value: late,
        counters: { ...NONE, link: { failures: i + 1, lastAt: late } },
      }));
      t.ok(before >= at);
    }
  });

  rule('a rule that throws has counted nothing', async (t, { attempts }) => {
    await t.rejects(
      attempts.count(NAMES, () => {
        throw new Error('no');
      }),
      { message: /no/ },
    );
    t.strictSame(await attempts.count(NAMES, look), NONE);
  });

  rule(
    'of ten passwords at once five are tried, and one that was right takes them back',
    async (t, store) => {
      const attempts = attemptsAt(lately(), store.attempts);
      t.equal(await triedOfTen(attempts), 5);
      await attempts.succeeded(ATTEMPT);
      t.equal(await triedOfTen(attempts), 5);
    },
  );

  rule('what each process has counted comes to one total', async (t, { failures }) => {
    const joined = async (counted: Readonly<Record<string, number>>) =>
      [...(await failures.join(new Map(Object.entries(counted))))]
        .map(([name, total]) => [name, total.failures])
        .toSorted();
    t.strictSame(await joined({ a: 3 }), [['a', 3]]);
    t.strictSame(await joined({ a: 4, b: 1 }), [
      ['a', 7],
      ['b', 1],
    ]);
    t.strictSame(await joined({ A: 1 }), [['A', 1]]);
    t.strictSame(await joined({ b: 0, a: 0 }), [
      ['a', 7],
      ['b', 1],
    ]);
    const racing = await Promise.all(Array.from({ length: 10 }, () => joined({ z: 1, y: 1 })));
    t.strictSame(racing.map(([, z]) => z?.[1]).toSorted(), [1, 10, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  rule('a window grows older, and no failure makes it longer', async (t, { failures }) => {
    const ages: number[] = [];
    for (let i = 0; i < 20; i++) ages.push((await failures.join(new Map([['a', 1]]))).get('a')?.ageMs ?? -1);
    t.ok(ages.every((age, i) => age >= (ages[i - 1] ?? 0)));
    t.equal((await failures.join(new Map([['a', 0]]))).get('a')?.failures, 20);
  });

  rule('counting takes no revision', async (t, store) => {
    const { revision } = await load(store);
    await new PasswordAttempts(store.attempts).reserve(ATTEMPT);
    await store.failures.join(new Map([['a', 1]]));
    t.equal((await load(store)).revision, revision);
  });
}
