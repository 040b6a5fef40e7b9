/** `latchkey files` as a program, on a data folder of its own and a socket whose path is short. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Test } from 'tap';
import { plainEnvironment } from '../nginx/running-site.js';
import { type Ask, askOver, SECRET, shortFolder } from './asking-files.js';

const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));

export interface FilesProcess {
  readonly child: ChildProcess;
  readonly socket: string;
  readonly ask: Ask;
  readonly ended: Promise<Ended>;
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface FilesProcessOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** `ulimit -f`: no file of the process may grow beyond this. */
  readonly fileKibMax?: number;
}

/** Starts one; it may serve or end. */
export function spawnFiles(t: Test, dataFolder: string, options: FilesProcessOptions = {}): FilesProcess {
  const socket = `${shortFolder(t)}/files.sock`;
  // tap puts its own loader into the environment of whatever is spawned; it is not to watch this program.
  const limit = options.fileKibMax === undefined ? '' : `ulimit -f ${options.fileKibMax}; `;
  const child = spawn(
    'bash',
    [
      '-c',
      `unset NODE_OPTIONS; ${limit}exec "$@"`,
      'files',
      process.execPath,
      CLI,
      'files',
      '--listen',
      socket,
    ],
    {
      env: plainEnvironment({ LATCHKEY_DATA: dataFolder, LATCHKEY_JWT_SECRET: SECRET, ...options.env }),
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    },
  );
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      said[name] += text;
    });
  }
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal, ...said }));
  t.teardown(async () => {
    child.kill('SIGTERM');
    await ended;
  });
  return { child, socket, ask: askOver(socket), ended };
}

/** Starts one and waits until it serves. */
export async function startFiles(t: Test, dataFolder: string, options: FilesProcessOptions = {}) {
  const files = spawnFiles(t, dataFolder, options);
  const end = await Promise.race([once(files.child, 'message'), files.ended]);
  if ('stderr' in end) throw new Error(`'latchkey files' ended: ${end.stderr}`);
  return files;
}
