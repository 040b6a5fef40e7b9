// `node bench/path-channels.mjs`: does the authorizer judge the path that nginx serves? Three ways to tell it the
// path, the same odd requests by each, and how often the two differ (docs/decisions/0004-path-channel.md).
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

const REQUESTS = Number(process.argv[2] ?? 20_000);
const PORT = 18_310;
const SEED = 1;
const PIECES =
  'a|b|/|/|/|.|..|/../|/./|//|%2e|%2E%2e|%2f|%5c|%25|%252e|%20| |+|;|?|#|%3f|%23|%0a|%0d%0aX: y|%c3%a9|%ff|%c0%ae|é|%'.split(
    '|',
  );
const CHANNELS = {
  request_uri: { asked: 'rewrite ^ /q break; proxy_set_header X-Path $request_uri;', judged: decodedHeader },
  'uri in a header': { asked: 'rewrite ^ /q break; proxy_set_header X-Path $told;', judged: header },
  rewrite: { asked: 'rewrite ^ /q$told break;', judged: ({ url }) => decoded(url.slice(2)) },
};

const home = mkdtempSync(join(tmpdir(), 'latchkey-channels-'));
const judged = new Map();
const authorizer = createServer((request, response) => {
  const { judged: read } = CHANNELS[request.headers['x-channel']];
  judged.set(request.headers['x-id'], read(request));
  response.writeHead(200, { 'Content-Length': 0 }).end();
});
await new Promise((resolve) => authorizer.listen(join(home, 'a.sock'), resolve));
writeFileSync(join(home, 'nginx.conf'), conf());
const nginx = spawn(
  '/usr/sbin/nginx',
  ['-p', home, '-e', 'stderr', '-c', 'nginx.conf', '-g', 'daemon off;'],
  {
    stdio: ['ignore', 2, 2],
  },
);
try {
  await wait(500);
  const paths = oddPaths(REQUESTS);
  for (const name of Object.keys(CHANNELS)) await sendAll(name, paths);
  await wait(500);
  report();
} finally {
  nginx.kill('SIGTERM');
  authorizer.close();
  authorizer.closeAllConnections();
  rmSync(home, { recursive: true, force: true });
}

function conf() {
  const locations = Object.entries(CHANNELS).map(
    ([name, { asked }], i) => `
      server { listen 127.0.0.1:${PORT + i}; access_log log json;
        location /f/ { set $told $uri; auth_request /ask; root ${home}; }
        location = /ask { internal; ${asked} proxy_set_header X-Channel '${name}'; proxy_set_header X-Id '${i}-$request_id';
          proxy_pass_request_body off; proxy_set_header Content-Length ''; proxy_pass http://unix:${home}/a.sock; } }`,
  );
  return `user root; worker_processes 1; pid pid; error_log stderr emerg; events { worker_connections 1024; }
    http { log_format json escape=json '{"id":"$server_port-$request_id","uri":"$uri","status":$status}';
      client_body_temp_path t; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4; scgi_temp_path t5;
      ${locations.join('')} }`;
}

/** The same every time: a small generator of numbers, so that a figure can be made again. */
function oddPaths(count) {
  let state = SEED;
  const next = (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  return Array.from(
    { length: count },
    () => `/f/${Array.from({ length: 1 + next(8) }, () => PIECES[next(PIECES.length)]).join('')}`,
  );
}

async function sendAll(name, paths) {
  const port = PORT + Object.keys(CHANNELS).indexOf(name);
  const SIDE_BY_SIDE = 32;
  let at = 0;
  const one = async () => {
    while (at < paths.length) await send(port, paths[at++]);
  };
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, one));
}

function send(port, path) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', resolve);
    socket.on('close', resolve);
    socket.resume();
    socket.write(Buffer.from(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`));
  });
}

function report() {
  const log = readFileSync(join(home, 'log'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  for (const [i, name] of Object.keys(CHANNELS).entries()) {
    let asked = 0;
    let differ = 0;
    for (const { id, uri } of log) {
      const [port, request] = id.split('-');
      const told = judged.get(`${i}-${request}`);
      if (Number(port) !== PORT + i || told === undefined) continue;
      asked += 1;
      if (told !== uri) differ += 1;
    }
    console.log(`${name.padEnd(20)}${String(differ).padStart(6)} of ${asked}`);
  }
}

function header({ headers }) {
  return text(headers['x-path'] ?? '');
}

/** As one does it with care: dot segments as browsers resolve them, slashes merged, decoded once. */
function decodedHeader({ headers }) {
  try {
    const { pathname } = new URL(headers['x-path'] ?? '', 'http://x');
    return decoded(pathname.replaceAll(/\/+/g, '/'));
  } catch {
    return undefined;
  }
}

function decoded(path) {
  try {
    return text(unescape(path));
  } catch {
    return undefined;
  }
}

/** Bytes as text, the same way that the log is read. */
function text(latin1) {
  return Buffer.from(latin1, 'latin1').toString('utf8');
}
