/**
 * Three nodes of one store and one tree of files: each an authorizer, the real program, behind its own real nginx with the
 * configuration that `latchkey nginx` prints, and lines of its own to PostgreSQL and to Redis, which may be cut.
 * `bench/fleet.mjs` measures the same nodes.
 */

import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { type Ending, latchkey, stopsBefore } from '../commands/program.js';
import { shortFolder } from '../http/asking-files.js';
import { freePort } from '../nginx/free-port.js';
import { startNginx } from '../nginx/pasted-site.js';
import type { Postgres } from '../postgres.js';
import type { RedisServer } from '../storage/redis-server.js';
import { type Line, line } from './cut-line.js';
import { type FleetAuthorizer, SECRET, startAuthorizer } from './fleet.js';

const NODES = 3;
const LOCALHOST = '127.0.0.1';
const POSTGRES_SOCKET = '.s.PGSQL.5432';
const CONTENT = 'private';

export interface FleetNode {
  readonly port: number;
  readonly authorizer: FleetAuthorizer;
  readonly toPostgres: Line;
  /** Without Redis there is none. */
  readonly toRedis: Line | undefined;
}

export interface NodesOptions {
  readonly postgres: Postgres;
  readonly redis: RedisServer | undefined;
  readonly boundMs: number;
  /** Names below the mount; each has the same content. */
  readonly files: readonly string[];
}

export interface Nodes {
  readonly all: readonly FleetNode[];
  /** For a program that reaches both servers directly. */
  readonly env: Readonly<Record<string, string>>;
}

export async function startNodes(t: Ending, options: NodesOptions): Promise<Nodes> {
  const { postgres, redis, boundMs, files } = options;
  stopsBefore(t);
  const folder = shortFolder(t); // a socket's path may have 107 bytes only
  mkdirSync(`${folder}/site/files`, { recursive: true });
  for (const file of files) writeFileSync(`${folder}/site/files${file}`, CONTENT);
  const env = {
    LATCHKEY_DATABASE_URL: postgres.url(),
    LATCHKEY_JWT_SECRET: SECRET,
    LATCHKEY_STALENESS_MAX_MS: String(boundMs),
    ...(redis !== undefined && { LATCHKEY_REDIS_URL: redis.url }),
  };
  const numbers = Array.from({ length: NODES }, (_, i) => i + 1);
  const all = await Promise.all(
    numbers.map((n) => startNode(t, `${folder}/${n}`, `${folder}/site`, env, options)),
  );
  return { all, env: { ...env, LATCHKEY_DATA: `${folder}/data-cli` } };
}

async function startNode(
  t: Ending,
  folder: string,
  root: string,
  fleetEnv: Readonly<Record<string, string>>,
  { postgres, redis }: NodesOptions,
): Promise<FleetNode> {
  mkdirSync(folder, { mode: 0o755 });
  const toPostgres = await line(
    t,
    { path: `${folder}/${POSTGRES_SOCKET}` },
    { path: `${postgres.folder}/${POSTGRES_SOCKET}` },
  );
  const redisLine = redis && (await lineToRedis(t, redis));
  const dataFolder = `${folder}/data`;
  const env = {
    ...fleetEnv,
    LATCHKEY_DATA: dataFolder,
    LATCHKEY_DATABASE_URL: postgres.url({ host: folder }),
    ...(redisLine && { LATCHKEY_REDIS_URL: redisLine.url }),
  };
  const authorizer = await startAuthorizer(t, dataFolder, env);
  t.teardown(() => wake(authorizer));
  const printed = await latchkey(['nginx', '--root', root, '--json'], { env });
  const lines = JSON.parse(printed.stdout) as { readonly http: string; readonly server: string };
  const port = await freePort();
  const server = `server { listen ${LOCALHOST}:${port}; access_log off;\n${lines.server}\n}`;
  await startNginx(t, folder, statSync(dataFolder).uid, `${lines.http}\n${server}`);
  return { port, authorizer, toPostgres, toRedis: redisLine?.toRedis };
}

async function lineToRedis(t: Ending, redis: RedisServer) {
  const here = { host: LOCALHOST, port: await freePort() };
  const toRedis = await line(t, here, { host: LOCALHOST, port: redis.port });
  return { toRedis, url: `redis://${here.host}:${here.port}` };
}

/** One that is paused does not end when it is told to. */
function wake({ running }: FleetAuthorizer): void {
  try {
    process.kill(running.pid, 'SIGCONT');
  } catch {} // it has ended
}
