// nginx of a bench: bare, or as Latchkey renders it for authorizers in the same folder; and the files that it serves.
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { renderServer } from '../dist/nginx/render.js';
import { ended } from './ends.mjs';

export const FILES = 100_000;
export const FOLDERS = 100;
const KIB = 1024;

/** @param count of one KiB each, in as many folders as there are grants for */
export function writeFiles(root, count = FILES) {
  const folder = join(root, 'files');
  const bytes = Buffer.alloc(KIB, 'x');
  for (let d = 0; d < FOLDERS; d++) mkdirSync(join(folder, `d${d}`), { recursive: true });
  for (let f = 0; f < count; f++) writeFileSync(join(folder, `d${f % FOLDERS}/f${f}.bin`), bytes);
  writeFileSync(join(folder, 'd7/large.bin'), Buffer.alloc(KIB * KIB, 'x'));
}

/** Alice may read every folder, and anyone the hot one; the rest of the grants are other people's, on the same files. */
export async function* grantBatches(count) {
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

/** Its process, with `folder` as its prefix. @param ends where it is torn down */
export async function startNginx(ends, folder, conf) {
  mkdirSync(join(folder, 'run'), { recursive: true });
  mkdirSync(join(folder, 'partial/nginx'), { recursive: true });
  writeFileSync(join(folder, 'run/nginx.conf'), conf);
  const nginx = spawn(
    '/usr/sbin/nginx',
    ['-p', folder, '-e', 'stderr', '-c', 'run/nginx.conf', '-g', 'daemon off;'],
    { cwd: folder, stdio: ['ignore', 2, 2] },
  );
  ends.teardown(() => ended(nginx));
  await wait(500);
  return nginx;
}

/** As it is shipped, without an access log. @param authorizers how many sockets there are in `run/` */
export function latchkeyConf({ root, port, workers = 1, authorizers = 1 }) {
  return renderServer({
    dataFolder: '',
    root,
    partialFolder: 'partial',
    mount: '/files/',
    authorizers,
    uploadBytesMax: 1e9,
    proxyHeaders: undefined,
    corsOrigins: [],
    listen: `127.0.0.1:${port}`,
    mimeTypes: '/etc/nginx/mime.types',
    user: 'root',
  })
    .replace('worker_processes auto', `worker_processes ${workers}`)
    .replace(/access_log .*;/, 'access_log off;');
}

/** @param locations further ones */
export function bareConf({ root, port, workers = 1, locations = '' }) {
  return `user root; worker_processes ${workers}; pid run/nginx.pid; error_log stderr emerg;
events { worker_connections 4096; }
http {
  include /etc/nginx/mime.types; access_log off; sendfile on; tcp_nopush on;
  client_body_temp_path run/b; proxy_temp_path run/p; fastcgi_temp_path run/f; uwsgi_temp_path run/u; scgi_temp_path run/s;
  server {
    listen 127.0.0.1:${port};
    location /files/ { root ${root}; }
    ${locations}
  }
}
`;
}
