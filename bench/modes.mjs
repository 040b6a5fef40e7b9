// What is measured: each mode's URL, and the processes behind it. One nginx worker everywhere; the same files.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { HEAP_ARGS } from '../dist/host/heap.js';
import { signedPath } from '../dist/index.js';
import { openSqliteStore } from '../dist/storage/sqlite/open.js';
import { CLI, SECRET, tokenOf } from './authorizer.mjs';
import {
  bareConf,
  FILES,
  FOLDERS,
  grantBatches,
  latchkeyConf,
  startNginx,
  writeFiles,
} from './behind-nginx.mjs';
import { ended } from './ends.mjs';
import { childOf } from './measure.mjs';

const LINK_KEY = 'bench';
const MANY = 1_000_000;
const FEW = 1_000;
const PORTS = { bare: 18200, few: 18201, many: 18202, node: 18203 };

/** @param ends where all of it is torn down */
export async function createModes(ends) {
  const home = mkdtempSync(join(tmpdir(), 'latchkey-bench-'));
  ends.teardown(() => rmSync(home, { recursive: true, force: true }));
  console.error('bench: writing files and grants …');
  const root = join(home, 'store');
  writeFiles(root);
  const token = tokenOf('alice', { jti: 'of-the-bench' }); // so that it could be ended early: one look more
  const random = randomScript(home);
  const processes = [];
  const start = async (name, folder, conf) => {
    const nginx = await startNginx(ends, folder, conf);
    processes.push([`nginx worker, ${name}`, childOf(nginx.pid)]);
  };
  await start('bare', join(home, 'bare'), bareConf({ root, port: PORTS.bare, locations: measures(root) }));
  const startLatchkey = async (name, port, authorizer) => {
    ends.teardown(() => ended(authorizer));
    await new Promise((resolve) => authorizer.once('message', resolve));
    processes.push([name, authorizer.pid]);
    await start(name, join(home, name), latchkeyConf({ root, port }));
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

async function seed(file, count) {
  const store = openSqliteStore(file);
  const began = performance.now();
  await store.acl.importGrants(grantBatches(count));
  const rate = count / ((performance.now() - began) / 1000);
  await store.close();
  return rate;
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

/** The floor, and nginx's own signed URLs. */
function measures(root) {
  return `location /floor/ { auth_request /yes; alias ${root}/; }
    location = /yes { internal; return 200; }
    location /secured/ {
      secure_link $arg_md5,$arg_expires;
      secure_link_md5 "$secure_link_expires$uri ${SECRET}";
      if ($secure_link != 1) { return 403; }
      alias ${root}/;
    }`;
}
