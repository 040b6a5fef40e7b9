/** Ranges of addresses: what is one, and what is in it. */

import t from 'tap';
import { isInRanges, parseAddressRange, rangesOf } from '../../src/links/address-ranges.js';

t.test('an address or a prefix of one is a range', async (t) => {
  const rows: readonly (readonly [string, number, string])[] = [
    ['10.0.0.7', 32, 'ipv4'],
    ['10.0.0.0/8', 8, 'ipv4'],
    ['10.0.0.0/32', 32, 'ipv4'],
    ['10.0.0.0/1', 1, 'ipv4'],
    ['fd00::/8', 8, 'ipv6'],
    ['::1', 128, 'ipv6'],
  ];
  for (const [text, length, family] of rows) t.match(parseAddressRange(text), { length, family }, text);
});

t.test('everything, nonsense and addresses with a zone are none', async (t) => {
  const wrong = [
    '',
    '/8',
    '0.0.0.0/0',
    '::/0',
    '10.0.0.0/33',
    '::/129',
    '10.0.0.0/',
    '10.0.0.0/-1',
    '10.0.0.0/8/8',
  ];
  const more = [
    '10.0.0',
    '10.0.0.256',
    'localhost',
    'unix:',
    'fe80::1%eth0',
    'fe80::%1/64',
    '10.0.0.0/8 ',
    '10.0.0.0/+8',
  ];
  for (const text of [...wrong, ...more]) t.equal(parseAddressRange(text), undefined, JSON.stringify(text));
});

t.test('an address is in a range of its family, also where IPv6 writes an IPv4 one', async (t) => {
  const ranges = rangesOf(['10.1.0.0/16', '192.0.2.7', 'fd00::/8']);
  const rows: readonly (readonly [string | undefined, boolean])[] = [
    ['10.1.255.255', true],
    ['10.2.0.0', false],
    ['192.0.2.7', true],
    ['192.0.2.8', false],
    ['::ffff:10.1.2.3', true],
    ['::ffff:10.2.2.3', false],
    ['fd12::1', true],
    ['fe80::1', false],
    ['fd12::1%eth0', false],
    ['unix:', false],
    ['', false],
    [undefined, false],
  ];
  for (const [address, inside] of rows) t.equal(isInRanges(ranges, address), inside, `${address}`);
  t.notOk(isInRanges(rangesOf([]), '10.1.0.0'));
});
