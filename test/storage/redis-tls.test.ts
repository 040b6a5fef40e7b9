/** TLS to a real Redis: whom a client connects to, whom it refuses, and what an operator is told; never the password. */

import { renameSync } from 'node:fs';
import t from 'tap';
import { parseRedisAddress } from '../../src/storage/change-feed/redis-address.js';
import { openRedisClient, withoutSecrets } from '../../src/storage/change-feed/redis-client.js';
import { RedisFeed } from '../../src/storage/change-feed/redis-feed.js';
import { authority } from '../certificates.js';
import { ownFolder } from '../commands/program.js';
import { freePort } from '../nginx/free-port.js';
import { until } from '../nginx/running-site.js';
import { plainServer } from '../plain-server.js';
import { redisServer } from './redis-server.js';

const PASSWORD = 'Correct-Horse';
const LIMIT_MS = 20_000;
const PONG = /^PONG$/;
const folder = ownFolder(t);
const ours = authority(folder, 'ours');
const others = authority(folder, 'others');
const certificate = ours.issue('localhost');
const expired = ours.issue('localhost', { days: -1 });
const client = ours.issue('latchkey');

const port = await freePort();
const server = await redisServer(t, {
  words: [
    ...['--tls-port', String(port), '--tls-ca-cert-file', ours.cert, '--tls-auth-clients', 'no'],
    ...['--tls-cert-file', certificate.cert, '--tls-key-file', certificate.key],
  ],
});
server.cli('ACL', 'SETUSER', 'latchkey', 'on', `>${PASSWORD}`, 'allcommands', 'allchannels', 'allkeys');

const served = {
  'its certificate': { ...certificate, clients: 'no' },
  'one that has expired': { ...expired, clients: 'no' },
  'its certificate, and wants ours': { ...certificate, clients: 'yes' },
} as const;

function serve({ cert, key, clients }: (typeof served)[keyof typeof served]): void {
  const files = ['tls-cert-file', cert, 'tls-key-file', key];
  t.equal(server.cli('CONFIG', 'SET', ...files, 'tls-auth-clients', clients), 'OK');
}

interface Asked {
  readonly words: Readonly<Record<string, string>>;
  readonly host?: string;
  readonly at?: number;
}

/** All that it comes to, until that is told, or it was let in: on a busy machine one attempt may be too slow. */
async function answers({ words, host = 'localhost', at = port }: Asked, told: RegExp): Promise<string[]> {
  const query = new URLSearchParams(words);
  const address = parseRedisAddress(`rediss://latchkey:${PASSWORD}@${host}:${at}?${query}`);
  const heard: string[] = [];
  const redis = openRedisClient(address, (error) => heard.push(withoutSecrets(error, address).message));
  const ping = () =>
    redis.ping().then(
      (pong) => heard.push(pong),
      (error) => heard.push(String(error)),
    );
  redis.on('ready', () => void ping());
  try {
    const isOver = (all: readonly string[]) => all.some((one) => told.test(one) || PONG.test(one));
    return await until(async () => heard, isOver, LIMIT_MS);
  } finally {
    redis.disconnect();
  }
}

type Case = readonly [name: string, asked: Asked, told: RegExp];

const TRUSTED = { cacert: ours.cert };
const AUTHORITY = /its certificate is not known here; name that one's certificate with cacert=/;
const BY_STATE: Readonly<Record<keyof typeof served, readonly Case[]>> = {
  'its certificate': [
    ['the right authority', { words: TRUSTED }, PONG],
    ['no authority that is known', { words: {} }, AUTHORITY],
    ['another authority', { words: { cacert: others.cert } }, AUTHORITY],
    [
      'another name',
      { words: TRUSTED, host: '127.0.0.1' },
      /127\.0\.0\.1.*: name the host as its certificate does/,
    ],
    [
      'a file that is not there',
      { words: { cacert: `${folder}/none.pem` } },
      /none\.pem.*: cacert= and .* name files that may be read/,
    ],
    ['a server without TLS', { words: TRUSTED, at: server.port }, /away, or speaks no TLS on that port/],
  ],
  'one that has expired': [
    [
      'a certificate that has expired',
      { words: TRUSTED },
      /certificate has expired: renew the certificate there/,
    ],
  ],
  'its certificate, and wants ours': [
    ['one of ours', { words: { ...TRUSTED, cert: client.cert, key: client.key } }, PONG],
    ['none of ours', { words: TRUSTED }, /wants a certificate of ours; name it with cert= and key=/],
  ],
};

for (const [state, cases] of Object.entries(BY_STATE)) {
  t.test(`the server has: ${state}`, async (t) => {
    serve(served[state as keyof typeof served]);
    for (const [name, asked, told] of cases) {
      await t.test(name, async (t) => {
        const heard = await answers(asked, told);
        t.ok(
          heard.some((one) => told.test(one)),
          heard.join(),
        );
        t.notMatch(heard.join(), PASSWORD);
        if (told !== PONG) t.notOk(heard.some((one) => PONG.test(one)));
      });
    }
  });
}

t.test('somebody in the middle who speaks no TLS gets no password', async (t) => {
  const middle = await plainServer(t, () => '+OK\r\n');
  const asked = { words: TRUSTED, host: '127.0.0.1', at: middle.port };
  await answers(asked, /does not speak TLS/);
  t.not(middle.heard(), '');
  t.notMatch(middle.heard(), PASSWORD);
});

t.test('a feed is away while its authority is, and comes back with it', async (t) => {
  serve(served['its certificate']);
  const { cert: file } = authority(folder, 'coming');
  renameSync(file, `${file}.away`);
  const address = parseRedisAddress(`rediss://latchkey:${PASSWORD}@localhost:${port}?cacert=${file}`);
  const lost: Error[] = [];
  let found = 0;
  const feed = new RedisFeed(address, {
    onLost: (error) => void lost.push(error as Error),
    onFound: () => {
      found += 1;
    },
  });
  t.teardown(() => feed.close());
  feed.listen({ onRevision: () => undefined, onListening: () => undefined });
  await until(
    async () => lost.length,
    (length) => length > 0,
    LIMIT_MS,
  );
  t.match(lost[0], { message: /coming\.pem.*: cacert= and .* name files that may be read/ });
  t.notOk(feed.isListening);
  renameSync(ours.cert, file);
  await until(
    async () => feed.isListening,
    (is) => is,
    LIMIT_MS,
  );
  t.ok(found > 0);
});
