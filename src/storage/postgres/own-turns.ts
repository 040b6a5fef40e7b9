/**
 * The writes of one process, one at a time and in the order in which they came: between them they need one connection.
 * The turns among all processes are `turn.ts`'s.
 */

import { busy } from './errors.js';

export class OwnTurns {
  readonly #patienceMs: number;
  /** Resolves when the last one that has come is done. */
  #last: Promise<void> = Promise.resolve();

  constructor(patienceMs: number) {
    this.#patienceMs = patienceMs;
  }

  /** @throws StoreBusy where it is not its turn in time, and what `work` throws */
  async run<T>(work: () => Promise<T>): Promise<T> {
    const before = this.#last;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#last = before.then(() => promise);
    try {
      await this.#patiently(before);
      return await work();
    } finally {
      resolve();
    }
  }

  /** One of them may be the end of a large move. */
  async #patiently(before: Promise<void>): Promise<void> {
    const { promise: late, reject } = Promise.withResolvers<void>();
    const timer = setTimeout(() => reject(busy()), this.#patienceMs);
    await Promise.race([before, late]).finally(() => clearTimeout(timer));
  }
}
