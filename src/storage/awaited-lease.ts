/** Waits until this process may change the files of a store: it stands by for as long as another one holds the lease. */

import { setTimeout as wait } from 'node:timers/promises';
import { NotKnown } from '../acl/errors.js';
import type { LeaseHolder, LeaseStore, LeaseWish } from '../acl/lease-ports.js';
import type { Clocks } from './fresh-facts.js';
import { HeldLease, type LeaseTimes, momentOf } from './held-lease.js';

export interface LeaseDeps {
  readonly store: LeaseStore;
  readonly wish: LeaseWish;
  readonly times: LeaseTimes;
  readonly clocks: Clocks;
}

export interface Waiting {
  /** Told of whoever is waited for: once of each. */
  readonly onHolder: (holder: LeaseHolder) => void;
  /** From then on nothing is waited for. */
  readonly stopped: AbortSignal;
}

/** Between two looks: so long after the end of one process the next one begins at the latest. */
export const STANDBY_POLL_MS = 500;

/** Without waiting: else who holds it. @throws NotKnown */
export async function tryLease({ store, wish, times, clocks }: LeaseDeps): Promise<HeldLease | LeaseHolder> {
  const since = momentOf(clocks);
  const taking = await store.take(wish, times.lengthMs);
  return 'holder' in taking ? taking.holder : new HeldLease(store, taking.taken, { times, clocks, since });
}

/** `undefined`: it was stopped. @throws NotKnown where the store cannot be asked at first */
export async function awaitLease(deps: LeaseDeps, waiting: Waiting): Promise<HeldLease | undefined> {
  let told: string | undefined;
  while (!waiting.stopped.aborted) {
    const found = await tryLease(deps).catch((error: unknown) => {
      // Whoever stands by already waits for the store as well.
      if (told === undefined || !(error instanceof NotKnown)) throw error;
      return undefined;
    });
    if (found instanceof HeldLease) return found;
    if (found !== undefined && found.id !== told) {
      told = found.id;
      waiting.onHolder(found);
    }
    await wait(STANDBY_POLL_MS, undefined, { signal: waiting.stopped }).catch(() => {});
  }
  return undefined;
}
