/** A Redis of the test's own, Debian's, on a free port, that the test may kill, start again, stop and wake. */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { type Ending, stopsBefore } from '../commands/program.js';
import { freePort } from '../nginx/free-port.js';
import { plainEnvironment, until } from '../nginx/running-site.js';

const PROGRAM = 'redis-server';
const LIMIT_MS = 20_000;

export interface RedisServer {
  readonly port: number;
  readonly url: string;
  start(): Promise<void>;
  kill(): Promise<void>;
  signal(signal: NodeJS.Signals): void;
  /** What `redis-cli` says. */
  cli(...words: readonly string[]): string;
}

/** @param words further options; with the lines of its file it is a Sentinel */
export async function redisServer(
  t: Ending,
  { words = [], sentinel }: { readonly words?: readonly string[]; readonly sentinel?: string } = {},
): Promise<RedisServer> {
  const started = stopsBefore(t);
  const port = await freePort();
  const folder = mkdtempSync(`${tmpdir()}/latchkey-redis-`);
  t.teardown(() => rmSync(folder, { recursive: true }));
  if (sentinel !== undefined) writeFileSync(`${folder}/sentinel.conf`, sentinel);
  let child: ChildProcess | undefined;
  const server: RedisServer = {
    port,
    url: `redis://127.0.0.1:${port}`,
    start: async () => {
      const place = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder];
      const own =
        sentinel === undefined
          ? [...place, '--save', '']
          : [`${folder}/sentinel.conf`, '--sentinel', ...place];
      const options = { env: plainEnvironment({}), stdio: 'ignore', detached: true } as const;
      const starting = spawn(PROGRAM, [...own, ...words], options);
      started.push(starting);
      child = starting;
      const failed = once(starting, 'error').then(([error]: Error[]) => {
        throw new Error(`${PROGRAM} does not start (apt-get install redis-server): ${error?.message}`);
      });
      await Promise.race([
        failed,
        until(
          () => answers(port),
          (is) => is,
          LIMIT_MS,
        ),
      ]);
    },
    kill: async () => {
      if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
    signal: (signal) => void child?.kill(signal),
    cli: (...cliWords) =>
      execFileSync('redis-cli', ['-p', String(port), ...cliWords], { encoding: 'utf8' }).trim(),
  };
  // One that is stopped does not end by SIGTERM.
  t.teardown(() => void child?.kill('SIGCONT'));
  await server.start();
  return server;
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'));
    socket.once('data', (bytes) => {
      socket.destroy();
      resolve(bytes.toString().startsWith('+PONG'));
    });
    socket.once('error', () => resolve(false));
  });
}
