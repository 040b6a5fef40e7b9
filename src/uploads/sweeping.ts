/** Removes what is left of uploads, or has expired: at the start, and from then on every hour. */

const SWEEP_MS = 60 * 60 * 1000;

export interface SweepingDeps {
  /** UTC milliseconds. */
  readonly clock: () => number;
  readonly onSwept: (uploads: number) => void;
  readonly onProblem: (error: unknown) => void;
}

export interface Swept {
  /** Answers how many. @param now UTC milliseconds */
  sweep(now: number): Promise<number>;
}

/** Answers with what ends it. */
export function keepSwept(uploads: Swept, { clock, onSwept, onProblem }: SweepingDeps): () => void {
  const sweep = () =>
    uploads.sweep(clock()).then((swept) => {
      if (swept > 0) onSwept(swept);
    }, onProblem);
  void sweep();
  const timer = setInterval(sweep, SWEEP_MS).unref();
  return () => clearInterval(timer);
}
