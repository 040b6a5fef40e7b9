/**
 * What is under way when a service is told to stop is answered, and then it ends, though nginx would keep the connection;
 * by itself, and where systemd keeps its socket, on which the next one then serves.
 */

import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { Agent, createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { freePort } from '../nginx/free-port.js';
import { LATCHKEY, plainEnvironment, until } from '../nginx/running-site.js';
import { latchkey, start, stopsBefore } from './program.js';

const KEEPER = fileURLToPath(new URL('../nginx/keeps-socket.py', import.meta.url));
const LIMIT_MS = 30_000;
/** On a busy machine the site takes longer than may be waited for. */
const ANSWERED = [401, 503];
/** A site that is asked whose a session is, and lets whoever asks wait. It knows nobody. */
async function slowSite(t: Test) {
  const [asked, held] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const server = createServer(async (_, answer) => {
    asked.resolve();
    await held.promise;
    answer.writeHead(401).end();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.teardown(() => server.close());
  const { port } = server.address() as AddressInfo;
  const settings = {
    LATCHKEY_SESSION_URL: `http://127.0.0.1:${port}/`,
    LATCHKEY_SESSION_COOKIES: 'sid',
    LATCHKEY_SESSION_TIMEOUT_MS: '1900',
  };
  return { settings, asked: asked.promise, release: held.resolve };
}

/** A socket's path may have only 107 bytes. */
async function dataFolderOf(t: Test): Promise<string> {
  stopsBefore(t);
  const folder = mkdtempSync(`${tmpdir()}/latchkey-`);
  t.teardown(() => rmSync(folder, { recursive: true }));
  chmodSync(folder, 0o755);
  const dataFolder = `${folder}/data`;
  await latchkey(['acl', '/'], { env: { LATCHKEY_DATA: dataFolder } }); // makes it
  return dataFolder;
}

function question(socketPath: string, agent: Agent | false, cookie?: string): Promise<number> {
  const headers = { 'x-latchkey-method': 'GET', ...(cookie !== undefined && { cookie }) };
  return new Promise((resolve, reject) => {
    request({ socketPath, path: '/authorize/files/users/alice/x', headers, agent }, (answer) => {
      answer.resume().once('end', () => resolve(answer.statusCode ?? 0));
    })
      .once('error', reject)
      .end();
  });
}

t.test('by itself: answered, and gone', async (t) => {
  const dataFolder = await dataFolderOf(t);
  const site = await slowSite(t);
  const env = plainEnvironment({ LATCHKEY_DATA: dataFolder, ...site.settings });
  const running = await start(t, [LATCHKEY.file, ...LATCHKEY.args, 'authorizer'], /Server listening/, {
    env,
  });
  const socket = `${dataFolder}/run/authorizer-1.sock`;
  const kept = new Agent({ keepAlive: true, maxSockets: 1 });
  t.teardown(() => kept.destroy());
  const answer = question(socket, kept, 'sid=x');
  await site.asked;
  const ended = running.stop();
  await until(
    async () => existsSync(socket),
    (found) => !found,
    LIMIT_MS,
  );
  site.release();
  t.ok(ANSWERED.includes(await answer), 'what was under way');
  t.equal((await ended).code, 0);
});

t.test('on the socket of systemd: whoever comes meanwhile is answered by the next one', async (t) => {
  const dataFolder = await dataFolderOf(t);
  const site = await slowSite(t);
  const port = await freePort(2);
  const env = plainEnvironment({
    LATCHKEY_DATA: dataFolder,
    ...site.settings,
    LATCHKEY_METRICS: `127.0.0.1:${port}`,
  });
  const socket = `${dataFolder}/run/authorizer-1.sock`;
  const command = [
    '/usr/bin/python3',
    KEEPER,
    socket,
    LATCHKEY.file,
    ...LATCHKEY.args,
    'authorizer',
  ] as const;
  const running = await start(t, command, /at the socket of systemd/, { env });
  const { ino } = statSync(socket);
  const decided = async () => {
    const told = await fetch(`http://127.0.0.1:${port + 1}/metrics`).then((answer) => answer.text());
    return Number(/^latchkey_decision_seconds_count (\d+)$/m.exec(told)?.[1]);
  };
  for (let i = 0; i < 5; i++) await question(socket, false);
  t.equal(await decided(), 5);
  const kept = new Agent({ keepAlive: true, maxSockets: 1 });
  t.teardown(() => kept.destroy());
  const answer = question(socket, kept, 'sid=x');
  await site.asked;
  process.kill(running.pid, 'SIGHUP');
  const next = question(socket, false);
  site.release();
  t.ok(ANSWERED.includes(await answer), 'what was under way');
  t.equal(await next, 401);
  const starts = async () => running.said().match(/at the socket of systemd/g)?.length ?? 0;
  t.equal(await until(starts, (count) => count === 2, LIMIT_MS), 2, 'another one serves');
  t.equal(await question(socket, false), 401);
  const since = await decided();
  t.ok(since === 1 || since === 2, `with figures of its own: ${since}`);
  t.equal((await running.stop()).code, 0);
  t.equal(statSync(socket).ino, ino, 'the socket stays');
});

t.test('what systemd hands over and is not one socket is refused, and said', async (t) => {
  const dataFolder = await dataFolderOf(t);
  const shell = (fds: string, command: string) =>
    start(
      t,
      [
        'sh',
        '-c',
        `LISTEN_PID=$$ LISTEN_FDS='${fds}' exec "$@" 3</dev/null`,
        'sh',
        LATCHKEY.file,
        ...LATCHKEY.args,
        command,
      ],
      /Server listening at the socket/,
      { env: plainEnvironment({ LATCHKEY_DATA: dataFolder }) },
    );
  for (const command of ['authorizer', 'files']) {
    for (const fds of ['', '0', '2', 'x']) {
      await t.rejects(shell(fds, command), { message: /ended with 3: latchkey: LISTEN_FDS is '/ }, fds);
    }
    await t.rejects(shell('1', command), {
      message: /ended with 3: .*no socket to listen on; name a ListenStream/,
    });
  }
  t.equal((await latchkey(['acl', '/'], { env: { LATCHKEY_DATA: dataFolder, LISTEN_FDS: 'x' } })).code, 0);
});
