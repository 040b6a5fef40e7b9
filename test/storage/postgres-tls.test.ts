/** TLS to a real PostgreSQL: whom it connects to, whom it refuses, and what an operator is told; never the password. */

import { copyFileSync, renameSync, writeFileSync } from 'node:fs';
import { inspect } from 'node:util';
import t from 'tap';
import type { Store } from '../../src/acl/ports.js';
import { openPostgresStore } from '../../src/storage/postgres/open.js';
import { authority } from '../certificates.js';
import { ownFolder } from '../commands/program.js';
import { freePort } from '../nginx/free-port.js';
import { until } from '../nginx/running-site.js';
import { plainServer } from '../plain-server.js';
import { postgres } from '../postgres.js';

const PASSWORD = 'Correct-Horse';
const LIMIT_MS = 20_000;
const folder = ownFolder(t);
const ours = authority(folder, 'ours');
const others = authority(folder, 'others');
const certificate = ours.issue('localhost');
const expired = ours.issue('localhost', { days: -1 });
const client = ours.issue('certified');

const HBA = `
local   all all                 trust
hostssl all certified localhost cert
hostssl all all       localhost scram-sha-256
`;

const port = await freePort();
const server = await postgres(t, undefined, {
  port,
  prepare: (cluster) => {
    for (const [name, { cert, key }] of Object.entries({ server: certificate, expired })) {
      copyFileSync(cert, `${cluster}/${name}.pem`);
      copyFileSync(key, `${cluster}/${name}.key`);
    }
    copyFileSync(ours.cert, `${cluster}/ca.pem`);
    writeFileSync(`${cluster}/pg_hba.conf`, HBA);
    return ['listen_addresses=localhost', `hba_file=${cluster}/pg_hba.conf`, `ssl_ca_file=${cluster}/ca.pem`];
  },
});
const superuser = await server.client();
await superuser.query(`ALTER USER latchkey PASSWORD '${PASSWORD}'`);
await superuser.query('CREATE ROLE certified LOGIN SUPERUSER');

/** New connections find it so. */
async function serve(certified: 'server' | 'expired' | 'nothing'): Promise<void> {
  const [ssl, name] = certified === 'nothing' ? ['off', 'server'] : ['on', certified];
  const place = `${server.folder}/${name}`;
  for (const [setting, value] of [
    ['ssl_cert_file', `${place}.pem`],
    ['ssl_key_file', `${place}.key`],
    ['ssl', ssl],
  ]) {
    await superuser.query(`ALTER SYSTEM SET ${setting} = '${value}'`);
  }
  await superuser.query('SELECT pg_reload_conf()');
  const shown = async () => {
    const { rows } = await (await server.client()).query(
      "SELECT current_setting('ssl') || current_setting('ssl_cert_file') AS shown",
    );
    return rows[0].shown as string;
  };
  await until(shown, (is) => is === `${ssl}${place}.pem`, LIMIT_MS);
}

interface Asked {
  readonly words: Readonly<Record<string, string>>;
  readonly host?: string;
  readonly login?: string;
  readonly at?: number;
}

function urlOf({ words, host = 'localhost', login = `latchkey:${PASSWORD}`, at = port }: Asked): string {
  return `postgres://${login}@${host}:${at}/postgres?${new URLSearchParams(words)}`;
}

type Case = readonly [name: string, asked: Asked, refused?: RegExp];

const FULL = { sslmode: 'verify-full', sslrootcert: ours.cert };
const AUTHORITY = /its certificate is not known here; name that one's certificate with sslrootcert=/;
const BY_STATE: Readonly<Record<Parameters<typeof serve>[0], readonly Case[]>> = {
  server: [
    ['the right authority', { words: FULL }],
    ['the authority alone, which means verify-full', { words: { sslrootcert: ours.cert } }],
    ['nobody is asked who it is', { words: { sslmode: 'no-verify' } }],
    [
      'a certificate of ours, and no password',
      { words: { ...FULL, sslcert: client.cert, sslkey: client.key }, login: 'certified' },
    ],
    ['none of ours', { words: FULL, login: 'certified' }, /requires a valid client certificate/],
    ['no authority that is known', { words: { sslmode: 'verify-full' } }, AUTHORITY],
    ['another authority', { words: { ...FULL, sslrootcert: others.cert } }, AUTHORITY],
    [
      'another name',
      { words: FULL, host: '127.0.0.1' },
      /IP: 127\.0\.0\.1 is not in the cert's list.*: name the host as its certificate does/,
    ],
    ['without TLS, where the server wants it', { words: { sslmode: 'disable' } }, /no encryption/],
    [
      'a file that is not there',
      { words: { ...FULL, sslrootcert: `${folder}/none.pem` } },
      /none\.pem.*: sslrootcert= and .* name files that may be read/,
    ],
    [
      'a file that is no certificate',
      { words: { ...FULL, sslrootcert: `${ours.key}` } },
      /authority of its certificate is not known|PEM/,
    ],
  ],
  expired: [
    [
      'a certificate that has expired',
      { words: FULL },
      /certificate has expired: renew the certificate there/,
    ],
    ['expired, and nobody asks', { words: { sslmode: 'no-verify' } }],
  ],
  nothing: [
    ['a server without TLS', { words: FULL }, /does not support SSL connections: turn on 'ssl' there/],
    ['a server without TLS, and nobody asks who', { words: { sslmode: 'no-verify' } }, /turn on 'ssl' there/],
  ],
};

for (const [state, cases] of Object.entries(BY_STATE)) {
  t.test(`the server has: ${state}`, async (t) => {
    await serve(state as keyof typeof BY_STATE);
    for (const [name, asked, refused] of cases) {
      await t.test(name, async (t) => {
        const opened = await openPostgresStore(urlOf(asked)).catch((error: Error) => error);
        if (refused === undefined) {
          if (opened instanceof Error) throw opened;
          t.teardown(() => opened.close());
          return void t.equal(await encrypted(opened), true);
        }
        if (!(opened instanceof Error)) await opened.close();
        t.match(opened, { name: 'NotKnown', code: 'store-unavailable', message: refused });
        t.notMatch(inspect(opened, { depth: Number.POSITIVE_INFINITY }), PASSWORD);
      });
    }
  });
}

/** By what the server says of all that this process has open. */
async function encrypted(store: Store): Promise<boolean> {
  await store.acl.revision();
  const { rows } = await superuser.query(
    `SELECT bool_and(ssl) AS all FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'latchkey'`,
  );
  return rows[0].all;
}

const NO_TLS = 'N';
const SEND_THE_PASSWORD = Buffer.from('R\0\0\0\x08\0\0\0\x03', 'latin1');
const ANSWERS: Readonly<Record<string, (count: number) => string | Buffer>> = {
  'that it has no TLS, then asks for the password': (count) => (count === 1 ? NO_TLS : SEND_THE_PASSWORD),
  'by asking for the password': () => SEND_THE_PASSWORD,
  'that it has TLS, then asks for the password': (count) => (count === 1 ? 'S' : SEND_THE_PASSWORD),
  'all of it at once': () => Buffer.concat([Buffer.from('S'), SEND_THE_PASSWORD]),
};

for (const [name, answer] of Object.entries(ANSWERS)) {
  t.test(`somebody in the middle gets no password, who answers ${name}`, async (t) => {
    for (const words of [FULL, { sslmode: 'no-verify' }]) {
      const middle = await plainServer(t, (_, count) => answer(count));
      const at = { host: '127.0.0.1', at: middle.port };
      await t.rejects(openPostgresStore(urlOf({ words, ...at })), { code: 'store-unavailable' });
      t.not(middle.heard(), '');
      t.notMatch(middle.heard(), PASSWORD, words.sslmode);
    }
  });
}

t.test('the one in the middle would have heard it', async (t) => {
  const middle = await plainServer(t, () => SEND_THE_PASSWORD);
  const opened = openPostgresStore(
    urlOf({ words: { sslmode: 'disable' }, host: '127.0.0.1', at: middle.port }),
  );
  opened.catch(() => undefined);
  await until(
    async () => middle.heard(),
    (heard) => heard.includes(PASSWORD),
    LIMIT_MS,
  );
  await t.rejects(opened);
});

t.test('an authority that vanishes while many wait for a connection ends nobody', async (t) => {
  await serve('server');
  const [file, away] = [`${folder}/vanishing.pem`, `${folder}/vanished.pem`];
  copyFileSync(ours.cert, file);
  const store = await openPostgresStore(urlOf({ words: { ...FULL, sslrootcert: file } }));
  t.teardown(() => store.close());
  const holding = await server.client();
  await holding.query('BEGIN; LOCK TABLE latchkey.state IN ACCESS EXCLUSIVE MODE');
  const asked = Promise.allSettled(Array.from({ length: 40 }, () => store.acl.revision()));
  const waiting = "FROM pg_stat_activity WHERE application_name = 'latchkey' AND wait_event_type = 'Lock'";
  await until(
    async () => (await superuser.query(`SELECT count(*)::int AS n ${waiting}`)).rows[0].n as number,
    (n) => n === 4,
    LIMIT_MS,
  );
  renameSync(file, away);
  await superuser.query(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'latchkey'",
  );
  for (const one of await asked) t.match(one, { reason: { code: 'store-unavailable' } });
  const told = () => store.acl.revision().then(String, ({ message }) => message as string);
  await until(told, (message) => /vanishing\.pem.*sslrootcert=/.test(message), LIMIT_MS);
  renameSync(away, file);
  await holding.query('ROLLBACK');
  t.equal(await store.acl.revision(), 0, 'and it comes back with the file');
});
