/**
 * How often passwords of links may be tried. Each attempt is counted as a failure before its password is looked at, so
 * that a hundred at once are not each the first; a success is taken off again.
 *
 * Counted are three: of an address on one link, of an address on all links, and of a link from everywhere. The last
 * grows gently, since a stranger can make everybody wait by it.
 */

import { LRUCache } from 'lru-cache';
import { addressKey } from '../acl/address-key.js';

interface Delays {
  /** Failures before the first delay. */
  readonly free: number;
  readonly longestMs: number;
}

const FIRST_DELAY_MS = 1_000;
const ADDRESS_ON_LINK: Delays = { free: 5, longestMs: 15 * 60_000 };
const ADDRESS: Delays = { free: 30, longestMs: 15 * 60_000 };
const LINK: Delays = { free: 50, longestMs: 30_000 };
/** After the last failure; longer than any delay. */
const REMEMBERED_MS = 60 * 60_000;
/** Of each of the three: together some megabytes. A flood from more forgets its oldest. */
const COUNTERS_MAX = 20_000;

interface Counter {
  readonly failures: number;
  readonly lastAt: number;
}

/** Who tries what. */
export interface Attempt {
  readonly linkId: string;
  readonly address: string | undefined;
}

export class PasswordAttempts {
  readonly #onLink: Counters;
  readonly #ofAddress: Counters;
  readonly #ofLink: Counters;

  /** @param clock milliseconds that never run backwards */
  constructor(clock: () => number) {
    this.#onLink = new Counters(ADDRESS_ON_LINK, clock);
    this.#ofAddress = new Counters(ADDRESS, clock);
    this.#ofLink = new Counters(LINK, clock);
  }

  /**
   * Milliseconds to wait. 0: it may be tried now, and counts as a failure until `succeeded` or `takeBack`. One that
   * has to wait is not counted: waiting longer is not the price of asking.
   */
  reserve(attempt: Attempt): number {
    const each = this.#countersOf(attempt);
    const waitMs = Math.max(...each.map(([counters, key]) => counters.waitMs(key)));
    if (waitMs === 0) for (const [counters, key] of each) counters.add(key);
    return waitMs;
  }

  /** It was the password: forgets what the address got wrong on this link, and nothing else. */
  succeeded(attempt: Attempt): void {
    const [[onLink, pair], [ofAddress, address], [ofLink, link]] = this.#countersOf(attempt);
    ofAddress.remove(address, Math.max(1, onLink.failures(pair)));
    onLink.forget(pair);
    ofLink.remove(link, 1);
  }

  /** It was not looked at after all. */
  takeBack(attempt: Attempt): void {
    for (const [counters, key] of this.#countersOf(attempt)) counters.remove(key, 1);
  }

  #countersOf({ linkId, address }: Attempt) {
    const from = addressKey(address);
    return [
      [this.#onLink, `${linkId} ${from}`],
      [this.#ofAddress, from],
      [this.#ofLink, linkId],
    ] as const;
  }
}

class Counters {
  readonly #delays: Delays;
  readonly #clock: () => number;
  readonly #counters = new LRUCache<string, Counter>({ max: COUNTERS_MAX });

  constructor(delays: Delays, clock: () => number) {
    this.#delays = delays;
    this.#clock = clock;
  }

  failures(key: string): number {
    return this.#standing(key)?.failures ?? 0;
  }

  waitMs(key: string): number {
    const counter = this.#standing(key);
    const { free, longestMs } = this.#delays;
    if (counter === undefined || counter.failures < free) return 0;
    const delayMs = Math.min(longestMs, FIRST_DELAY_MS * 2 ** (counter.failures - free));
    return Math.max(0, counter.lastAt + delayMs - this.#clock());
  }

  add(key: string): void {
    this.#counters.set(key, { failures: this.failures(key) + 1, lastAt: this.#clock() });
  }

  remove(key: string, count: number): void {
    const counter = this.#standing(key);
    if (counter === undefined) return;
    if (counter.failures <= count) this.forget(key);
    else this.#counters.set(key, { ...counter, failures: counter.failures - count });
  }

  forget(key: string): void {
    this.#counters.delete(key);
  }

  #standing(key: string): Counter | undefined {
    const counter = this.#counters.get(key);
    return counter === undefined || this.#clock() - counter.lastAt >= REMEMBERED_MS ? undefined : counter;
  }
}
