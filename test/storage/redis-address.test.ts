/** LATCHKEY_REDIS_URL, as it is read; and what is refused, without a word of the password. */

import t from 'tap';
import { parseRedisAddress } from '../../src/storage/change-feed/redis-address.js';

const PLAIN = {
  kind: 'server',
  tls: undefined,
  hosts: [{ host: 'r1', port: 6379 }],
  username: undefined,
  password: undefined,
  sentinelPassword: undefined,
  master: undefined,
  db: 0,
  prefix: 'latchkey:',
};

const SYSTEM_TLS = { cacert: undefined, cert: undefined, key: undefined };

const ADDRESSES: readonly (readonly [string, object])[] = [
  ['redis://r1', {}],
  ['redis://r1/', {}],
  ['redis://r1:7000/3', { hosts: [{ host: 'r1', port: 7000 }], db: 3 }],
  ['redis://[::1]:7000', { hosts: [{ host: '::1', port: 7000 }] }],
  ['rediss://r1', { tls: SYSTEM_TLS }],
  ['rediss://r1?cacert=/etc/ca.pem', { tls: { ...SYSTEM_TLS, cacert: '/etc/ca.pem' } }],
  [
    'rediss://r1?cacert=/ca.pem&cert=/c.pem&key=/my%20k.pem',
    { tls: { cacert: '/ca.pem', cert: '/c.pem', key: '/my k.pem' } },
  ],
  ['redis://:p%40ss:word@r1', { password: 'p@ss:word' }],
  ['redis://alice:secret@r1', { username: 'alice', password: 'secret' }],
  ['redis://r1?prefix=site1:', { prefix: 'site1:' }],
  ['redis+sentinel://r1/main', { kind: 'sentinel', hosts: [{ host: 'r1', port: 26379 }], master: 'main' }],
  [
    'rediss+sentinel://:pw@r1:1,r2/main/2?sentinel-password=other',
    {
      kind: 'sentinel',
      tls: SYSTEM_TLS,
      hosts: [
        { host: 'r1', port: 1 },
        { host: 'r2', port: 26379 },
      ],
      password: 'pw',
      sentinelPassword: 'other',
      master: 'main',
      db: 2,
    },
  ],
  [
    'redis+cluster://r1,r2:7001',
    {
      kind: 'cluster',
      hosts: [
        { host: 'r1', port: 6379 },
        { host: 'r2', port: 7001 },
      ],
    },
  ],
];

for (const [url, says] of ADDRESSES) {
  t.test(url, async (t) => t.strictSame(parseRedisAddress(url), { ...PLAIN, ...says }));
}

const REFUSED: readonly (readonly [string, RegExp])[] = [
  ['http://:secret@r1', /takes redis:/],
  ['redis://', /takes redis:/],
  ['redis://:secret@r1:0', /host/],
  ['redis://:secret@r1:65536', /host/],
  ['redis://:secret@r1:x', /host/],
  ['redis://:secret@r1,r2', /several hosts/],
  ['redis://:secret@r1/one', /number of a database/],
  ['redis://:secret@r1/0/1', /more/],
  ['redis+sentinel://:secret@r1', /no master/],
  ['redis+cluster://:secret@r1/1', /one only/],
  ['redis://:secret%zz@r1', /%25/],
  ['redis://:secret@r1?db=1', /knows no db=/],
  ['redis://:secret@r1?cacert=/ca.pem', /cacert= without TLS: write rediss:/],
  ['rediss://:secret@r1?cacert=ca.pem', /cacert= that is no absolute path/],
  ['rediss://:secret@r1?cert=/c.pem', /one of cert= and key=/],
];

for (const [url, message] of REFUSED) {
  t.test(`refused: ${url}`, async (t) => {
    let refusal: Error | undefined;
    try {
      parseRedisAddress(url);
    } catch (error) {
      refusal = error as Error;
    }
    t.match(refusal?.message, message);
    t.notMatch(refusal?.message, /secret/);
  });
}
