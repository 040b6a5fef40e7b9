/** Which addresses are one customer's, and that no two customers have one key. */

import t from 'tap';
import { addressKey } from '../../src/acl/address-key.js';

t.test('one customer has one key', async (t) => {
  const same = [
    ['192.0.2.1', '::ffff:192.0.2.1', '::FFFF:192.0.2.1'],
    [
      '2001:db8:1:2::1',
      '2001:db8:1:2:ffff:ffff:ffff:ffff',
      '2001:0DB8:0001:0002::',
      '2001:db8:1:2:3:4:192.0.2.1',
    ],
    ['::1', '::2', '0:0:0:0:0:0:0:1', '0:0::'],
    ['fe80::1', 'fe80:0:0:0:1::'],
    ['unix:', 'unix:'],
    ['', undefined],
  ];
  const keys = same.map((addresses) => new Set(addresses.map(addressKey)));
  for (const [i, key] of keys.entries()) t.equal(key.size, 1, `${same[i]}: ${[...key]}`);
  t.equal(new Set(keys.flatMap((key) => [...key])).size, same.length, 'and no two of them the same');
  t.not(addressKey('2001:db8:1:2::1'), addressKey('2001:db8:1:3::1'), 'a /64 is one customer');
});
