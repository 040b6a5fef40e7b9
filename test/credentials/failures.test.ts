/**
 * Guessing costs, and a flood costs little: what is counted, for how long, and that above the limit nothing is
 * verified, while who is in already stays in and others come in from elsewhere.
 */

import t from 'tap';
import { AccessTokens } from '../../src/credentials/access-token.js';
import { type FailureLimits, Failures, WINDOW_MS } from '../../src/credentials/failures.js';
import { keyOfSecret } from '../../src/credentials/token-key.js';
import { FixedKeys, TokenKeys } from '../../src/credentials/token-keys.js';
import { CachedReader } from '../../src/storage/cached-reader.js';
import { openMemoryStore } from '../../src/storage/memory/memory-store.js';
import { tokenFor } from '../nginx/running-site.js';
import { presented } from './presenting.js';

const SECRET = 'a secret of at least 32 bytes, here';
const LIMITS: FailureLimits = { addressMax: 3, userMax: 2 };

function counting(limits = LIMITS) {
  let now = 1_000_000;
  const failures = new Failures(limits, () => now);
  const pass = (milliseconds: number) => {
    now += milliseconds;
  };
  return { failures, pass };
}

t.test('failures of an address are counted for a minute from the first', async (t) => {
  const { failures, pass } = counting();
  t.same([failures.isOver('a'), failures.note('a'), failures.note('a')], [false, false, false]);
  pass(WINDOW_MS - 1);
  t.equal(failures.note('a'), false, 'three are allowed');
  t.equal(failures.isOver('a'), true);
  t.equal(failures.note('a'), true);
  t.same([failures.isOver('b'), failures.note('b')], [false, false], 'another address is another');
  pass(1);
  t.same([failures.isOver('a'), failures.note('a')], [false, false], 'no hit makes the minute longer');
});

t.test('failures that name a user are counted whatever address they come from', async (t) => {
  const { failures, pass } = counting();
  t.same(
    ['a', 'b', 'c', 'd'].map((address) => failures.note(address, 'alice')),
    [false, false, true, true],
  );
  t.same([failures.isOver('a'), failures.note('a', 'bob')], [false, false], 'no address is over, nor is bob');
  pass(WINDOW_MS);
  t.equal(failures.note('a', 'alice'), false);
});

t.test('a user who is called like an address is not that address', async (t) => {
  const { failures } = counting();
  for (let i = 0; i < 5; i++) failures.note(`192.0.2.${i}`, '203.0.113.1');
  t.equal(failures.isOver('203.0.113.1'), false);
});

t.test('a flood from many addresses forgets its oldest, and grows no further', async (t) => {
  const { failures } = counting();
  for (let i = 0; i < 3; i++) failures.note('first');
  t.equal(failures.isOver('first'), true);
  for (let i = 0; i < 30_000; i++) failures.note(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`);
  t.equal(failures.isOver('first'), false);
});

t.test('of a flood of bad tokens no more is verified than the limit says', async (t) => {
  const store = openMemoryStore();
  t.teardown(() => store.close());
  const rules = { issuers: [], audiences: [], rsaAlgorithm: 'RS256' } as const;
  const key = keyOfSecret(undefined, SECRET, rules);
  let verified = 0;
  const watched = {
    ...key,
    verify: (token: string) => {
      verified += 1;
      return key.verify(token);
    },
  };
  const { failures, pass } = counting({ addressMax: 100, userMax: 100 });
  let now = Date.now();
  const kind = new AccessTokens({
    keys: new TokenKeys([new FixedKeys([watched])]),
    cookieName: undefined,
    claims: { user: 'sub', groups: 'groups', userPrefix: '', groupPrefix: '' },
    reader: new CachedReader(store.facts, { bytesMax: 1024 * 1024 }),
    failures,
    clock: () => now,
  });
  const ask = (token: string, address: string) => {
    const found = kind.recognise(presented({ authorization: `Bearer ${token}`, address }));
    return typeof found === 'string' ? found : 'good';
  };
  const known = tokenFor(SECRET, 'alice');
  t.equal(ask(known, '192.0.2.1'), 'good');
  verified = 0;
  const outcomes = new Map<string, number>();
  for (let i = 0; i < 5_000; i++) {
    const outcome = ask(tokenFor(`${SECRET}!`, `user-${i}`), '192.0.2.1');
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    if (i % 100 === 0) t.equal(ask(known, '192.0.2.1'), 'good', 'who is in stays in');
  }
  t.equal(verified, 100);
  t.same(
    [...outcomes],
    [
      ['invalid', 100],
      ['limited', 4_900],
    ],
  );
  t.equal(ask(tokenFor(SECRET, 'bob'), '192.0.2.1'), 'limited', 'a new one from there waits');
  t.equal(ask(tokenFor(SECRET, 'bob'), '192.0.2.2'), 'good', 'and comes in from elsewhere');
  pass(WINDOW_MS);
  t.equal(ask(tokenFor(SECRET, 'carol'), '192.0.2.1'), 'good', 'a minute later, from there too');

  now += 2 * 3_600_000;
  verified = 0;
  for (let i = 0; i < 1_000; i++) ask(known, '192.0.2.1');
  t.equal(failures.isOver('192.0.2.1'), false, 'a token that was good and has ended is no guess');
  t.equal(verified, 0, 'and is not looked at again');
  t.equal(ask(known, '192.0.2.1'), 'invalid');
});
