/** Has what has ended removed, at the start and every minute: the rounds of `ended-files.ts`, one after another. */

import { type Ended, type EndedDeps, removeEnded } from './ended-files.js';

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
