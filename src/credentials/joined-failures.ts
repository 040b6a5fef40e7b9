/**
 * Joins what this process has counted of failed credentials with what the others have: it tells the store, and learns the
 * totals of what it told (docs/decisions/0032-shared-counts.md). Whoever has nothing to tell asks nothing. No decision
 * waits for it, and without the store each process goes on by its own count.
 */

import { hash } from 'node:crypto';
import type { FailureStore } from '../acl/count-ports.js';
import type { Counter, Failures } from './failures.js';

/** How late a process learns of the others. */
export const JOIN_EVERY_MS = 500;
/** Between two, where there is much to tell. */
export const JOIN_GAP_MS = 100;
/** Addresses and users told at once: some milliseconds of SQLite's. Of more, the rest is told with the next. */
export const JOINED_AT_ONCE_MAX = 500;
const NAME_LENGTH = 22;

export class JoinedFailures {
  readonly #failures: Failures;
  readonly #store: FailureStore;

  constructor(failures: Failures, store: FailureStore) {
    this.#failures = failures;
    this.#store = store;
  }

  /** @throws NotKnown, StoreBusy: what was counted is told with the next */
  async join(): Promise<void> {
    const told = this.#failures.takeUntold(JOINED_AT_ONCE_MAX).map((counter) => take(counter));
    if (told.length === 0) return;
    const sums = new Map<string, number>();
    // One name may be there twice: a counter that a flood made us forget, and the one in its place.
    for (const { name, failures } of told) sums.set(name, (sums.get(name) ?? 0) + failures);
    try {
      const totals = await this.#store.join(sums);
      for (const { counter, name } of told) {
        const total = totals.get(name);
        if (total !== undefined) this.#failures.learn(counter, total);
      }
    } catch (error) {
      for (const { counter, failures } of told) this.#failures.heldBack(counter, failures);
      throw error;
    }
  }
}

function take(counter: Counter) {
  const failures = counter.untold;
  counter.untold = 0;
  return { counter, failures, name: failureName(counter.key) };
}

/** By which the store knows an address or a user: it holds neither. */
export function failureName(key: string): string {
  return hash('sha256', key, 'base64url').slice(0, NAME_LENGTH);
}
