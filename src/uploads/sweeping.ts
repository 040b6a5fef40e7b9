/** Removes what nginx has left of raw uploads: at the start, and from then on every hour. */

import type { RawUploads } from './raw-uploads.js';

const SWEEP_MS = 60 * 60 * 1000;

export interface SweepingDeps {
  /** UTC milliseconds. */
  readonly clock: () => number;
  readonly onSwept: (files: number) => void;
  readonly onProblem: (error: unknown) => void;
}

/** Answers with what ends it. */
export function keepSwept(uploads: RawUploads, { clock, onSwept, onProblem }: SweepingDeps): () => void {
  const sweep = () =>
    uploads.sweep(clock()).then((files) => {
      if (files > 0) onSwept(files);
    }, onProblem);
  void sweep();
  const timer = setInterval(sweep, SWEEP_MS).unref();
  return () => clearInterval(timer);
}
