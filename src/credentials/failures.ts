/**
 * Counts credentials that prove nothing, by the address that they come from and the user that they name, so that
 * guessing costs time and a flood costs little (docs/decisions/0015-failed-credentials.md).
 *
 * It only ever keeps a credential from being looked at; whoever is known already passes by it.
 */

import { LRUCache } from 'lru-cache';
import { addressKey } from '../acl/address-key.js';

export interface FailureLimits {
  /** Failures from one address in a minute, above which unknown ones from there are not looked at. */
  readonly addressMax: number;
  /** Failures that name one user in a minute, above which the answer is to wait. */
  readonly userMax: number;
}

export const WINDOW_MS = 60_000;
/** Addresses and users remembered at once: some megabytes. A flood from more forgets its oldest. */
const COUNTERS_MAX = 20_000;

interface Counter {
  count: number;
  readonly since: number;
}

export class Failures {
  readonly #limits: FailureLimits;
  readonly #clock: () => number;
  readonly #counters = new LRUCache<string, Counter>({ max: COUNTERS_MAX });

  /** @param clock milliseconds that never run backwards */
  constructor(limits: FailureLimits, clock: () => number) {
    this.#limits = limits;
    this.#clock = clock;
  }

  /** Whether so many failures came from the address that what is unknown is not worth a look. */
  isOver(address: string | undefined): boolean {
    return this.#count(addressKey(address)) >= this.#limits.addressMax;
  }

  /** Notes a failure. True: there were too many now, from the address or for the user. */
  note(address: string | undefined, user?: string): boolean {
    const overAddress = this.#add(addressKey(address)) > this.#limits.addressMax;
    const overUser = user !== undefined && this.#add(`user ${user}`) > this.#limits.userMax;
    return overAddress || overUser;
  }

  #count(key: string): number {
    const counter = this.#counters.get(key);
    return counter === undefined || this.#clock() - counter.since >= WINDOW_MS ? 0 : counter.count;
  }

  #add(key: string): number {
    const now = this.#clock();
    const counter = this.#counters.get(key);
    if (counter !== undefined && now - counter.since < WINDOW_MS) {
      counter.count += 1;
      return counter.count;
    }
    this.#counters.set(key, { count: 1, since: now });
    return 1;
  }
}
