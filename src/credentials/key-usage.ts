/**
 * When API keys were used, gathered and written in batches: a decision never waits for a write, and a key that is
 * used a thousand times a second is written once a minute.
 */

import { setTimeout as wait } from 'node:timers/promises';
import type { UsageStore } from '../acl/ports.js';

export const USAGE_WRITE_MS = 60_000;
/** Keys noted between two writes; of more, the rest is noted with the next. */
const NOTED_MAX = 100_000;
/** Two seconds, of the time that a service has to stop. */
const CLOSE_ATTEMPTS = 40;
const CLOSE_RETRY_MS = 50;

export class KeyUsage {
  readonly #store: UsageStore;
  readonly #onProblem: (error: unknown) => void;
  #noted = new Map<string, number>();

  constructor(store: UsageStore, onProblem: (error: unknown) => void) {
    this.#store = store;
    this.#onProblem = onProblem;
  }

  note(id: string, at: number): void {
    if (this.#noted.size < NOTED_MAX || this.#noted.has(id)) this.#noted.set(id, at);
  }

  /** Writes what was noted; what could not be written is kept for the next time. */
  async flush(): Promise<void> {
    const problem = await this.#write();
    if (problem !== undefined) this.#onProblem(problem);
  }

  /** The last flush. There is no next time, and nobody waits for us any more: it is tried for a while. */
  async close(): Promise<void> {
    for (let attempt = 1; attempt < CLOSE_ATTEMPTS; attempt++) {
      if ((await this.#write()) === undefined) return;
      await wait(CLOSE_RETRY_MS);
    }
    await this.flush();
  }

  async #write(): Promise<unknown> {
    const noted = this.#noted;
    if (noted.size === 0) return undefined;
    this.#noted = new Map();
    try {
      await this.#store.recordUses(noted);
      return undefined;
    } catch (error) {
      for (const [id, at] of noted) if (!this.#noted.has(id)) this.note(id, at);
      return error;
    }
  }
}
