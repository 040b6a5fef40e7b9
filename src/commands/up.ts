import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { type DataFolder, makePart, openDataFolder } from '../host/data-folder.js';
import { hostInUrl, parseHost, parsePort, refuseSecond } from '../host/listen.js';
import { findNginx, type NginxProgram, refuseBad } from '../host/nginx-program.js';
import { NGINX_CONFIGURATION, stopOrphanedNginx } from '../host/orphan.js';
import { type Part, Supervisor, toldToStop } from '../host/supervisor.js';
import { renderServer, uploadFolder } from '../nginx/render.js';
import { workersOption } from './arguments.js';
import {
  type Command,
  DONE,
  flag,
  type Invocation,
  type OptionValues,
  textOption,
  UsageError,
  valued,
} from './command.js';
import { FILES_SOCKET } from './files.js';
import { authorizerPart, authorizerSocket, filesPart } from './parts.js';
import { shellWord } from './shell.js';
import { siteOptions } from './site-options.js';

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
    const { config, options, output } = invocation;
    const place = placeOf(options);
    const workers = workersOption(options);
    const nginx = options['no-nginx'] === true ? undefined : findNginx(config.nginx);
    const stoppedNginx = await stopOrphanedNginx(config.dataFolder);
    if (stoppedNginx !== undefined) {
      output.note(`stopped process ${stoppedNginx}, the nginx of an 'up' that was killed`);
    }
    await refuseTaken(place);
    const folder = openDataFolder(config, output.note);
    await refuseSecond({ path: FILES_SOCKET });
    const front = nginx === undefined ? undefined : nginxPart(invocation, nginx, folder, place, workers);
    const stopped = toldToStop();
    const supervisor = new Supervisor(output.note);
    const ended = new AbortController();
    try {
      const started = start(supervisor, invocation, front, { ...place, workers, ended: ended.signal });
      await Promise.race([started, supervisor.failure, stopped]);
      await Promise.race([stopped, supervisor.failure]);
      return DONE;
    } finally {
      ended.abort();
      await supervisor.stop();
    }
  },
};

interface Place {
  readonly host: string;
  readonly port: number;
}

/** Starts the parts one after another, and says so when the whole chain serves. */
async function start(
  supervisor: Supervisor,
  invocation: Invocation,
  front: Part | undefined,
  { workers, ended, ...place }: Place & { readonly workers: number; readonly ended: AbortSignal },
): Promise<void> {
  const { config, env, output } = invocation;
  await supervisor.start(filesPart(config, env));
  for (let n = 1; n <= workers; n++) await supervisor.start(authorizerPart(n, config, env));
  if (front === undefined) await startGateway(invocation, place);
  else await supervisor.start(front);
  await untilServing(place, config.mount, ended);
  const url = urlOf(place);
  output.result({ ready: url }, readyLines(url, invocation));
}

async function startGateway({ config, output }: Invocation, { host, port }: Place): Promise<void> {
  const { createGateway } = await import('../http/gateway.js'); // and Fastify with it, which up itself does not need
  const gateway = createGateway({
    authorizerSocket: authorizerSocket(1),
    filesSocket: FILES_SOCKET,
    root: config.root,
    ...siteOptions(config),
  });
  gateway.listen(port, host);
  await once(gateway, 'listening');
  gateway.unref();
  output.note('--no-nginx is for development: every byte passes through Node, and nothing is hardened');
}

function nginxPart(
  { config, env }: Invocation,
  { program, mimeTypes }: NginxProgram,
  { owner }: DataFolder,
  { host, port }: Place,
  authorizers: number,
): Part {
  const root = process.getuid?.() === 0;
  // nginx makes the last of its folders by itself, and no folder above it.
  for (const folder of [config.partialFolder, uploadFolder(config.partialFolder)]) {
    makePart(folder, root ? owner : undefined);
  }
  const text = renderServer({
    dataFolder: '',
    root: config.root,
    partialFolder: config.partialFolder,
    authorizers,
    ...siteOptions(config),
    listen: `${hostInUrl(host)}:${port}`,
    mimeTypes,
    user: root ? owner.name : undefined,
  });
  writeFileSync(NGINX_CONFIGURATION, text);
  const args = ['-p', '.', '-e', 'stderr', '-c', NGINX_CONFIGURATION, '-g', 'daemon off;'];
  refuseBad(program, args);
  return { name: 'nginx', program, args, env, tellsWhenReady: false };
}

/** The whole chain answers: nginx asks, and the authorizer refuses a stranger. */
async function untilServing(place: Place, mount: string, ended: AbortSignal): Promise<void> {
  const deadline = performance.now() + READY_TIMEOUT_MS;
  while (performance.now() < deadline) {
    if ((await statusOf(place, mount)) === 401) return;
    await wait(READY_POLL_MS, undefined, { signal: ended });
  }
  throw new Error('nginx and the services did not answer in time; what they wrote above says why');
}

function statusOf({ host, port }: Place, path: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    const asked = request({ host, port, path, method: 'HEAD', agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    asked.on('error', () => resolve(undefined));
    asked.end();
  });
}

async function refuseTaken({ host, port }: Place): Promise<void> {
  const taken = await new Promise((resolve) => {
    const socket = connect({ host, port });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
  if (taken === true) throw new Error(`port ${port} is taken; choose another one with --port`);
}

function placeOf(options: OptionValues): Place {
  const portText = textOption(options, 'port') ?? PORT;
  const port = parsePort(portText);
  if (port === undefined) {
    throw new UsageError(`--port takes a number from 1 to 65535, not '${portText}'`);
  }
  const hostText = textOption(options, 'host') ?? HOST;
  const host = parseHost(hostText.replace(/^\[(.*)\]$/, '$1'));
  if (host !== undefined) return { host, port };
  throw new UsageError(`--host takes an address or a name of this machine, not '${hostText}'`);
}

function urlOf({ host, port }: Place): string {
  return `http://${hostInUrl(host)}:${port}`;
}

function readyLines(url: string, { config, env }: Invocation): readonly string[] {
  const data = env.LATCHKEY_DATA === undefined ? '' : ` --data ${shellWord(config.dataFolder)}`;
  const { LATCHKEY_DATABASE_URL: store } = env;
  // A URL with a password in it is nobody's to see: who pastes has it in the environment.
  const isShown = store !== undefined && config.database.kind === 'sqlite';
  const database = isShown ? ` --database ${shellWord(store)}` : '';
  const latchkey = `npx latchkey${data}${database}`;
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
