/**
 * What is counted of decisions: how each ended, and how long it took. It is on the path of every request, so a count
 * is an addition to a number that is there already; `authorizer-metrics.ts` makes Prometheus's words of it when it is asked.
 */

import type { Decision, Outcome, Reason } from '../acl/decide.js';
import type { NotKnownCode } from '../acl/errors.js';

export type ReasonKind = Reason['kind'];
/** Why nothing was decided; `error` is a fault of ours, or of nginx's configuration. */
export type UnknownReason = NotKnownCode | 'error';

/** Upper bounds, inclusive, in seconds: from an answer out of memory to one that nginx gives up on. */
export const DECISION_SECONDS = [
  0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2,
] as const;
const MS_IN_SECOND = 1_000;

export interface DecisionCount {
  readonly outcome: Outcome | 'unknown';
  readonly reason: ReasonKind | UnknownReason;
  readonly count: number;
}

type Numbers = Record<string, number>;

export class DecisionCounts {
  readonly #decided: Record<Outcome, Numbers> = { allow: {}, unauthenticated: {}, forbidden: {} };
  readonly #unknown: Numbers = {};
  /** One for each bound, and one for what took longer. */
  readonly #took = new Float64Array(DECISION_SECONDS.length + 1);
  #seconds = 0;

  /** @param tookMs milliseconds, from when the question was read */
  decided({ outcome, reason }: Decision, tookMs: number): void {
    add(this.#decided[outcome], reason.kind);
    this.#observe(tookMs / MS_IN_SECOND);
  }

  unknown(reason: UnknownReason, tookMs: number): void {
    add(this.#unknown, reason);
    this.#observe(tookMs / MS_IN_SECOND);
  }

  /** Those that have happened. */
  counts(): readonly DecisionCount[] {
    const all = { ...this.#decided, unknown: this.#unknown };
    return Object.entries(all).flatMap(([outcome, numbers]) =>
      Object.entries(numbers).map(([reason, count]) => ({ outcome, reason, count }) as DecisionCount),
    );
  }

  /** How many took at most each of the bounds, how many there were, and what they took together. */
  latency(): { readonly upTo: readonly number[]; readonly count: number; readonly seconds: number } {
    let count = 0;
    const all = Array.from(this.#took, (took) => {
      count += took;
      return count;
    });
    return { upTo: all.slice(0, -1), count, seconds: this.#seconds };
  }

  #observe(seconds: number): void {
    let bucket = 0;
    while (seconds > (DECISION_SECONDS[bucket] ?? Number.POSITIVE_INFINITY)) bucket += 1;
    this.#took[bucket] = (this.#took[bucket] ?? 0) + 1;
    this.#seconds += seconds;
  }
}

function add(numbers: Numbers, key: string): void {
  numbers[key] = (numbers[key] ?? 0) + 1;
}
