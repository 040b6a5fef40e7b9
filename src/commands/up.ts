import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { type DataFolder, openDataFolder } from '../host/data-folder.js';
import { findNginx } from '../host/nginx-program.js';
import { type Part, Supervisor, toldToStop } from '../host/supervisor.js';
import { createGateway } from '../http/gateway.js';
import { renderServer } from '../nginx/render.js';
import { workersOption } from './authorizer.js';
import { type Command, DONE, flag, type Invocation, textOption, UsageError, valued } from './command.js';
import { FILES_SOCKET } from './files.js';
import { authorizerPart, authorizerSocket, filesPart } from './parts.js';

const HOST = '127.0.0.1';
const PORT = '8080';
const READY_TIMEOUT_MS = 15_000;
const READY_POLL_MS = 50;

export const command: Command = {
  usage: '[--port PORT] [--host HOST] [--workers N] [--no-nginx]',
  summary: 'Runs nginx, the authorizer and the files service on this machine, and prints when they serve.',
  details: ['It runs until Ctrl-C or SIGTERM, and starts a part again that has died.'],
  options: {
    port: valued('PORT', `default ${PORT}`),
    host: valued('HOST', `the address to listen on; default ${HOST}, which only this machine reaches`),
    workers: valued('N', 'how many authorizer processes; default 1'),
    'no-nginx': flag('serve the same URLs from Node, for development on a machine without nginx'),
  },
  takes: [0, 0],
  run: async (invocation) => {
    const { config, env, options, output } = invocation;
    const port = portOption(textOption(options, 'port') ?? PORT);
    const host = textOption(options, 'host') ?? HOST;
    const workers = workersOption(textOption(options, 'workers'));
    const folder = openDataFolder(config, output.note);
    const front =
      options['no-nginx'] === true ? undefined : nginxPart(invocation, folder, `${host}:${port}`, workers);
    if (await isTaken(host, port)) throw new Error(`port ${port} is taken; choose another one with --port`);
    const stopped = toldToStop();
    const supervisor = new Supervisor(output.note);
    try {
      await supervisor.start(filesPart(config, env));
      for (let n = 1; n <= workers; n++) await supervisor.start(authorizerPart(n, config, env));
      if (front === undefined) await startGateway(invocation, host, port);
      else await supervisor.start(front);
      await Promise.race([untilServing(host, port, config.mount), supervisor.failure, stopped]);
      const url = `http://${host}:${port}`;
      output.result({ ready: url }, readyLines(url, invocation));
      await Promise.race([stopped, supervisor.failure]);
      return DONE;
    } finally {
      await supervisor.stop();
    }
  },
};

async function startGateway({ config, output }: Invocation, host: string, port: number): Promise<void> {
  const gateway = createGateway({
    authorizerSocket: authorizerSocket(1),
    filesSocket: FILES_SOCKET,
    root: config.root,
    mount: config.mount,
  });
  gateway.listen(port, host);
  await once(gateway, 'listening');
  gateway.unref();
  output.note('--no-nginx is for development: every byte passes through Node, and nothing is hardened');
}

function nginxPart(
  { config, env }: Invocation,
  { owner }: DataFolder,
  listen: string,
  authorizers: number,
): Part {
  const { program, mimeTypes } = findNginx(config.nginx);
  const text = renderServer({
    dataFolder: '',
    root: config.root,
    mount: config.mount,
    authorizers,
    uploadBytesMax: config.uploadBytesMax,
    listen,
    mimeTypes,
    user: process.getuid?.() === 0 ? owner.name : undefined,
  });
  writeFileSync('run/nginx.conf', text);
  return {
    name: 'nginx',
    program,
    args: ['-p', '.', '-e', 'stderr', '-c', 'run/nginx.conf', '-g', 'daemon off;'],
    env,
    tellsWhenReady: false,
  };
}

/** The whole chain answers: nginx asks, and the authorizer refuses a stranger. */
async function untilServing(host: string, port: number, mount: string): Promise<void> {
  const deadline = performance.now() + READY_TIMEOUT_MS;
  while (performance.now() < deadline) {
    if ((await statusOf(host, port, mount)) === 401) return;
    await wait(READY_POLL_MS);
  }
  throw new Error('nginx and the services did not answer in time; what they wrote above says why');
}

function statusOf(host: string, port: number, path: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    const asked = request({ host, port, path, method: 'HEAD', agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    asked.on('error', () => resolve(undefined));
    asked.end();
  });
}

function isTaken(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

function portOption(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port >= 1 && port <= 65_535) return port;
  throw new UsageError(`--port takes a number from 1 to 65535, not '${text}'`);
}

function readyLines(url: string, { config, env }: Invocation): readonly string[] {
  const given = env.LATCHKEY_DATA === undefined ? '' : ` --data '${config.dataFolder}'`;
  const latchkey = `npx latchkey${given}`;
  const file = `${url}${config.mount}users/alice/README.md`;
  return [
    `ready ${url}`,
    '',
    'Paste into another terminal, in this folder:',
    `  alice=$(${latchkey} token alice)`,
    `  curl -T README.md -H "Authorization: Bearer $alice" ${file}`,
    `  ${latchkey} grant user:bob read /users/alice/README.md`,
    `  curl -H "Authorization: Bearer $(${latchkey} token bob)" ${file}`,
  ];
}
