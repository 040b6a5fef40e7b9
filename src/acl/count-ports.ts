/**
 * What all processes that share a store count together, so that who guesses has as many tries with ten of them as with
 * one: passwords of links exactly, failed credentials soon (docs/decisions/0032-shared-counts.md). No decision rests on
 * any of it, and it takes no revision. Names are digests; time is the store's own clock, and clocks of different machines
 * are compared nowhere.
 */

/** What wrong passwords are counted by. */
export const ATTEMPT_KINDS = ['address-on-link', 'address', 'link'] as const;
export type AttemptKind = (typeof ATTEMPT_KINDS)[number];

/** So long after the last failure a store forgets a counter of passwords. */
export const ATTEMPTS_REMEMBERED_MS = 60 * 60_000;
/** So long after the first failure one of credentials. */
export const FAILURES_WINDOW_MS = 60_000;
/** Of each kind, of passwords and of credentials: some megabytes in all. A flood from more forgets its oldest. */
export const COUNTERS_MAX = 20_000;

export interface FailureCounter {
  readonly failures: number;
  /** When the last one was, in milliseconds of the store's clock. */
  readonly lastAt: number;
}

export type AttemptNames = Readonly<Record<AttemptKind, string>>;
/** `undefined`: none is known. */
export type AttemptCounters = Readonly<Record<AttemptKind, FailureCounter | undefined>>;

export function countersOf(counter: (kind: AttemptKind) => FailureCounter | undefined): AttemptCounters {
  return {
    'address-on-link': counter('address-on-link'),
    address: counter('address'),
    link: counter('link'),
  };
}

/** What becomes of the counters. The same object that was given: they stay, and nothing is written. */
export interface Counted<T> {
  readonly value: T;
  readonly counters: AttemptCounters;
}

/** Pure: it may be asked again. @param now milliseconds of the store's clock */
export type AttemptRule<T> = (standing: AttemptCounters, now: number) => Counted<T>;

export interface AttemptStore {
  /**
   * What the rule answers, over counters that nobody changes meanwhile: of a hundred who come at once each sees those
   * before it.
   *
   * @throws NotKnown, StoreBusy: nothing was counted, or it is not known whether it was
   */
  count<T>(names: AttemptNames, rule: AttemptRule<T>): Promise<T>;
}

export interface FailureTotal {
  /** In the window, of all processes. */
  readonly failures: number;
  /** Of the window: how long ago it began. */
  readonly ageMs: number;
}

export interface FailureStore {
  /**
   * Adds what a process has counted, and answers with the totals.
   *
   * @param counted failures by name
   * @throws NotKnown, StoreBusy: nothing was counted, or it is not known whether it was
   */
  join(counted: ReadonlyMap<string, number>): Promise<ReadonlyMap<string, FailureTotal>>;
}
