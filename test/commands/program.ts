/**
 * The CLI as a program, the built one, in a folder of the test's own: exit code, standard output, standard error.
 */

import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import type { Test } from 'tap';
import { LATCHKEY, plainEnvironment, stopped } from '../nginx/running-site.js';

export interface Result {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly stdin?: string | Buffer;
}

/** One run of `latchkey`. */
export function latchkey(args: readonly string[], options: RunOptions = {}): Promise<Result> {
  const child = spawn(LATCHKEY.file, [...LATCHKEY.args, ...args], {
    env: plainEnvironment(options.env ?? {}),
    cwd: options.cwd,
    stdio: 'pipe',
  });
  child.stdin.on('error', () => undefined); // a program that refuses reads nothing
  child.stdin.end(options.stdin ?? '');
  return resultOf(child);
}

/** What a process with piped output says until it ends. */
export function resultOf(child: ChildProcess): Promise<Result> {
  return new Promise((resolve, reject) => {
    let stdout = '';
    let stderr = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
}

export interface Desk {
  readonly folder: string;
  readonly dataFolder: string;
  /** `latchkey` with this data folder, in `folder`. The words may be one string, parted by spaces. */
  run(words: string | readonly string[], options?: RunOptions): Promise<Result>;
  /** The same with --json: what it printed, parsed. */
  json(words: string | readonly string[], options?: RunOptions): Promise<unknown>;
}

/** An operator's desk: a data folder that is made already, so that no command remarks on making it. */
export async function desk(t: Test, env: Readonly<Record<string, string>> = {}): Promise<Desk> {
  const folder = ownFolder(t);
  const dataFolder = `${folder}/data`;
  const run = (words: string | readonly string[], options: RunOptions = {}) =>
    latchkey(typeof words === 'string' ? words.split(' ') : words, {
      cwd: folder,
      ...options,
      env: { LATCHKEY_DATA: dataFolder, ...env, ...options.env },
    });
  await run('acl /');
  return {
    folder,
    dataFolder,
    run,
    json: async (words, options) => {
      const list = typeof words === 'string' ? words.split(' ') : words;
      const { stdout, stderr } = await run([...list, '--json'], options);
      if (!stdout.endsWith('}\n')) throw new Error(`no JSON: ${stdout}${stderr}`);
      return JSON.parse(stdout) as unknown;
    },
  };
}

/** A test, or what else ends what it has started. */
export type Ending = Pick<Test, 'teardown'>;

/** What each test has started: tap tears down in the order of asking, and nothing may run when its folder goes. */
const started = new WeakMap<Ending, ChildProcess[]>();

/** Stops, at the end of the test, all that `start` will have started: asked for before a folder of the test's. */
export function stopsBefore(t: Ending): ChildProcess[] {
  const known = started.get(t);
  if (known !== undefined) return known;
  const children: ChildProcess[] = [];
  started.set(t, children);
  t.teardown(async () => {
    for (const child of children) await stopped(child);
  });
  return children;
}

/** A folder of the test's own, in which programs may be at work until its end. */
export function ownFolder(t: Test): string {
  stopsBefore(t);
  return t.testdir();
}

/** Runs that do not depend on each other, a few at a time. */
export async function several<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const AT_ONCE = 3;
  const rest = [...items];
  const worker = async () => {
    for (let item = rest.shift(); item !== undefined; item = rest.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

export interface Running {
  readonly pid: number;
  /** What it has written so far, on both. */
  said(): string;
  /** Sends the signal and waits for the end. */
  stop(signal?: NodeJS.Signals): Promise<Result>;
  readonly ended: Promise<Result>;
}

const READY_MS = 30_000;

/** Starts a program that serves, and resolves when what it says matches `ready`. */
export async function start(
  t: Ending,
  [file, ...args]: readonly [string, ...string[]],
  ready: RegExp,
  options: SpawnOptions = {},
): Promise<Running> {
  const child = spawn(file, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  stopsBefore(t).push(child);
  const ended = resultOf(child);
  let said = '';
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`not ready in ${READY_MS} ms: ${said}`)), READY_MS);
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (text: string) => {
        said += text;
        if (!ready.test(said)) return;
        clearTimeout(timer);
        resolve();
      });
    }
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      reject(new Error(`${args.join(' ')} ended with ${code ?? signal}: ${said}`));
    });
  });
  return {
    pid: child.pid ?? 0,
    said: () => said,
    stop: (signal = 'SIGTERM') => {
      child.kill(signal);
      return ended;
    },
    ended,
  };
}
