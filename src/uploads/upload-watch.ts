/**
 * Watches a body while it comes: how fast, for how long, and whether the disk still has room. It looks at intervals, so
 * that a chunk costs nothing. nginx's own time-out is between two reads only: one byte a minute would keep it content.
 */

import type { FreeSpace } from './free-space.js';
import { UploadProblem } from './problem.js';

export interface UploadPace {
  /** Bytes a second, on the average of a window; 0: any speed will do. */
  readonly speedMin: number;
  readonly timeMaxMs: number;
  readonly windowMs: number;
}

/** Long enough for a phone that changes its network. */
export const WINDOW_MS = 30_000;

export interface Watched {
  /** How many bytes have come; it only grows, and is infinite when all have: whatever is done with them is not watched. */
  readonly bytesRead: () => number;
  readonly freeSpace: FreeSpace;
  readonly pace: UploadPace;
  /** The work is not stopped by it: its source has to be. */
  readonly onRefused: () => void;
}

/**
 * Runs `work`, which reads a body.
 *
 * @throws what `work` throws; UploadProblem `too-slow`, `no-space`
 */
export async function watched<T>(
  work: Promise<T>,
  { bytesRead, freeSpace, pace, onRefused }: Watched,
): Promise<T> {
  const { promise: refusal, reject } = Promise.withResolvers<never>();
  refusal.catch(onRefused);
  const beganAt = performance.now();
  let before = bytesRead();
  const look = () => {
    const now = bytesRead();
    if (now === Number.POSITIVE_INFINITY) return;
    if (now - before < (pace.speedMin * pace.windowMs) / 1000) {
      const slow = `The upload was slower than ${pace.speedMin} bytes a second; send it by a faster connection.`;
      reject(new UploadProblem('too-slow', slow));
    }
    if (performance.now() - beganAt > pace.timeMaxMs) {
      const long = `The upload took longer than ${pace.timeMaxMs / 1000} seconds; send smaller files.`;
      reject(new UploadProblem('too-slow', long));
    }
    before = now;
    freeSpace.make(0).catch(reject);
  };
  const timer = setInterval(look, Math.min(pace.windowMs, pace.timeMaxMs)).unref();
  try {
    return await Promise.race([work, refusal]);
  } finally {
    clearInterval(timer);
    work.catch(() => undefined);
  }
}
