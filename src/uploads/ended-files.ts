/**
 * Removes what has ended: files that have expired go the way of any removed file, and what has been in the trash for
 * its time, or beyond its bytes, goes for good. One round does a bounded part of it; what is left waits for the next.
 * No decision rests on this: an expired file is refused from its instant on, whether this runs or not.
 */

import type { ExpiryStore, TrashStore } from '../acl/life-ports.js';
import type { Committer } from './committer.js';
import { UNCONDITIONAL } from './preconditions.js';
import { UploadProblem } from './problem.js';
import type { Trash } from './trash.js';

/** Of each kind, in one round. */
const REMOVED_MAX = 500;

export interface EndedDeps {
  readonly expiries: ExpiryStore;
  readonly trash: TrashStore;
  readonly committer: Committer;
  readonly bin: Trash;
  /** UTC milliseconds. */
  readonly clock: () => number;
  /** How long it is kept; 0: there is no trash, and what an earlier setting left in it goes. */
  readonly trashTimeMs: number;
  readonly trashBytesMax: () => Promise<number>;
}

export interface Ended {
  readonly expired: number;
  /** Of the trash. */
  readonly dropped: number;
  /** There was more than a round does. */
  readonly more: boolean;
}

/** @param onProblem a path that the disk refuses must not keep the others */
export async function removeEnded(deps: EndedDeps, onProblem: (error: unknown) => void): Promise<Ended> {
  const expired = await removeExpired(deps, onProblem);
  const dropped = await emptyOld(deps, onProblem);
  // What is stuck is tried again in a minute: at once, it would fill the log, and take every other one's turn.
  const more = [expired, dropped].some(({ gone, stuck }) => gone + stuck === REMOVED_MAX && gone > stuck);
  return { expired: expired.gone, dropped: dropped.gone, more };
}

interface Round {
  readonly gone: number;
  /** The disk refuses it, or the store. */
  readonly stuck: number;
}

async function removeExpired(deps: EndedDeps, onProblem: (error: unknown) => void): Promise<Round> {
  const { expiries, committer, clock } = deps;
  let stuck = 0;
  const paths = await expiries.expired(clock(), REMOVED_MAX);
  for (const path of paths) {
    // Again, when nobody else can change it any more: it may have been given more time, or replaced.
    const stillEnded = async () => {
      const expiresAt = (await expiries.expiriesOf([path])).get(path);
      return expiresAt !== undefined && expiresAt <= clock();
    };
    try {
      await committer.remove(path, UNCONDITIONAL, { check: stillEnded });
    } catch (error) {
      try {
        // What is not there can be read by nobody; what comes there brings an expiry of its own, or none.
        if (!isNoFile(error)) throw error;
        await expiries.setExpiry(path, undefined);
      } catch (problem) {
        stuck += 1;
        onProblem(problem);
      }
    }
  }
  return { gone: paths.length - stuck, stuck };
}

/** Nothing is at its path, or what is no file: a folder, or a link, which nginx does not follow. */
function isNoFile(error: unknown): boolean {
  return error instanceof UploadProblem && (error.code === 'not-found' || error.code === 'conflict');
}

async function emptyOld(
  { trash, bin, clock, trashTimeMs, trashBytesMax }: EndedDeps,
  onProblem: (error: unknown) => void,
): Promise<Round> {
  const oldest = await trash.oldestTrash(REMOVED_MAX);
  if (oldest.length === 0) return { gone: 0, stuck: 0 };
  let bytes = await trash.trashBytes();
  const bytesMax = await trashBytesMax();
  const gone: string[] = [];
  for (const file of oldest) {
    if (bytes <= bytesMax && file.removedAt + trashTimeMs > clock()) break;
    bytes -= file.bytes;
    // On its way out; what is restored by then has left, and what is not goes in the next round.
    if (!bin.isBusy(file.id)) gone.push(file.id);
  }
  const dropped = gone.length === 0 ? [] : await bin.drop(gone, onProblem);
  return { gone: dropped.length, stuck: gone.length - dropped.length };
}
