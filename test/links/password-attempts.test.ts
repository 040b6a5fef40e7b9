/** Guessing costs more with each guess, and nobody is locked out for long by somebody else. */

import t from 'tap';
import { PasswordAttempts } from '../../src/links/password-attempts.js';
import { MemoryAttempts } from '../../src/storage/memory/memory-counts.js';

const HOUR_MS = 3_600_000;

function trying() {
  let now = 5_000;
  const attempts = new PasswordAttempts(new MemoryAttempts(() => now));
  return {
    attempts,
    pass: (milliseconds: number) => {
      now += milliseconds;
    },
    /** Fails as soon as it may, so often; what it had to wait for each. */
    fail: async (times: number, linkId: string, address: string) => {
      const waits: number[] = [];
      for (let i = 0; i < times; i++) {
        const waitMs = await attempts.reserve({ linkId, address });
        now += waitMs;
        const isOver = waitMs === 0 || (await attempts.reserve({ linkId, address })) === 0;
        if (!isOver) throw new Error('waited for nothing');
        waits.push(waitMs);
      }
      return waits;
    },
  };
}

/** What each had to wait for, of so many who come at once. */
const together = (count: number, ask: (i: number) => Promise<number>) =>
  Promise.all(Array.from({ length: count }, (_, i) => ask(i)));

t.test('five are free, then each waits twice as long, up to a quarter of an hour', async (t) => {
  const { fail } = trying();
  const seconds = (await fail(18, 'L', '192.0.2.1')).map((waitMs) => waitMs / 1000);
  t.same(seconds, [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]);
});

t.test('a hundred at once are not each the first', async (t) => {
  const { attempts } = trying();
  const waits = await together(100, () => attempts.reserve({ linkId: 'L', address: '192.0.2.1' }));
  t.equal(waits.filter((waitMs) => waitMs === 0).length, 5);
});

t.test('asking while one must wait makes nothing longer', async (t) => {
  const { attempts, pass, fail } = trying();
  await fail(5, 'L', '192.0.2.1');
  for (let i = 0; i < 1_000; i++)
    t.equal(await attempts.reserve({ linkId: 'L', address: '192.0.2.1' }), 1_000);
  pass(999);
  t.equal(await attempts.reserve({ linkId: 'L', address: '192.0.2.1' }), 1);
  pass(1);
  t.equal(await attempts.reserve({ linkId: 'L', address: '192.0.2.1' }), 0);
});

t.test('an hour after the last failure all is forgotten', async (t) => {
  const { pass, fail } = trying();
  await fail(12, 'L', '192.0.2.1');
  pass(HOUR_MS - 1);
  t.same(await fail(2, 'L', '192.0.2.1'), [0, 256_000], 'until then it is not');
  pass(HOUR_MS);
  t.same(await fail(6, 'L', '192.0.2.1'), [0, 0, 0, 0, 0, 1_000]);
});

t.test('a success forgets what the address got wrong on this link, and nothing else', async (t) => {
  const { attempts, fail } = trying();
  const first = { linkId: 'L', address: '192.0.2.1' };
  await fail(4, 'L', '192.0.2.1');
  await fail(5, 'M', '192.0.2.1');
  await fail(5, 'L', '192.0.2.2');
  t.equal(await attempts.reserve(first), 0);
  await attempts.succeeded(first);
  t.equal(await attempts.reserve({ linkId: 'M', address: '192.0.2.1' }), 1_000, 'another link');
  t.equal(await attempts.reserve({ linkId: 'L', address: '192.0.2.2' }), 1_000, 'another address');
  t.same(await fail(6, 'L', '192.0.2.1'), [0, 0, 0, 0, 0, 1_000]);
});

t.test('an attempt that was not looked at is taken back', async (t) => {
  const { attempts, fail } = trying();
  await fail(4, 'L', '192.0.2.1');
  const attempt = { linkId: 'L', address: '192.0.2.1' };
  for (let i = 0; i < 100; i++) {
    t.equal(await attempts.reserve(attempt), 0);
    await attempts.takeBack(attempt);
  }
  t.same(await fail(2, 'L', '192.0.2.1'), [0, 1_000]);
});

t.test('whoever knows the password may come as often as they like', async (t) => {
  const { attempts } = trying();
  for (let i = 0; i < 1_000; i++) {
    const attempt = { linkId: `L${i % 3}`, address: '192.0.2.1' };
    t.equal(await attempts.reserve(attempt), 0);
    await attempts.succeeded(attempt);
  }
});

t.test('one address on many links waits, too', async (t) => {
  const { attempts } = trying();
  const waits = await together(40, (i) => attempts.reserve({ linkId: `L${i}`, address: '192.0.2.1' }));
  t.equal(waits.filter((waitMs) => waitMs === 0).length, 30);
  t.equal(await attempts.reserve({ linkId: 'L0', address: '192.0.2.2' }), 0, 'and another one does not');
});

t.test('many addresses on one link make it wait half a minute at the most', async (t) => {
  const { attempts, pass } = trying();
  let longest = 0;
  for (let i = 0; i < 500; i++) {
    const attempt = { linkId: 'L', address: `198.51.${i >> 8}.${i & 255}` };
    const waitMs = await attempts.reserve(attempt);
    if (i < 50) t.equal(waitMs, 0);
    longest = Math.max(longest, waitMs);
    pass(waitMs);
    if (waitMs > 0) t.equal(await attempts.reserve(attempt), 0);
  }
  t.equal(longest, 30_000);
  t.equal(await attempts.reserve({ linkId: 'M', address: '198.51.0.1' }), 0, 'another link is another');
});

t.test('an address of one customer is that customer', async (t) => {
  const { attempts } = trying();
  const waits = await together(20, (i) =>
    attempts.reserve({ linkId: 'L', address: `2001:db8:1:2::${i.toString(16)}` }),
  );
  t.equal(waits.filter((waitMs) => waitMs === 0).length, 5);
  t.equal(await attempts.reserve({ linkId: 'L', address: '2001:db8:1:3::1' }), 0);
  t.equal(await attempts.reserve({ linkId: 'L', address: undefined }), 0);
});

t.test('a flood from many addresses forgets its oldest, and grows no further', async (t) => {
  const { attempts, fail } = trying();
  await fail(5, 'L', '192.0.2.1');
  for (let i = 0; i < 30_000; i++) {
    await attempts.reserve({ linkId: `M${i}`, address: `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}` });
  }
  t.equal(await attempts.reserve({ linkId: 'L', address: '192.0.2.1' }), 0);
});

t.test('a clock that was set back makes nobody wait longer than the longest delay', async (t) => {
  const { attempts, pass, fail } = trying();
  const attempt = { linkId: 'L', address: '192.0.2.1' };
  await fail(20, 'L', '192.0.2.1');
  pass(-24 * HOUR_MS);
  const waitMs = await attempts.reserve(attempt);
  t.equal(waitMs, 900_000);
  pass(899_999);
  t.equal(await attempts.reserve(attempt), 1);
  pass(1);
  t.equal(await attempts.reserve(attempt), 0);
});

t.test('the store is told neither addresses nor links', async (t) => {
  const asked: string[] = [];
  const attempts = new PasswordAttempts({
    count: async (names, rule) => {
      asked.push(...Object.values(names));
      return rule({ 'address-on-link': undefined, address: undefined, link: undefined }, 0).value;
    },
  });
  await attempts.reserve({ linkId: 'L1', address: '192.0.2.1' });
  await attempts.reserve({ linkId: 'L2', address: '192.0.2.1' });
  for (const name of asked) t.match(name, /^[\w-]{22}$/);
  t.equal(new Set(asked).size, 5, 'of one address on all links there is one');
});
