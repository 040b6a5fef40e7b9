/** Failures are counted by address and by user, in windows of a minute. */

import t from 'tap';
import { addressKey, Failures, WINDOW_MS } from '../../src/credentials/failures.js';

function counting(addressMax: number, userMax = 100) {
  let now = 1_000;
  const failures = new Failures({ addressMax, userMax }, () => now);
  return {
    failures,
    pass: (ms: number) => {
      now += ms;
    },
  };
}

t.test(
  'up to the limit a failure is one, beyond it nothing is looked at, for the rest of the minute',
  async (t) => {
    const { failures, pass } = counting(3);
    for (let i = 0; i < 3; i++) {
      t.equal(failures.isOver('192.0.2.1'), false);
      t.equal(failures.note('192.0.2.1'), false);
      pass(10_000);
    }
    t.equal(failures.isOver('192.0.2.1'), true);
    t.equal(failures.note('192.0.2.1'), true);
    t.equal(failures.isOver('192.0.2.2'), false, 'another address is not over it');
    pass(WINDOW_MS - 30_001);
    t.equal(failures.isOver('192.0.2.1'), true, 'the window begins with the first');
    pass(1);
    t.equal(failures.isOver('192.0.2.1'), false);
    t.equal(failures.note('192.0.2.1'), false, 'and the count begins anew');
  },
);

t.test('failures that name a user are counted over all addresses', async (t) => {
  const { failures, pass } = counting(100, 2);
  t.same(
    [1, 2, 3].map((i) => failures.note(`192.0.2.${i}`, 'user:alice')),
    [false, false, true],
  );
  t.equal(failures.note('192.0.2.4', 'user:bob'), false);
  t.equal(failures.note('192.0.2.5'), false);
  pass(WINDOW_MS);
  t.equal(failures.note('192.0.2.1', 'user:alice'), false);
});

t.test('a flood from more addresses than are counted forgets its oldest and stays bounded', async (t) => {
  const { failures } = counting(1);
  failures.note('192.0.2.1');
  t.equal(failures.isOver('192.0.2.1'), true);
  for (let i = 0; i < 20_000; i++) failures.note(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`);
  t.equal(failures.isOver('192.0.2.1'), false);
});

t.test('an address is one IPv4 address, or the /64 of an IPv6 one', async (t) => {
  const same: readonly (readonly [key: string, addresses: readonly string[]])[] = [
    ['192.0.2.1', ['192.0.2.1', '::ffff:192.0.2.1', '::FFFF:192.0.2.1']],
    [
      '2001:db8:1:2',
      ['2001:db8:1:2::', '2001:db8:1:2::1', '2001:DB8:1:2:ffff:ffff:ffff:ffff', '2001:0db8:0001:0002::9'],
    ],
    ['2001:db8:0:0', ['2001:db8::', '2001:db8::1', '2001:db8:0:0:1::', '2001:db8::1:2:3:4']],
    ['0:0:0:0', ['::1', '::', '0:0:0:0:0:0:0:1']],
    ['fe80:0:0:0', ['fe80::1', 'fe80::a:b:c:d']],
    ['1:2:3:0', ['1:2:3::4', '1:2:3:0:4:5:6:7', '1:2:3::5:6:7:8']],
    ['unix:', ['unix:']],
    ['', ['']],
  ];
  for (const [key, addresses] of same) {
    for (const address of addresses) t.equal(addressKey(address), key, address);
  }
  t.equal(addressKey(undefined), '');
});
