/** Passwords of links: what is stored, what is the password, and how many may be checked at once. */

import t from 'tap';
import { NotKnown } from '../../src/acl/errors.js';
import { BoundedWork, TooBusy } from '../../src/links/bounded-work.js';
import {
  hashPassword,
  PASSWORD_BYTES_MAX,
  passwordMark,
  passwordProblem,
  verifyPassword,
} from '../../src/links/password.js';

/** As scrypt of another implementation says: `hashlib.scrypt(b'correct horse', salt=bytes(16), n=32768, r=8, p=1)`. */
const STORED = 'scrypt$15$8$1$AAAAAAAAAAAAAAAAAAAAAA$Y8MYoqnX4lWGWuAOv64MBPfBINQKVV0WkGusAfOtPo4';

t.test('what is stored has its parameters and a salt of its own, and not the password', async (t) => {
  const [one, other] = await Promise.all([hashPassword('correct horse'), hashPassword('correct horse')]);
  t.match(one, /^scrypt\$15\$8\$1\$[A-Za-z0-9_-]{22}\$[A-Za-z0-9_-]{43}$/);
  t.not(one, other);
  t.notMatch(one, 'correct');
  t.not(passwordMark(one), passwordMark(other), 'the same password set again has another mark');
  t.equal(passwordMark(one), passwordMark(one));
  t.notMatch(one, passwordMark(one));
});

t.test('the hash is that of RFC 7914', async (t) => {
  t.equal(await verifyPassword('correct horse', STORED), true);
  t.equal(await verifyPassword('correct hors', STORED), false);
});

t.test('the password alone is the password', async (t) => {
  const stored = await hashPassword('Grüße, 張!');
  for (const [text, expected] of [
    ['Grüße, 張!', true],
    ['Gru\u0308ße, 張!', true], // composed otherwise
    ['grüße, 張!', false],
    ['Grüße, 張! ', false],
    ['Grüße, 張!\0', false],
    ['', false],
    ['x'.repeat(PASSWORD_BYTES_MAX + 1), false],
  ] as const) {
    t.equal(await verifyPassword(text, stored), expected, JSON.stringify(text.slice(0, 20)));
    t.equal(await verifyPassword(text, undefined), false, 'and without a hash none is');
  }
});

t.test('a text that can be no password is not hashed', async (t) => {
  const longest = 'ü'.repeat(PASSWORD_BYTES_MAX / 2);
  t.equal(passwordProblem(longest), undefined);
  t.equal(await verifyPassword(longest, await hashPassword(longest)), true);
  t.equal(passwordProblem(''), 'it is empty');
  t.equal(passwordProblem(`${longest}x`), 'it is longer than 256 bytes');
  t.equal(passwordProblem('a\0'), 'it holds a control character');
  await t.rejects(hashPassword(''), { name: 'RangeError' });
  await t.rejects(hashPassword(`${longest}x`), { name: 'RangeError' });
});

t.test('a hash that cannot be read is not known, and no denial', async (t) => {
  const good = await hashPassword('a');
  for (const stored of [
    '',
    'argon2id$x',
    good.slice(0, -1),
    `${good}=`,
    `${good}\n`,
    good.replace('15', '-1'),
  ]) {
    await t.rejects(verifyPassword('a', stored), NotKnown, JSON.stringify(stored));
  }
});

t.test('without a hash, and for a text that can be none, it takes as long', async (t) => {
  const stored = await hashPassword('a');
  const cpuOf = async (text: string, hash: string | undefined) => {
    const before = process.cpuUsage();
    await verifyPassword(text, hash);
    const { user, system } = process.cpuUsage(before);
    return user + system;
  };
  const leastOf = async (text: string, hash: string | undefined) => {
    const each: number[] = [];
    for (let i = 0; i < 5; i++) each.push(await cpuOf(text, hash));
    return Math.min(...each);
  };
  const known = await leastOf('b', stored);
  for (const [text, hash] of [
    ['b', undefined],
    ['', stored],
    ['x'.repeat(100_000), undefined],
  ] as const) {
    const ratio = (await leastOf(text, hash)) / known;
    t.ok(ratio > 0.6 && ratio < 1.7, `${text.length} characters: ${ratio.toFixed(2)}`);
  }
});

t.test('so many are checked at once, so many wait, and the next hears so at once', async (t) => {
  const outcomes = await Promise.allSettled(Array.from({ length: 60 }, () => verifyPassword('a', undefined)));
  const busy = outcomes.filter(({ status }) => status === 'rejected');
  t.equal(outcomes.length - busy.length, 2 + 32);
  for (const outcome of busy) t.ok(outcome.status === 'rejected' && outcome.reason instanceof TooBusy);
  t.equal(await verifyPassword('a', undefined), false, 'and when they are done, the next may come');
});

t.test('work runs in the order in which it came, never more than may run, whatever fails', async (t) => {
  const bounded = new BoundedWork({ runningMax: 2, waitingMax: 3 });
  const started: number[] = [];
  const ends: (() => void)[] = [];
  const work = (i: number) =>
    bounded.run(async () => {
      started.push(i);
      await new Promise<void>((resolve) => ends.push(resolve));
      if (i % 2 === 0) throw new Error(`work ${i} failed`);
    });
  const all = [0, 1, 2, 3, 4].map(work);
  const settled = Promise.allSettled(all);
  await t.rejects(work(5), TooBusy);
  for (let i = 0; i < 5; i++) {
    t.same(started, [0, 1, 2, 3, 4].slice(0, Math.min(5, i + 2)));
    ends[i]?.();
    await all[i]?.catch(() => undefined);
    await new Promise(setImmediate);
  }
  t.same(
    (await settled).map(({ status }) => status),
    ['rejected', 'fulfilled', 'rejected', 'fulfilled', 'rejected'],
  );
});
