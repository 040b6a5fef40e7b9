// `npm run bench:memory`: the resident memory of an authorizer for caches of several sizes, after it was asked at
// random about many more paths than fit, of a store of a million grants (docs/operations.md). The questions go
// straight to its socket, as nginx would ask them.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createSigner } from 'fast-jwt';
import { HEAP_ARGS } from '../dist/host/heap.js';
import { openSqliteStore } from '../dist/storage/sqlite/open.js';

const CLI = fileURLToPath(new URL('../dist/cli.js', import.meta.url));
const SECRET = 'a-secret-for-the-bench-a-secret-for-the-bench';
const FILES = 100_000;
const FOLDERS = 100;
const GRANTS = 1_000_000;
const CONNECTIONS = 32;
const QUESTIONS = Number(process.env.BENCH_QUESTIONS ?? 1_000_000);
const SIZES = (process.env.BENCH_SIZES ?? '16m,64m,128m,256m').split(',');
const FLAGS = process.env.BENCH_NODE_OPTIONS?.split(' ') ?? HEAP_ARGS;

const home = mkdtempSync(join(tmpdir(), 'latchkey-memory-'));
try {
  mkdirSync(join(home, 'run'));
  await seed(join(home, 'latchkey.db'));
  console.log('cache     MiB at rest   after   peak   µs of CPU a question');
  for (const size of SIZES) await measure(size);
} finally {
  rmSync(home, { recursive: true });
}

async function measure(size) {
  const authorizer = spawn(process.execPath, [...FLAGS, CLI, 'authorizer'], {
    env: {
      ...process.env,
      LATCHKEY_DATA: home,
      LATCHKEY_JWT_SECRET: SECRET,
      LATCHKEY_USER: 'root',
      LATCHKEY_LOG_LEVEL: 'warn',
      LATCHKEY_CACHE_BYTES_MAX: size,
    },
    stdio: ['ignore', 2, 2, 'ipc'],
  });
  try {
    await new Promise((resolve) => authorizer.once('message', resolve));
    const rest = memory(authorizer.pid, 'VmRSS');
    const before = cpu(authorizer.pid);
    await Promise.all(Array.from({ length: CONNECTIONS }, (_, i) => ask(i, QUESTIONS / CONNECTIONS)));
    const micros = (cpu(authorizer.pid) - before) / QUESTIONS;
    const columns = [rest, memory(authorizer.pid, 'VmRSS'), memory(authorizer.pid, 'VmHWM')];
    const cells = [...columns, Math.round(micros)].map((n) => String(n).padStart(8));
    console.log(size.padEnd(14) + cells.join(''));
  } finally {
    authorizer.kill();
    await new Promise((resolve) => authorizer.once('exit', resolve));
  }
}

/** One connection that asks about one random file after another. */
function ask(seed, count) {
  const token = createSigner({ key: SECRET, algorithm: 'HS256' })({
    sub: 'alice',
    exp: Math.floor(Date.now() / 1000) + 86_400,
  });
  let state = seed * 2_654_435_761 + 1;
  const next = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0; // a linear congruential generator
    return Math.floor((state / 2 ** 32) * FILES);
  };
  return new Promise((resolve, reject) => {
    const socket = connect(join(home, 'run/authorizer-1.sock'));
    let asked = 0;
    const send = () => {
      if (asked === count) return socket.destroy();
      asked += 1;
      const f = next();
      socket.write(
        `GET /authorize/files/d${f % FOLDERS}/f${f}.bin HTTP/1.1\r\nHost: latchkey\r\nX-Latchkey-Method: GET\r\nAuthorization: Bearer ${token}\r\n\r\n`,
      );
    };
    socket.on('connect', send);
    socket.on('data', (answer) => {
      if (answer.toString('latin1', 9, 12) !== '200') reject(new Error(answer.toString()));
      send();
    });
    socket.on('error', reject);
    socket.on('close', resolve);
  });
}

/** Microseconds, of all its threads: the clock would also see what else the machine does. */
function cpu(pid) {
  const [, , , , , , , , , , , user = 0, system = 0] = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .split(') ')[1]
    .split(' ');
  return (Number(user) + Number(system)) * 10_000;
}

/** MiB. */
function memory(pid, name) {
  const kib = new RegExp(`${name}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Math.round(Number(kib) / 1024);
}

/** Alice may read every folder; the rest of the grants are other people's, on the same files. */
async function seed(file) {
  const rest = { action: 'read', effect: 'allow', notBefore: undefined, expiresAt: undefined };
  async function* batches() {
    yield Array.from({ length: FOLDERS }, (_, d) => ({ principal: 'user:alice', path: `/d${d}/`, ...rest }));
    for (let i = FOLDERS; i < GRANTS; i += 1000) {
      yield Array.from({ length: 1000 }, (_, j) => {
        const f = ((i + j) * 7919) % FILES;
        const principal = `user:u${Math.floor((i + j) / FILES)}`;
        return { principal, path: `/d${f % FOLDERS}/f${f}.bin`, ...rest };
      });
    }
  }
  const store = openSqliteStore(file);
  await store.acl.importGrants(batches());
  await store.close();
}
