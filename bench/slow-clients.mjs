// `npm run bench:slow-clients`: what 200 uploads that trickle in take from those who download. Rounds are interleaved
// (without, with, without, …) and the medians printed as a ratio, since the machines are shared and noisy. Half of the
// clients PUT, which nginx writes by itself, and half send a form, which passes through the files service.
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { CLI, SECRET, tokenOf } from './authorizer.mjs';
import { ended } from './ends.mjs';
import { filesServiceOf, median } from './measure.mjs';

const PORT = 18212;
const CLIENTS = 200;
const TRICKLE_MS = 500;
const KIB = 1024;
const WANTED = 0.8;
const quick = process.argv.includes('--quick');
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? (quick ? 3 : 7));
const SECONDS = 3;

const token = tokenOf('alice');
const home = mkdtempSync(join(tmpdir(), 'latchkey-slow-'));
chmodSync(home, 0o755);
const data = join(home, 'data');
const up = spawn(process.execPath, [CLI, 'up', '--port', String(PORT)], {
  env: {
    ...process.env,
    LATCHKEY_DATA: data,
    LATCHKEY_JWT_SECRET: SECRET,
    LATCHKEY_LOG_LEVEL: 'silent',
    LATCHKEY_UPLOAD_SPEED_MIN: '0',
    LATCHKEY_USER_UPLOADS_MAX: String(CLIENTS),
  },
  stdio: ['ignore', 'pipe', 'inherit'],
});
try {
  await new Promise((resolve) => up.stdout.on('data', (text) => `${text}`.includes('ready') && resolve()));
  for (const [name, kib] of [
    ['small', 4],
    ['large', 1024],
  ]) {
    put(name, kib);
    const [without, withThem] = [[], []];
    for (let round = -1; round < ROUNDS; round++) {
      const bare = await download(name);
      const clients = await trickle();
      const busy = await download(name);
      const there = clients.filter(({ readyState }) => readyState === 'open').length;
      if (there !== CLIENTS) throw new Error(`only ${there} of ${CLIENTS} are still sending`);
      for (const client of clients) client.destroy();
      await partialsGone();
      if (round < 0) continue;
      without.push(bare);
      withThem.push(busy);
    }
    const ratio = median(withThem) / median(without);
    const rates = `${Math.round(median(without))} a second without, ${Math.round(median(withThem))} with`;
    console.log(`${kib} KiB: ${rates} ${CLIENTS} that trickle: ${ratio.toFixed(2)} (${WANTED} wanted)`);
  }
  const descriptors = readdirSync(`/proc/${filesServiceOf(up.pid)}/fd`);
  console.log(`descriptors of the files service afterwards: ${descriptors.length}`);
} finally {
  await ended(up);
  rmSync(home, { recursive: true, force: true });
}

function put(name, kib) {
  const source = join(home, name);
  mkdirSync(home, { recursive: true });
  writeFileSync(source, Buffer.alloc(kib * KIB, 'x'));
  const url = `http://127.0.0.1:${PORT}/files/users/alice/${name}`;
  const args = [
    '-sS',
    '--fail',
    '-H',
    `Authorization: Bearer ${token}`,
    '-T',
    source,
    '-o',
    '/dev/null',
    url,
  ];
  const { status, stderr } = spawnSync('curl', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`curl: ${stderr}`);
}

/** Downloads a second. */
async function download(name) {
  const url = `http://127.0.0.1:${PORT}/files/users/alice/${name}`;
  const args = ['-t1', '-c16', `-d${SECONDS}s`, '-H', `Authorization: Bearer ${token}`, url];
  // Not waited for in this thread: the clients go on trickling meanwhile.
  const wrk = spawn('wrk', args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let stdout = '';
  wrk.stdout.setEncoding('utf8').on('data', (text) => {
    stdout += text;
  });
  await new Promise((resolve) => wrk.once('close', resolve));
  if (/Non-2xx/.test(stdout)) throw new Error(stdout);
  return Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)[1]);
}

/** Each has begun its upload and goes on with it, a byte at a time. */
async function trickle() {
  const clients = Array.from({ length: CLIENTS }, (_, i) => client(i));
  await Promise.all(clients.map(({ ready }) => ready));
  await wait(200);
  return clients.map(({ socket }) => socket);
}

function client(i) {
  const isForm = i % 2 === 0;
  const head = [
    isForm ? 'POST /files/users/alice/ HTTP/1.1' : `PUT /files/users/alice/slow-${i} HTTP/1.1`,
    'Host: bench',
    `Authorization: Bearer ${token}`,
    'Content-Length: 1000000',
    ...(isForm ? ['Content-Type: multipart/form-data; boundary=b'] : []),
    '',
    isForm ? `--b\r\nContent-Disposition: form-data; name="f"; filename="form-${i}"\r\n\r\nx` : 'x',
  ];
  const socket = connect(PORT, '127.0.0.1');
  const ready = new Promise((resolve, reject) => {
    socket.once('connect', () => socket.write(head.join('\r\n'), resolve));
    socket.once('error', reject);
  });
  const timer = setInterval(() => socket.write('x'), TRICKLE_MS);
  socket.on('close', () => clearInterval(timer));
  return { socket, ready };
}

async function partialsGone() {
  const isPartial = (name) => !['nginx', 'tus', 'trash'].includes(name);
  for (let i = 0; i < 100; i++) {
    const left = [
      ...readdirSync(join(data, 'partial')).filter(isPartial),
      ...readdirSync(join(data, 'partial/nginx')),
    ];
    if (left.length === 0) return;
    await wait(50);
  }
  throw new Error('what the clients had begun is still there');
}
