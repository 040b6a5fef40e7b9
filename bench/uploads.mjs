// `npm run bench:uploads`: what an upload costs, against nginx's own DAV PUT on the same disk in the same run. Rounds
// are interleaved (A B C A B C …) and medians printed as ratios, since the machines are shared and noisy. DAV does not
// wait for the disk and Latchkey does, so DAV followed by an fsync of the file is measured as well.
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CLI, SECRET, tokenOf } from './authorizer.mjs';
import { ended } from './ends.mjs';
import { filesServiceOf, median, memory } from './measure.mjs';

const MIB = 1024 * 1024;
const PORTS = { dav: 18210, latchkey: 18211 };
const quick = process.argv.includes('--quick');
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? (quick ? 3 : 5));
/** MiB of a file, and how many of them a round. */
const SIZES = [
  [500, 1],
  [10, 10],
];
const AT_ONCE = 50;
const AT_ONCE_MIB = 20;
const SMALL_FILES = Number(process.env.BENCH_FILES ?? (quick ? 1_000 : 10_000));
const SMALL_BYTES = 4096;
const SMALL_AT_ONCE = 8;

const token = tokenOf('alice');
const authorization = `Authorization: Bearer ${token}`;
const home = mkdtempSync(join(tmpdir(), 'latchkey-uploads-'));
chmodSync(home, 0o755); // nginx's workers are somebody else
const running = [];
try {
  await startDav(join(home, 'dav'));
  const up = await startLatchkey(join(home, 'data'));
  const files = filesServiceOf(up.pid);
  console.log(`resident memory of the files service, MiB: ${memory(files, 'VmRSS')} at rest`);
  for (const digest of [[], ['-H', 'Want-Repr-Digest: sha-256=1']]) {
    await manyAtOnce(digest);
    const what = digest.length === 0 ? '' : ', each with its digest';
    console.log(
      `  ${AT_ONCE} uploads of ${AT_ONCE_MIB} MiB at once${what}: at most ${memory(files, 'VmHWM')} (150 wanted)`,
    );
  }
  for (const [mib, count] of SIZES) bySize(mib, count);
  await smallFiles();
  console.log(`\nresident memory of the files service after all of it, MiB: ${memory(files, 'VmRSS')}`);
} finally {
  for (const child of running.reverse()) await ended(child);
  rmSync(home, { recursive: true, force: true });
}

function bySize(mib, count) {
  const source = join(home, 'source');
  writeFileSync(source, '');
  truncateSync(source, mib * MIB);
  const davFile = (i) => join(home, 'dav/files', `${mib}-${i}`);
  const all = Array.from({ length: count }, (_, i) => i);
  const dav = () =>
    send(
      source,
      all.map((i) => `http://127.0.0.1:${PORTS.dav}/files/${mib}-${i}`),
    );
  const modes = {
    'DAV PUT': dav,
    'DAV PUT, then fsync': () => {
      const began = performance.now();
      dav();
      spawnSync('sync', all.map(davFile));
      return performance.now() - began;
    },
    Latchkey: () =>
      send(
        source,
        all.map((i) => `http://127.0.0.1:${PORTS.latchkey}/files/users/alice/${mib}-${i}`),
      ),
    'Latchkey, sha-256 verified': () =>
      send(
        source,
        all.map((i) => `http://127.0.0.1:${PORTS.latchkey}/files/users/alice/${mib}-${i}`),
        ['-H', 'Want-Repr-Digest: sha-256=1'],
      ),
  };
  const times = new Map(Object.keys(modes).map((name) => [name, []]));
  for (let round = -1; round < ROUNDS; round++) {
    for (const [name, run] of Object.entries(modes)) {
      const ms = run();
      spawnSync('sync', all.map(davFile)); // what one has left unwritten is not the next one's to wait for
      if (round >= 0) times.get(name).push(ms);
    }
  }
  const heads = ['MiB/s', 'to DAV', 'worst'].map((head) => head.padStart(9)).join('');
  console.log(`\n${`${count} × ${mib} MiB`.padEnd(30)}${heads}`);
  for (const [name, all] of times) {
    const rate = Math.round((mib * count * 1000) / median(all));
    // Of the same round: what else the machine does is in both.
    const ratios = all.map((ms, round) => times.get('DAV PUT')[round] / ms);
    const cells = [rate, median(ratios).toFixed(2), Math.min(...ratios).toFixed(2)];
    console.log(name.padEnd(30) + cells.map((cell) => String(cell).padStart(9)).join(''));
  }
}

/** One connection, one upload after another. Milliseconds. */
function send(source, urls, more = []) {
  const pairs = urls.flatMap((url) => ['-T', source, '-o', '/dev/null', url]);
  const args = ['-sS', '--fail', '-H', 'Expect:', '-H', authorization, ...more, ...pairs];
  const began = performance.now();
  const { status, stderr } = spawnSync('curl', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`curl: ${stderr}`);
  return performance.now() - began;
}

async function manyAtOnce(more) {
  const source = join(home, 'source');
  writeFileSync(source, '');
  truncateSync(source, AT_ONCE_MIB * MIB);
  const clients = Array.from({ length: AT_ONCE }, (_, i) => {
    const url = `http://127.0.0.1:${PORTS.latchkey}/files/users/alice/many-${i}`;
    return spawn(
      'curl',
      ['-sS', '--fail', '-H', authorization, ...more, '-T', source, '-o', '/dev/null', url],
      {
        stdio: ['ignore', 2, 2],
      },
    );
  });
  const codes = await Promise.all(
    clients.map((client) => new Promise((resolve) => client.once('exit', resolve))),
  );
  if (codes.some((code) => code !== 0)) throw new Error(`uploads failed: ${codes}`);
}

async function smallFiles() {
  console.log(`\n${SMALL_FILES} × ${SMALL_BYTES} bytes, ${SMALL_AT_ONCE} at a time`);
  for (const [name, port, folder] of [
    ['DAV PUT', PORTS.dav, '/files/small'],
    ['Latchkey', PORTS.latchkey, '/files/users/alice/small'],
  ]) {
    let next = 0;
    const began = performance.now();
    const connections = Array.from({ length: SMALL_AT_ONCE }, () =>
      putAll(port, () => (next < SMALL_FILES ? `${folder}/${next++}` : undefined)),
    );
    await Promise.all(connections);
    const seconds = (performance.now() - began) / 1000;
    console.log(
      `${name.padEnd(30)}${Math.round(SMALL_FILES / seconds)
        .toString()
        .padStart(8)} files a second`,
    );
  }
}

/** One connection after another, since nginx closes each after 1,000 requests; an upload when the last was answered. */
async function putAll(port, nextPath) {
  for (let path = nextPath(); path !== undefined; ) path = await putSome(port, path, nextPath);
}

/** Answers with the path that is still to be put. */
function putSome(port, first, nextPath) {
  const body = Buffer.alloc(SMALL_BYTES, 'x');
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let path = first;
    let said = '';
    const put = () => {
      const head = `PUT ${path} HTTP/1.1\r\nHost: a\r\n${authorization}\r\nContent-Length: ${SMALL_BYTES}\r\n\r\n`;
      socket.write(Buffer.concat([Buffer.from(head), body]));
    };
    socket.setEncoding('latin1').on('data', (text) => {
      said += text;
      const end = said.indexOf('\r\n\r\n');
      const length = Number(/^content-length: (\d+)/im.exec(said)?.[1] ?? 0);
      if (end === -1 || said.length < end + 4 + length) return;
      if (!/^HTTP\/1\.1 201/.test(said)) return reject(new Error(said));
      const closes = /^connection: close/im.test(said);
      said = '';
      path = nextPath();
      if (closes || path === undefined) socket.end();
      else put();
    });
    socket
      .once('connect', put)
      .on('error', reject)
      .on('close', () => resolve(path));
  });
}

async function startDav(folder) {
  for (const part of ['files', 'run']) mkdirSync(join(folder, part), { recursive: true });
  writeFileSync(
    join(folder, 'run/nginx.conf'),
    `user root; worker_processes auto; pid run/nginx.pid; error_log stderr emerg;
events { worker_connections 4096; }
http {
  access_log off;
  client_body_temp_path run/b; proxy_temp_path run/p; fastcgi_temp_path run/f; uwsgi_temp_path run/u; scgi_temp_path run/s;
  server {
    listen 127.0.0.1:${PORTS.dav};
    client_max_body_size 10g;
    client_body_buffer_size 512k;
    location /files/ { root ${folder}; dav_methods PUT; create_full_put_path on; }
  }
}
`,
  );
  const args = ['-p', folder, '-e', 'stderr', '-c', 'run/nginx.conf', '-g', 'daemon off;'];
  running.push(spawn('/usr/sbin/nginx', args, { cwd: folder, stdio: ['ignore', 2, 2] }));
  for (;;) {
    const ready = spawnSync('curl', ['-s', '-o', '/dev/null', `http://127.0.0.1:${PORTS.dav}/`]).status === 0;
    if (ready) return;
  }
}

async function startLatchkey(folder) {
  const up = spawn(process.execPath, [CLI, 'up', '--port', String(PORTS.latchkey), '--data', folder], {
    env: {
      ...process.env,
      LATCHKEY_JWT_SECRET: SECRET,
      LATCHKEY_LOG_LEVEL: 'warn',
      LATCHKEY_USER_UPLOADS_MAX: String(AT_ONCE),
    },
    stdio: ['ignore', 'pipe', 2],
  });
  running.push(up);
  let said = '';
  await new Promise((resolve, reject) => {
    up.stdout.on('data', (text) => {
      said += text;
      if (/^ready http/m.test(said)) resolve();
    });
    up.once('exit', () => reject(new Error("'latchkey up' has ended")));
  });
  return up;
}
