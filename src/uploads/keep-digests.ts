/**
 * Has digests computed for as long as the files service runs: when something came, soon after it, so that uploads that
 * come together are stored together; all that has none at the start, and every hour.
 */

import type { ResourcePath } from '../acl/resource-path.js';
import type { DigestKeeper } from './digest-keeper.js';

const SOON_MS = 500;
const SWEEP_MS = 60 * 60 * 1000;
/** Where the sweep has to find what was moved while it was read, or came faster than it could wait. */
const SWEEP_AGAIN_MS = 60 * 1000;

export interface KeptDigests {
  tell(path: ResourcePath): void;
  /** Begins with a sweep. Not before what a crash left is finished. */
  start(onProblem: (error: unknown) => void): void;
  /** Waits for the round under way. */
  stop(): Promise<void>;
}

export function keepDigests(keeper: DigestKeeper): KeptDigests {
  let timer: NodeJS.Timeout | undefined;
  let last: Promise<void> | undefined;
  let sweptAt = 0;
  let report: ((error: unknown) => void) | undefined;
  let closed = false;

  const sweepDue = () => sweptAt + (keeper.missed > 0 ? SWEEP_AGAIN_MS : SWEEP_MS);
  const wake = () => {
    if (report === undefined || last !== undefined || closed) return;
    clearTimeout(timer);
    const dueMs = sweptAt === 0 ? 0 : sweepDue() - performance.now();
    timer = setTimeout(round, Math.max(0, keeper.waiting > 0 ? Math.min(SOON_MS, dueMs) : dueMs)).unref();
  };
  const round = () => {
    const isDue = sweptAt === 0 || performance.now() >= sweepDue();
    if (isDue) sweptAt = performance.now();
    last = (isDue ? keeper.sweep() : keeper.work())
      .catch((error) => report?.(error))
      .then(() => {
        last = undefined;
        wake();
      });
  };

  return {
    tell: (path) => {
      const isFirst = keeper.waiting === 0;
      keeper.tell(path);
      if (isFirst) wake();
    },
    start: (onProblem) => {
      report = onProblem;
      wake();
    },
    stop: async () => {
      closed = true;
      clearTimeout(timer);
      keeper.close();
      await last;
    },
  };
}
