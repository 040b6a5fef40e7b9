/**
 * `latchkey up` as an operator meets it: what it refuses and why, before it makes or overwrites anything; that it
 * stops whole, by any signal and at any time; and that of several authorizers one may die.
 */

import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import t, { type Test } from 'tap';
import { findNginx } from '../../src/host/nginx-program.js';
import { freePort } from '../nginx/free-port.js';
import { LATCHKEY, plainEnvironment, startSite, stopped, until } from '../nginx/running-site.js';
import { childrenOf, familyOf, isAlive, userOf } from './processes.js';
import { latchkey, ownFolder, type Running, start } from './program.js';

const FILE = '/files/users/alice/plan.txt';
const BACK_MS = 20_000;
const ROOT = process.getuid?.() === 0;

async function starting(t: Test, ready: RegExp): Promise<Running> {
  return startingOn(t, await freePort(), `${ownFolder(t)}/data`, ready);
}

async function startingOn(t: Test, port: number, data: string, ready: RegExp): Promise<Running> {
  const words = ['up', '--port', String(port), '--data', data];
  return start(t, [LATCHKEY.file, ...LATCHKEY.args, ...words], ready, { env: plainEnvironment({}) });
}

t.test('it refuses before anything is made', async (t) => {
  const folder = ownFolder(t);
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => new Promise((resolve) => server.close(resolve)));
  const address = server.address();
  const taken = String(typeof address === 'object' ? address?.port : '');
  const withoutRealip = `${folder}/nginx`;
  const said = 'configure arguments: --with-http_auth_request_module --with-http_ssl_module';
  writeFileSync(withoutRealip, `#!/bin/sh\necho "${said}" >&2\n`, { mode: 0o755 });
  const missing = (program: string) =>
    `there is no program '${program}': install it (apt-get install nginx-light), or set LATCHKEY_NGINX`;
  const table = [
    [['--port', taken], {}, `port ${taken} is taken; choose another one with --port`],
    [['--port', taken, '--no-nginx'], {}, `port ${taken} is taken; choose another one with --port`],
    [[], { LATCHKEY_NGINX: '/nonexistent' }, missing('/nonexistent')],
    [[], { LATCHKEY_NGINX: 'nginz' }, missing('nginz')],
    [
      [],
      { LATCHKEY_NGINX: '/bin/true' },
      "/bin/true was built without the auth_request module; install Debian's nginx-light",
    ],
    [
      [],
      { LATCHKEY_NGINX: withoutRealip },
      `${withoutRealip} was built without the realip module; install Debian's nginx-light`,
    ],
  ] as const;
  for (const [words, env, message] of table) {
    const result = await latchkey(['up', ...words], { env: { LATCHKEY_DATA: `${folder}/data`, ...env } });
    const expected = { code: 3, signal: null, stdout: '', stderr: `latchkey: ${message}\n` };
    t.same(result, expected, message);
  }
  t.notOk(existsSync(`${folder}/data`));
});

t.test('an address that nginx cannot have is told once, in its own words', async (t) => {
  const data = `${ownFolder(t)}/data`;
  const port = String(await freePort());
  const { code, stdout, stderr } = await latchkey([
    'up',
    '--host',
    'nowhere.invalid',
    '--port',
    port,
    '--data',
    data,
  ]);
  t.same([code, stdout], [3, '']);
  t.match(
    stderr,
    `\nlatchkey: nginx cannot run: host not found in "nowhere.invalid:${port}" of the "listen" directive`,
  );
});

t.test('a second one on the same data folder is refused, and leaves the first one as it is', async (t) => {
  const site = await startSite(t);
  const configuration = readFileSync(`${site.dataFolder}/run/nginx.conf`, 'utf8');
  const port = String(await freePort());
  const listens = `another service already listens on ${site.dataFolder}/run/files.sock; stop it first`;
  const works = `another files service already works in ${site.dataFolder}; stop it first`;
  const runs = [
    [['up', '--port', port], listens],
    [['up', '--port', port, '--no-nginx'], listens],
    [['files'], listens],
    [['files', '--listen', `127.0.0.1:${port}`], works],
    [['files', '--listen', 'run/other.sock'], works],
  ] as const;
  for (const [words, message] of runs) {
    const result = await site.cli(...words);
    t.same(result, { code: 3, stdout: '', stderr: `latchkey: ${message}\n` }, words.join(' '));
  }
  t.equal(readFileSync(`${site.dataFolder}/run/nginx.conf`, 'utf8'), configuration);
  t.equal((await site.ask('GET', FILE)).status, 401, 'it still serves');
});

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  t.test(`${signal} stops everything, and that is no error`, async (t) => {
    const running = await starting(t, /^ready http/m);
    const family = familyOf(running.pid);
    t.ok(family.length >= 5, 'itself, two services, nginx and its worker');
    const { code, stderr } = await running.stop(signal);
    t.equal(code, 0);
    t.same(family.filter(isAlive), [], 'no process is left');
    t.notMatch(stderr, /latchkey: (?!made)/, 'and nothing is said');
  });
}

t.test('a signal during the start, too', async (t) => {
  const folder = ownFolder(t);
  // It tells what it was built with and that its configuration is good, and then does not serve.
  writeFileSync(
    `${folder}/nginx`,
    `#!/bin/sh\ncase "$1" in -V | -t) exec ${findNginx('nginx').program} "$@" ;; esac\nexec sleep 1000\n`,
    { mode: 0o755 },
  );
  const words = ['up', '--port', String(await freePort()), '--data', `${folder}/data`];
  const env = plainEnvironment({ LATCHKEY_NGINX: `${folder}/nginx` });
  const command = [LATCHKEY.file, ...LATCHKEY.args, ...words] as const;
  const running = await start(t, command, /Server listening at run\/authorizer-/, { env });
  const family = familyOf(running.pid);
  const { code, stdout } = await running.stop('SIGTERM');
  t.same([code, stdout], [0, ''], 'it does not say that it is ready');
  t.same(family.filter(isAlive), []);
});

t.test('killed by kill -9 it leaves its nginx, which the next one stops first', async (t) => {
  const [data, port] = [`${ownFolder(t)}/data`, await freePort()];
  const killed = await startingOn(t, port, data, /^ready http/m);
  const family = familyOf(killed.pid);
  const master = Number(readFileSync(`${data}/run/nginx.pid`, 'utf8'));
  t.ok(family.includes(master));
  const services = childrenOf(killed.pid).filter(({ pid }) => pid !== master);
  process.kill(killed.pid, 'SIGKILL');
  t.teardown(() => isAlive(master) && process.kill(master));
  await until(
    async () => [killed, ...services].filter(({ pid }) => isAlive(pid)).length,
    (alive) => alive === 0,
    BACK_MS,
  );
  t.ok(isAlive(master), 'it has outlived the one that started it');

  const taken = `latchkey: port ${port} is taken; choose another one with --port\n`;
  const other = await latchkey(['up', '--port', String(port)], { env: { LATCHKEY_DATA: `${data}-2` } });
  t.same([other.code, other.stderr], [3, taken], 'it is nothing to one with another data folder');
  t.ok(isAlive(master));

  const next = await startingOn(t, port, data, /^ready http/m);
  t.match(next.said(), `latchkey: stopped process ${master}, the nginx of an 'up' that was killed\n`);
  t.same(family.filter(isAlive), []);
});

t.test('a process that only has the number of that nginx is left alone', async (t) => {
  const data = `${ownFolder(t)}/data`;
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => new Promise((resolve) => server.close(resolve)));
  const address = server.address();
  const port = String(typeof address === 'object' ? address?.port : '');
  mkdirSync(`${data}/run`, { recursive: true });
  const others = [
    spawn('sleep', ['60'], { cwd: data }), // it works in the folder, and is no nginx
    spawn('sleep', ['60'], { argv0: 'nginx: master process nginx -c run/nginx.conf' }), // it is in another one
  ];
  t.teardown(() => others.map((child) => child.kill()));
  for (const pid of [...others.map((child) => child.pid), 'x', '-1', '', 2 ** 31]) {
    writeFileSync(`${data}/run/nginx.pid`, `${pid}\n`);
    const { code, stderr } = await latchkey(['up', '--port', port, '--data', data]);
    const taken = `latchkey: port ${port} is taken; choose another one with --port\n`;
    t.same([code, stderr], [3, taken], `${pid}`);
  }
  t.ok(others.every((child) => isAlive(child.pid ?? 0)));
});

t.test('Ctrl-C reaches the whole group at once, and nothing is started again', async (t) => {
  const running = await starting(t, /^ready http/m);
  const family = familyOf(running.pid);
  process.kill(-running.pid, 'SIGINT');
  const { code, stderr } = await running.ended;
  t.equal(code, 0);
  t.same(family.filter(isAlive), []);
  t.notMatch(stderr, /started again/);
});

t.test(
  'of three authorizers one may die: nothing is opened, nothing is refused, and it comes back',
  async (t) => {
    const site = await startSite(t, {}, ['--workers', '3']);
    const token = site.token('alice');
    t.equal((await site.ask('PUT', FILE, { token, body: 'private' })).status, 201);
    const authorizers = () =>
      childrenOf(site.process.pid ?? 0).filter(({ words }) => words.includes('authorizer'));
    t.equal(authorizers().length, 3);
    for (const n of [1, 2, 3]) t.ok(statSync(`${site.dataFolder}/run/authorizer-${n}.sock`).isSocket());
    const [victim] = authorizers();
    process.kill(victim?.pid ?? 0, 'SIGKILL');
    const ask = async () => {
      const [own, stranger] = await Promise.all([site.ask('GET', FILE, { token }), site.ask('GET', FILE)]);
      return [own.status, stranger.status].join();
    };
    const seen = new Set<string>();
    await until(
      async () => {
        seen.add(await ask());
        return site.said().match(/Server listening at run\/authorizer-/g)?.length ?? 0;
      },
      (starts) => starts === 4,
      BACK_MS,
    );
    seen.add(await ask());
    t.same([...seen], ['200,401']);
    t.equal(authorizers().length, 3);
    t.match(site.said(), /latchkey: authorizer-\d ended \(SIGKILL\); it is started again in 1 s\n/);
  },
);

t.test(
  'started as root, only the supervisor and the master of nginx stay root',
  { skip: !ROOT },
  async (t) => {
    const site = await startSite(t);
    const owner = statSync(site.dataFolder).uid;
    t.not(owner, 0);
    const pid = site.process.pid ?? 0;
    const users = familyOf(pid).map(userOf);
    t.same(users.filter((uid) => uid === 0).length, 2);
    t.ok(users.every((uid) => uid === 0 || uid === owner));
    await stopped(site.process);
  },
);
