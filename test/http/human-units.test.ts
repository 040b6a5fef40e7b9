import t from 'tap';
import { humanDuration, humanInstant, humanSize } from '../../src/http/human-units.js';

t.test('sizes have two figures at the least, and never 1000 of a unit', async (t) => {
  const table = [
    [0, '0 B'],
    [1, '1 B'],
    [999, '999 B'],
    [1000, '1.0 kB'],
    [1049, '1.0 kB'],
    [1051, '1.1 kB'],
    [9949, '9.9 kB'],
    [9950, '10 kB'],
    [999_499, '999 kB'],
    [999_500, '1.0 MB'],
    [12_345_678, '12 MB'],
    [5_000_000_000, '5.0 GB'],
    [9_007_199_254_740_991, '9.0 PB'],
    [1e19, '10000 PB'],
  ] as const;
  for (const [bytes, text] of table) t.equal(humanSize(bytes), text, String(bytes));
});

t.test('instants are told in UTC, to the minute, and one that no calendar has is not told', async (t) => {
  t.equal(humanInstant(Date.UTC(2026, 10, 25, 14, 3, 59, 999)), '2026-11-25 14:03 UTC');
  t.equal(humanInstant(0), '1970-01-01 00:00 UTC');
  t.equal(humanInstant(-1), '1969-12-31 23:59 UTC');
  for (const none of [Number.NaN, Number.POSITIVE_INFINITY, 8.7e15, Date.UTC(10_000, 0)])
    t.equal(humanInstant(none), '');
});

t.test('durations are told whole, in the largest unit that divides them', async (t) => {
  const table = [
    [1, '1 second'],
    [59, '59 seconds'],
    [60, '1 minute'],
    [5_400, '90 minutes'],
    [3_601, '3601 seconds'],
    [86_400, '1 day'],
    [90_000, '25 hours'],
    [30 * 86_400, '30 days'],
  ] as const;
  for (const [seconds, text] of table) t.equal(humanDuration(seconds), text, String(seconds));
});
