/**
 * What the files service removes by and by: what nginx has left of raw uploads, every hour, and files that have ended,
 * every minute; both at the start, too.
 */

import { type Ended, type EndedDeps, removeEnded } from './ended-files.js';
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

/** An expired file is in the trash so long after its instant at the latest, where the disk keeps up. */
export const ENDED_MS = 60 * 1000;

export interface EndingDeps {
  readonly onEnded: (counts: Pick<Ended, 'expired' | 'dropped'>) => void;
  readonly onProblem: (error: unknown) => void;
}

/** Answers with what ends it, which waits for the round under way. */
export function keepEnded(deps: EndedDeps, { onEnded, onProblem }: EndingDeps): () => Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  let closed = false;
  const round = async (): Promise<void> => {
    const ended = await removeEnded(deps, onProblem).catch(onProblem);
    if (ended && ended.expired + ended.dropped > 0)
      onEnded({ expired: ended.expired, dropped: ended.dropped });
    // More is done at once, and others have their turn between two rounds.
    if (!closed) timer = setTimeout(again, ended?.more === true ? 0 : ENDED_MS).unref();
  };
  const again = () => {
    last = round();
  };
  let last = round();
  return async () => {
    closed = true;
    clearTimeout(timer);
    await last;
  };
}
