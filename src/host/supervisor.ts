/**
 * Starts the parts of one machine as processes, starts each again when it dies, and stops all together.
 *
 * A part that ends by itself before it was ever ready is not started again: what it wrote says why.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import { DONE, type ExitCode, FAILED } from '../exit-code.js';

export interface Part {
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** It sends a message when it serves; others are ready at once. */
  readonly tellsWhenReady: boolean;
}

/** Between a death and the new start; doubled for each death in a row. */
const RESTART_MS = 1_000;
const RESTART_MS_MAX = 30_000;
/** Ctrl-C reaches the whole group in any order: a part may end of it before we hear of it. */
const SAME_SIGNAL_MS = 100;
/** A part that has run this long was well. */
const WELL_MS = 60_000;
/** After this, what has not stopped is killed. */
const STOP_MS = 10_000;

export class Supervisor {
  readonly #note: (message: string) => void;
  readonly #children = new Map<string, ChildProcess>();
  readonly #stopping = new AbortController();
  readonly #failed = Promise.withResolvers<never>();

  constructor(note: (message: string) => void) {
    this.#note = note;
    this.#failed.promise.catch(() => undefined);
  }

  /** Rejects when a part cannot be started at all. */
  get failure(): Promise<never> {
    return this.#failed.promise;
  }

  /** Starts a part and resolves when it is ready. */
  async start(part: Part): Promise<void> {
    const ready = Promise.withResolvers<void>();
    void this.#keep(part, ready.resolve).catch(this.#failed.reject);
    await Promise.race([ready.promise, this.failure]);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    const children = [...this.#children.values()];
    const ended = children.map((child) => new Promise((resolve) => child.once('exit', resolve)));
    for (const child of children) child.kill('SIGTERM');
    const kill = setTimeout(() => {
      for (const child of children) child.kill('SIGKILL');
    }, STOP_MS);
    await Promise.all(ended);
    clearTimeout(kill);
  }

  async #keep(part: Part, onReady: () => void): Promise<void> {
    let delay = RESTART_MS;
    let everReady = !part.tellsWhenReady;
    while (!this.#stopping.signal.aborted) {
      const began = performance.now();
      const end = await this.#run(part, () => {
        everReady = true;
        onReady();
      });
      await this.#pause(SAME_SIGNAL_MS);
      if (this.#stopping.signal.aborted) return;
      if (!everReady) throw new Error(`${part.name} could not start (${end})`);
      if (performance.now() - began > WELL_MS) delay = RESTART_MS;
      this.#note(`${part.name} ended (${end}); it is started again in ${delay / 1000} s`);
      await this.#pause(delay - SAME_SIGNAL_MS);
      delay = Math.min(delay * 2, RESTART_MS_MAX);
    }
  }

  /** Shorter when all is stopped meanwhile. */
  async #pause(ms: number): Promise<void> {
    await wait(ms, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
  }

  /** Resolves when the process has ended, with how. */
  #run(part: Part, onReady: () => void): Promise<string> {
    return new Promise((resolve) => {
      const child = spawn(part.program, part.args, {
        env: { ...part.env },
        // The channel also tells the part that we are gone: it then stops by itself.
        stdio: ['ignore', 'inherit', 'inherit', ...(part.tellsWhenReady ? (['ipc'] as const) : [])],
      });
      this.#children.set(part.name, child);
      child.once('error', (error) => {
        this.#children.delete(part.name);
        resolve(error.message);
      });
      child.once('exit', (code, signal) => {
        this.#children.delete(part.name);
        resolve(signal ?? `exit code ${code}`);
      });
      if (part.tellsWhenReady) child.on('message', onReady);
      else onReady();
    });
  }
}

/** Resolves at SIGINT, SIGTERM or SIGHUP, or when whoever started this process is gone. */
export function toldToStop(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve());
    process.once('disconnect', () => resolve());
  });
}

export async function superviseUntilStopped(
  parts: readonly Part[],
  note: (message: string) => void,
): Promise<ExitCode> {
  const stopped = toldToStop();
  const supervisor = new Supervisor(note);
  try {
    for (const part of parts) await supervisor.start(part);
    process.send?.('ready');
    await Promise.race([stopped, supervisor.failure]);
    return DONE;
  } catch (error) {
    note((error as Error).message);
    return FAILED;
  } finally {
    await supervisor.stop();
    if (process.connected) process.disconnect();
  }
}
