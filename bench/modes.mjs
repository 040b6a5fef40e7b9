// What is measured: each mode's URL, and the processes behind it. One nginx worker everywhere; the same files.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createSigner } from 'fast-jwt';
import { HEAP_ARGS } from '../dist/host/heap.js';
import { signedPath } from '../dist/index.js';
import { renderServer } from '../dist/nginx/render.js';
import { openSqliteStore } from '../dist/storage/sqlite/open.js';
import { childOf } from './measure.mjs';

const CLI = fileURLToPath(new URL('../dist/cli.js', import.meta.url));
const SECRET = 'a-secret-for-the-bench-a-secret-for-the-bench';
const LINK_KEY = 'bench';
const FILES = 100_000;
const FOLDERS = 100;
const MANY = 1_000_000;
const FEW = 1_000;
const KIB = 1024;
const PORTS = { bare: 18200, few: 18201, many: 18202, node: 18203 };

export async function createModes() {
  const home = mkdtempSync(join(tmpdir(), 'latchkey-bench-'));
  const close = [];
  try {
    return await build(home, close);
  } catch (error) {
    await closeAll(home, close);
    throw error;
  }
}

async function build(home, close) {
  console.error('bench: writing files and grants …');
  const root = join(home, 'store');
  writeFiles(join(root, 'files'));
  const token = createSigner({ key: SECRET, algorithm: 'HS256' })({
    sub: 'alice',
    jti: 'of-the-bench', // so that it could be ended early: one look more
    exp: Math.floor(Date.now() / 1000) + 86_400,
  });
  const random = randomScript(home);
  const processes = [];
  const start = async (name, folder, conf) => {
    mkdirSync(join(folder, 'run'), { recursive: true });
    writeFileSync(join(folder, 'run/nginx.conf'), conf);
    const nginx = spawn(
      '/usr/sbin/nginx',
      ['-p', folder, '-e', 'stderr', '-c', 'run/nginx.conf', '-g', 'daemon off;'],
      { cwd: folder, stdio: ['ignore', 2, 2] },
    );
    close.push(() => ended(nginx));
    await wait(500);
    processes.push([`nginx worker, ${name}`, childOf(nginx.pid)]);
  };
  await start('bare', join(home, 'bare'), bareConf(root));
  const startLatchkey = async (name, port, authorizer) => {
    const folder = join(home, name);
    close.push(() => ended(authorizer));
    await new Promise((resolve) => authorizer.once('message', resolve));
    processes.push([name, authorizer.pid]);
    const options = {
      dataFolder: '',
      root,
      partialFolder: 'partial',
      mount: '/files/',
      authorizers: 1,
      uploadBytesMax: 1e9,
      proxyHeaders: undefined,
      corsOrigins: [],
      listen: `127.0.0.1:${port}`,
      mimeTypes: '/etc/nginx/mime.types',
      user: 'root',
    };
    mkdirSync(join(folder, 'partial/nginx'), { recursive: true });
    const conf = renderServer(options)
      .replace('worker_processes auto', 'worker_processes 1')
      .replace(/access_log .*;/, 'access_log off;');
    await start(name, folder, conf);
  };
  const stdio = ['ignore', 2, 2, 'ipc'];
  // In the same place as the authorizer, behind the same configuration.
  const nodeFolder = join(home, 'node:http');
  mkdirSync(join(nodeFolder, 'run'), { recursive: true });
  const bareNode = fileURLToPath(new URL('bare-node.mjs', import.meta.url));
  const socket = join(nodeFolder, 'run/authorizer-1.sock');
  await startLatchkey('node:http', PORTS.node, spawn(process.execPath, [bareNode, socket], { stdio }));
  const rates = {};
  for (const [name, grants, port] of [
    ['authorizer 1k', FEW, PORTS.few],
    ['authorizer 1M', MANY, PORTS.many],
  ]) {
    const folder = join(home, name);
    mkdirSync(join(folder, 'run'), { recursive: true });
    rates[name] = await seed(join(folder, 'latchkey.db'), grants);
    const env = {
      ...process.env,
      LATCHKEY_DATA: folder,
      LATCHKEY_ROOT: root,
      LATCHKEY_JWT_SECRET: SECRET,
      LATCHKEY_LINK_SECRET: `${LINK_KEY} ${SECRET}`,
      LATCHKEY_USER: 'root',
      LATCHKEY_LOG_LEVEL: 'warn',
    };
    const extra = process.env.BENCH_NODE_OPTIONS?.split(' ') ?? HEAP_ARGS;
    await startLatchkey(name, port, spawn(process.execPath, [...extra, CLI, 'authorizer'], { env, stdio }));
  }
  const at = (port, path) => `http://127.0.0.1:${port}${path}`;
  const hot = '/files/d7/f7.bin';
  const large = '/files/d7/large.bin';
  return {
    grants: MANY,
    importRate: rates['authorizer 1M'],
    processes,
    close: () => closeAll(home, close),
    modes: [
      { name: 'bare nginx, 1 KiB', url: at(PORTS.bare, hot), base: 'bare nginx, 1 KiB' },
      { name: 'floor, 1 KiB', url: at(PORTS.bare, `/floor${hot}`), base: 'bare nginx, 1 KiB' },
      {
        name: 'node:http, 200 at once',
        url: at(PORTS.node, hot),
        base: 'bare nginx, 1 KiB',
        token,
      },
      { name: 'Latchkey 1k, hot', url: at(PORTS.few, hot), base: 'bare nginx, 1 KiB', token },
      { name: 'Latchkey 1M, hot', url: at(PORTS.many, hot), base: 'bare nginx, 1 KiB', token },
      { name: 'Latchkey 1M, hot, anonymous', url: at(PORTS.many, hot), base: 'bare nginx, 1 KiB' },
      { name: 'Latchkey 1M, signed URL', url: at(PORTS.many, signedUrl(hot)), base: 'bare nginx, 1 KiB' },
      { name: 'secure_link', url: at(PORTS.bare, securedUrl(hot)), base: 'bare nginx, 1 KiB' },
      { name: 'bare nginx, random', url: at(PORTS.bare, hot), base: 'bare nginx, random', script: random },
      {
        name: 'Latchkey 1k, random',
        url: at(PORTS.few, hot),
        base: 'bare nginx, random',
        token,
        script: random,
      },
      {
        name: 'Latchkey 1M, random',
        url: at(PORTS.many, hot),
        base: 'bare nginx, random',
        token,
        script: random,
      },
      { name: 'bare nginx, 1 MiB', url: at(PORTS.bare, large), base: 'bare nginx, 1 MiB' },
      { name: 'Latchkey 1M, 1 MiB', url: at(PORTS.many, large), base: 'bare nginx, 1 MiB', token },
    ],
  };
}

function writeFiles(folder) {
  const bytes = Buffer.alloc(KIB, 'x');
  for (let d = 0; d < FOLDERS; d++) mkdirSync(join(folder, `d${d}`), { recursive: true });
  for (let f = 0; f < FILES; f++) writeFileSync(join(folder, `d${f % FOLDERS}/f${f}.bin`), bytes);
  writeFileSync(join(folder, 'd7/large.bin'), Buffer.alloc(KIB * KIB, 'x'));
}

/** Alice may read every folder, and anyone the hot one; the rest of the grants are other people's, on the same files. */
async function seed(file, count) {
  const store = openSqliteStore(file);
  const began = performance.now();
  await store.acl.importGrants(batches(count));
  const rate = count / ((performance.now() - began) / 1000);
  await store.close();
  return rate;
}

async function* batches(count) {
  const rest = { action: 'read', effect: 'allow', notBefore: undefined, expiresAt: undefined };
  yield Array.from({ length: FOLDERS }, (_, d) => ({ principal: 'user:alice', path: `/d${d}/`, ...rest }));
  yield [{ principal: 'anyone', path: '/d7/', ...rest }];
  for (let i = FOLDERS + 1; i < count; i += 1000) {
    const length = Math.min(1000, count - i);
    yield Array.from({ length }, (_, j) => {
      const f = ((i + j) * 7919) % FILES;
      return {
        principal: `user:u${Math.floor((i + j) / FILES)}`,
        path: `/d${f % FOLDERS}/f${f}.bin`,
        ...rest,
      };
    });
  }
}

function signedUrl(url) {
  const path = url.slice('/files'.length);
  return signedPath({ keyId: LINK_KEY, secret: SECRET, path, seconds: 86_400 });
}

/** As ngx_http_secure_link_module checks it. */
function securedUrl(url) {
  const expires = Math.floor(Date.now() / 1000) + 86_400;
  const md5 = createHash('md5').update(`${expires}/secured${url} ${SECRET}`).digest('base64url');
  return `/secured${url}?md5=${md5}&expires=${expires}`;
}

function randomScript(home) {
  const file = join(home, 'random.lua');
  writeFileSync(
    file,
    `math.randomseed(os.time())
request = function()
  local f = math.random(0, ${FILES - 1})
  return wrk.format("GET", "/files/d" .. (f % ${FOLDERS}) .. "/f" .. f .. ".bin")
end
`,
  );
  return file;
}

function bareConf(root) {
  return `user root; worker_processes 1; pid run/nginx.pid; error_log stderr emerg;
events { worker_connections 4096; }
http {
  include /etc/nginx/mime.types; access_log off; sendfile on; tcp_nopush on;
  client_body_temp_path run/b; proxy_temp_path run/p; fastcgi_temp_path run/f; uwsgi_temp_path run/u; scgi_temp_path run/s;
  server {
    listen 127.0.0.1:${PORTS.bare};
    location /files/ { root ${root}; }
    location /floor/ { auth_request /yes; alias ${root}/; }
    location = /yes { internal; return 200; }
    location /secured/ {
      secure_link $arg_md5,$arg_expires;
      secure_link_md5 "$secure_link_expires$uri ${SECRET}";
      if ($secure_link != 1) { return 403; }
      alias ${root}/;
    }
  }
}
`;
}

function ended(child) {
  return new Promise((resolve) => {
    if (child.exitCode !== null) return resolve();
    child.once('exit', resolve);
    child.kill('SIGTERM');
  });
}

async function closeAll(home, close) {
  for (const one of close.reverse()) await one();
  rmSync(home, { recursive: true, force: true });
}
