/**
 * Has digests computed for as long as the files service runs: when something came, soon after it, so that uploads that
 * come together are stored together; all that has none at the start, and every hour.
 */

import type { ResourcePath } from '../acl/resource-path.js';
import type { DigestKeeper } from './digest-keeper.js';

export interface KeepingPace {
  /** After something was told, so that what comes together is stored together. */
  readonly soonMs: number;
  readonly sweepMs: number;
  /** Where the sweep has to find what was moved while it was read, or came faster than it could wait. */
  readonly sweepAgainMs: number;
}

const PACE: KeepingPace = { soonMs: 500, sweepMs: 60 * 60 * 1000, sweepAgainMs: 60 * 1000 };

export interface KeptDigests {
  tell(path: ResourcePath): void;
  /** Begins with a sweep. Not before what a crash left is finished. */
  start(onProblem: (error: unknown) => void): void;
  /** Waits for the round under way. */
  stop(): Promise<void>;
}

export function keepDigests(keeper: DigestKeeper, { soonMs, sweepMs, sweepAgainMs } = PACE): KeptDigests {
  let timer: NodeJS.Timeout | undefined;
  let last: Promise<void> | undefined;
  let sweptAt: number | undefined;
  let report: ((error: unknown) => void) | undefined;
  let closed = false;

  const dueMs = () => {
    if (sweptAt === undefined) return 0;
    const sweepIn = sweptAt + (keeper.missed > 0 ? sweepAgainMs : sweepMs) - performance.now();
    return Math.max(0, sweepIn);
  };
  const schedule = () => {
    if (report === undefined || last !== undefined || closed) return;
    clearTimeout(timer);
    timer = setTimeout(round, keeper.waiting > 0 ? Math.min(soonMs, dueMs()) : dueMs()).unref();
  };
  const round = () => {
    const isDue = dueMs() === 0;
    if (isDue) sweptAt = performance.now();
    last = (isDue ? keeper.sweep() : keeper.work())
      .catch((error) => report?.(error))
      .finally(() => {
        last = undefined;
        schedule();
      });
  };

  return {
    tell: (path) => {
      // The first of several: those behind it must not put it off.
      const isScheduled = keeper.waiting > 0;
      keeper.tell(path);
      if (!isScheduled) schedule();
    },
    start: (onProblem) => {
      report = onProblem;
      schedule();
    },
    stop: async () => {
      closed = true;
      clearTimeout(timer);
      keeper.close();
      await last;
    },
  };
}
