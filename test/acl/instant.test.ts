/**
 * Instants and durations as people write them. What is stored must come out again as it went in: an instant that
 * could not be written would break every later listing and export.
 */

import t from 'tap';
import { formatInstant, isInstant, parseDuration, parseInstant } from '../../src/acl/instant.js';

t.test('an instant is ISO 8601 with a zone, or a date alone, which is its first moment in UTC', async (t) => {
  const good = {
    '2027-01-31': '2027-01-31T00:00:00.000Z',
    '2027-01-31T12:00Z': '2027-01-31T12:00:00.000Z',
    '2027-01-31T12:00:30Z': '2027-01-31T12:00:30.000Z',
    '2027-01-31T12:00:00.5Z': '2027-01-31T12:00:00.500Z',
    '2027-01-31T00:30:00.000+01:00': '2027-01-30T23:30:00.000Z',
    '2028-02-29': '2028-02-29T00:00:00.000Z',
    '0000-01-01': '0000-01-01T00:00:00.000Z',
    '9999-12-31T23:59:59.999Z': '9999-12-31T23:59:59.999Z',
  };
  for (const [text, iso] of Object.entries(good)) {
    const instant = parseInstant(text);
    t.equal(instant === undefined ? undefined : formatInstant(instant), iso, text);
  }
});

t.test('anything else is none', async (t) => {
  const bad = [
    ['', 'nothing'],
    ['2027-01-31T12:00:00', 'a time without a zone would be one hour here and another there'],
    ['2027-01-31 12:00:00Z', 'a space in it'],
    ['2027-02-30', '30 February'],
    ['2027-02-29T12:00:00Z', '29 February of a common year'],
    ['2027-13-01', 'a thirteenth month'],
    ['2027-01-31T25:00:00Z', 'a 25th hour'],
    ['1800000000', 'seconds'],
    ['1800000000000', 'milliseconds'],
    ['tomorrow', 'a word'],
    ['2027-01-31T12:00:00z', 'a small z'],
    ['+012027-01-31', 'six digits of a year'],
    ['9999-12-31T23:59:59.999-01:00', 'the year 10000 in UTC'],
    ['0000-01-01T00:00:00+01:00', 'a year before 0000 in UTC'],
  ] as const;
  for (const [text, name] of bad) t.equal(parseInstant(text), undefined, `${name}: '${text}'`);
});

t.test('a duration is a whole number of seconds, minutes, hours, days or weeks', async (t) => {
  const good = {
    '90s': 90e3,
    '30m': 1800e3,
    '48h': 172_800e3,
    '7d': 604_800e3,
    '2w': 1_209_600e3,
    '01h': 3600e3,
  };
  for (const [text, duration] of Object.entries(good)) t.equal(parseDuration(text), duration, text);
  const bad = ['', '0s', '-1h', '1', 'h', '1.5h', '1 h', '1H', '1y', '1h30m', '9999999999s', '999999999w'];
  for (const text of bad) t.equal(parseDuration(text), undefined, `'${text}' is none`);
});

t.test('milliseconds are an instant when ISO 8601 can write them with a year of four digits', async (t) => {
  const first = Date.parse('0000-01-01T00:00:00.000Z');
  const last = Date.parse('9999-12-31T23:59:59.999Z');
  for (const good of [0, first, last]) t.equal(isInstant(good), true, String(good));
  for (const bad of [first - 1, last + 1, 8.64e15, 9e15, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    t.equal(isInstant(bad), false, String(bad));
  }
});
