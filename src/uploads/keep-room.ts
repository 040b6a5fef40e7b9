/**
 * Looks at the disk every second, and has room made as bytes come: of what nginx writes nobody else hears before its end,
 * and what passes through the service is looked at too rarely to be in time.
 */

import type { FreeSpace } from './free-space.js';

/** In which a client writes less than is kept free. */
const LOOK_MS = 1_000;
/** Where no room could be made: what the disk refuses is told in the log each time. */
const PAUSE_MS = 30_000;

/** Answers with what ends it, which waits for the look under way. */
export function keepRoom(freeSpace: Pick<FreeSpace, 'make'>, lookMs = LOOK_MS): () => Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  let closed = false;
  const look = async (): Promise<void> => {
    // Whoever uploads is told what is wrong.
    const pause = await freeSpace.make(0).then(
      () => lookMs,
      () => PAUSE_MS,
    );
    if (!closed) timer = setTimeout(again, pause).unref();
  };
  const again = () => {
    last = look();
  };
  let last = look();
  return async () => {
    closed = true;
    clearTimeout(timer);
    await last;
  };
}
