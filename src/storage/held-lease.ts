/**
 * The lease of this process over the files of a store: renewed several times in its length, for as long as nobody else has
 * taken it. A store that is away ends no lease, since nobody could take one either; but until it answers again nothing may
 * be destroyed on the disk, where no transaction would refuse it.
 */

import { NotKnown } from '../acl/errors.js';
import type { LeaseStore, TakenLease } from '../acl/lease-ports.js';
import type { Clocks, Moment } from './fresh-facts.js';
import type { OutageListener } from './outage.js';
import { type Repeated, repeat } from './repeat.js';

export interface LeaseTimes {
  /** From when it was taken or renewed last, by the clock of the store. */
  readonly lengthMs: number;
  readonly renewMs: number;
  /** So long before its end nothing is begun on the disk any more: what was begun has to be done by then. */
  readonly marginMs: number;
}

/** A machine that is gone is replaced after these; four renewals may be lost. */
export const LEASE_TIMES: LeaseTimes = { lengthMs: 10_000, renewMs: 2_000, marginMs: 2_000 };

export interface HeldLeaseOptions {
  readonly times: LeaseTimes;
  readonly clocks: Clocks;
  /** When the store was asked for it. */
  readonly since: Moment;
}

export class HeldLease {
  readonly taken: TakenLease;
  readonly #store: LeaseStore;
  readonly #times: LeaseTimes;
  readonly #clocks: Clocks;
  readonly #lost = Promise.withResolvers<void>();
  #since: Moment;
  #isLost = false;
  #renewing: Repeated | undefined;

  constructor(store: LeaseStore, taken: TakenLease, { times, clocks, since }: HeldLeaseOptions) {
    this.taken = taken;
    this.#store = store;
    this.#times = times;
    this.#clocks = clocks;
    this.#since = since;
  }

  /** Resolves when another process has taken it. Whoever waits for it must end: nothing may be written any more. */
  get whenLost(): Promise<void> {
    return this.#lost.promise;
  }

  /** That nobody else can have it yet. */
  get isHeld(): boolean {
    const { lengthMs, marginMs } = this.#times;
    return !this.#isLost && this.#ageMs() < lengthMs - marginMs;
  }

  keep(outage: OutageListener): void {
    const { renewMs } = this.#times;
    this.#renewing = repeat(() => this.renew(), {
      everyMs: renewMs,
      gapMs: 0,
      patienceMs: renewMs,
      ...outage,
    });
  }

  /** @throws NotKnown */
  async renew(): Promise<void> {
    const sent = momentOf(this.#clocks);
    if (!(await this.#store.renew(this.taken, this.#times.lengthMs))) this.lose();
    // One that was given up may be answered behind a later one.
    else if (sent.monotonic >= this.#since.monotonic) this.#since = sent;
  }

  /** Somebody has found another one to hold it. */
  lose(): void {
    this.#isLost = true;
    this.#lost.resolve();
  }

  /** Before a step on the disk that destroys. @throws NotKnown where it may be another's by now */
  requireHeld(): void {
    if (this.isHeld) return;
    throw this.#isLost
      ? new NotKnown('taken-over', 'another process changes the files of this store now')
      : new NotKnown('store-unavailable', 'whether this process may still change files could not be asked');
  }

  /** For whoever waits for it; when nothing is written any more. */
  async release(): Promise<void> {
    await this.#renewing?.stop();
    await this.#store.release(this.taken).catch(() => {}); // then it ends by itself
  }

  /** By the clock that says more: a suspended machine stops the first, and the second may be set. */
  #ageMs(): number {
    const { monotonic, wall } = momentOf(this.#clocks);
    return Math.max(monotonic - this.#since.monotonic, wall - this.#since.wall);
  }
}

export function momentOf(clocks: Clocks): Moment {
  return { monotonic: clocks.monotonic(), wall: clocks.wall() };
}
