/**
 * Who changes files, of all processes of one store: one at a time, by a lease that ends by the clock of the store unless it
 * is renewed (docs/decisions/0033-one-files-service-at-a-time.md). On one machine a lock of the data folder does the same.
 */

/** A files service, or a command in place of one, that wants to change files. */
export interface LeaseWish {
  /** Of this process, drawn at random. */
  readonly id: string;
  /** For people: `files@web1:4711`. */
  readonly name: string;
  /** The lock that this process holds on its own machine: who held the lease under the same one has ended. */
  readonly lock: string;
}

export interface LeaseHolder extends LeaseWish {
  /** By the clock of the store. */
  readonly restMs: number;
}

/** A lease that was taken: who took it, and for the how manieth time somebody has. */
export interface TakenLease {
  readonly id: string;
  readonly epoch: number;
}

export type Taking = { readonly taken: TakenLease } | { readonly holder: LeaseHolder };

export interface LeaseStore {
  /**
   * Where nobody holds it, or whoever did held the same lock. A write that is under way by an earlier one is waited for.
   *
   * @throws NotKnown
   */
  take(wish: LeaseWish, lengthMs: number): Promise<Taking>;
  /** However long ago it ended, if nobody has taken it since. False: somebody has. @throws NotKnown */
  renew(taken: TakenLease, lengthMs: number): Promise<boolean>;
  /** @throws NotKnown */
  release(taken: TakenLease): Promise<void>;
  /** @throws NotKnown */
  holder(): Promise<LeaseHolder | undefined>;
}
