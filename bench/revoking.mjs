// `LATCHKEY_DATABASE_URL=postgres://… node bench/revoking.mjs`: how long a revoke takes until three authorizers decide
// by it, and how long until each refuses. LATCHKEY_REDIS_URL as for the services. The database is written to: use an
// empty schema, such as postgres://…?schema=bench.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSigner } from 'fast-jwt';
import { parseRedisAddress } from '../dist/storage/change-feed/redis-address.js';
import { RedisFeed } from '../dist/storage/change-feed/redis-feed.js';
import { openPostgresStore } from '../dist/storage/postgres/open.js';
import { openPostgresAuthorizers } from '../dist/storage/postgres/open-fleet.js';
import { WaitingReceipts } from '../dist/storage/waiting-receipts.js';

const REVOKES = Number(process.argv[2] ?? 500);
const AUTHORIZERS = 3;
const SECRET = 'x'.repeat(32);
const { LATCHKEY_DATABASE_URL: database, LATCHKEY_REDIS_URL: redis } = process.env;
const FILE = '/team/plan.pdf';
const grant = { principal: 'user:bob', path: FILE, action: 'read', effect: 'allow' };

const home = mkdtempSync(join(tmpdir(), 'latchkey-revoking-'));
const children = [];
const quiet = { onLost: () => {}, onFound: () => {} };
const feed = redis === undefined ? undefined : new RedisFeed(parseRedisAddress(redis), quiet);
const store = await openPostgresStore(database, undefined, (revision) => feed?.publish(revision));
const { authorizers, close } = openPostgresAuthorizers(database);
const receipts = new WaitingReceipts(authorizers, { monotonic: () => performance.now(), wall: Date.now });
try {
  const sockets = [];
  for (let n = 1; n <= AUTHORIZERS; n++) sockets.push(await startAuthorizer(`${home}/${n}`));
  const confirmed = [];
  const refused = [];
  let late = 0;
  for (let i = 0; i < REVOKES; i++) {
    await receipts.receiptOf((await store.acl.putGrants([grant])).revision);
    await Promise.all(sockets.map(ask));
    const { revision } = await store.acl.removeGrants({ ...grant, actions: ['read'] });
    const returned = performance.now();
    const first = Promise.all(sockets.map((socket) => untilRefused(socket)));
    const { confirmed: count } = await receipts.receiptOf(revision);
    confirmed.push(performance.now() - returned);
    if (count === AUTHORIZERS && (await Promise.all(sockets.map(ask))).includes(200)) late += 1;
    await first;
    refused.push(performance.now() - returned);
  }
  console.log(`${REVOKES} revokes, ${AUTHORIZERS} authorizers, ${redis === undefined ? 'LISTEN' : 'Redis'}`);
  console.log(`until all have confirmed, ms: ${figures(confirmed)}`);
  console.log(`until the last one refuses, ms: ${figures(refused)}`);
  console.log(`allowed after a receipt: ${late}`);
} finally {
  for (const child of children) child.kill();
  await Promise.all([feed?.close(), store.close(), close()]);
  rmSync(home, { recursive: true, force: true });
}

async function startAuthorizer(data) {
  const env = { ...process.env, LATCHKEY_JWT_SECRET: SECRET, LATCHKEY_DATA: data };
  const child = spawn(process.execPath, ['dist/cli.js', 'authorizer'], {
    env,
    stdio: ['ignore', 'inherit', 'pipe'],
  });
  children.push(child);
  for await (const line of child.stderr) if (String(line).includes('Server listening')) break;
  child.stderr.resume();
  return `${data}/run/authorizer-1.sock`;
}

async function untilRefused(socketPath) {
  while ((await ask(socketPath)) === 200) {}
}

function ask(socketPath) {
  const sign = createSigner({ key: SECRET, algorithm: 'HS256' });
  const headers = {
    'X-Latchkey-Method': 'GET',
    Authorization: `Bearer ${sign({ sub: 'bob', exp: Math.floor(Date.now() / 1000) + 60 })}`,
  };
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, path: `/authorize/files${FILE}`, headers }, (answer) => {
      answer.resume().on('end', () => resolve(answer.statusCode));
    });
    asked.on('error', reject).end();
  });
}

function figures(times) {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (part) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))].toFixed(0);
  return `p50 ${at(0.5)}, p90 ${at(0.9)}, p99 ${at(0.99)}, max ${at(1)}`;
}
