/**
 * Counts credentials that prove nothing, by the address that they come from and the user that they name, so that
 * guessing costs time and a flood costs little (docs/decisions/0015-failed-credentials.md).
 *
 * It only ever keeps a credential from being looked at; whoever is known already passes by it. It is asked on the path
 * of a decision, and waits for nothing: what others have counted comes by `joined-failures.ts`, and where that does not
 * come, it goes on by its own count.
 */

import { LRUCache } from 'lru-cache';
import { addressKey } from '../acl/address-key.js';
import { COUNTERS_MAX, FAILURES_WINDOW_MS, type FailureTotal } from '../acl/count-ports.js';

export interface FailureLimits {
  /** Failures from one address in a minute, above which unknown ones from there are not looked at. */
  readonly addressMax: number;
  /** Failures that name one user in a minute, above which the answer is to wait. */
  readonly userMax: number;
}

export const WINDOW_MS = FAILURES_WINDOW_MS;
/** So many of one address or user are told at once: others may be at the same. */
export const MANY_UNTOLD = 20;

/** One address, or one user, in one window. */
export interface Counter {
  readonly key: string;
  /** All that are known of. */
  count: number;
  since: number;
  /** Counted here, and not told to the others. */
  untold: number;
  /** Waits to be told; the next one that does. */
  isWaiting: boolean;
  next: Counter | undefined;
}

export class Failures {
  readonly #limits: FailureLimits;
  readonly #clock: () => number;
  readonly #counters = new LRUCache<string, Counter>({ max: COUNTERS_MAX });
  // A chain of those that have something to tell, the longest wait first, so that a failure makes no object for it.
  #first: Counter | undefined;
  #last: Counter | undefined;
  #waiting = 0;
  /** Called when there is much to tell of one. */
  onMany: () => void = () => {};

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

  /** Up to so many that have something to tell: each is told what it has `untold`, or is `heldBack`. */
  takeUntold(max: number): readonly Counter[] {
    const now = this.#clock();
    const taken: Counter[] = [];
    while (this.#first !== undefined && taken.length < max) {
      const counter = this.#first;
      this.#first = counter.next;
      counter.next = undefined;
      counter.isWaiting = false;
      this.#waiting -= 1;
      // What is of a window that is over would count for the next one.
      if (now - counter.since < WINDOW_MS) taken.push(counter);
    }
    if (this.#first === undefined) this.#last = undefined;
    return taken;
  }

  /**
   * What all have counted, with what this process told. A total that is smaller than its own count is of a store that
   * has forgotten: the own one stays until its window is over.
   */
  learn(counter: Counter, { failures, ageMs }: FailureTotal): void {
    const known = failures + counter.untold;
    if (known < counter.count) return;
    counter.count = known;
    counter.since = this.#clock() - ageMs;
  }

  /** It could not be told: it is told with the next. */
  heldBack(counter: Counter, failures: number): void {
    counter.untold += failures;
    this.#wait(counter);
  }

  #count(key: string): number {
    const counter = this.#counters.get(key);
    return counter === undefined || this.#clock() - counter.since >= WINDOW_MS ? 0 : counter.count;
  }

  #add(key: string): number {
    const now = this.#clock();
    let counter = this.#counters.get(key);
    if (counter === undefined || now - counter.since >= WINDOW_MS) {
      counter = { key, count: 0, since: now, untold: 0, isWaiting: false, next: undefined };
      this.#counters.set(key, counter);
    }
    counter.count += 1;
    counter.untold += 1;
    this.#wait(counter);
    if (counter.untold === MANY_UNTOLD) this.onMany();
    return counter.count;
  }

  /** Of more than are remembered nobody is told: they count here. */
  #wait(counter: Counter): void {
    if (counter.isWaiting || this.#waiting >= COUNTERS_MAX) return;
    counter.isWaiting = true;
    this.#waiting += 1;
    if (this.#last === undefined) this.#first = counter;
    else this.#last.next = counter;
    this.#last = counter;
  }
}
