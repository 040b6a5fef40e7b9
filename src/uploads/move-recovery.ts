/**
 * A move that a crash or a failure left in the journal is finished where its rename has happened, and given up where it
 * has not: whole, or not at all. Doing it twice changes nothing the second time.
 */

import type { MoveEntry, MoveStore } from '../acl/tree-ports.js';
import { hasMoved, makeDurable } from './disk-move.js';
import { attempt, type Stuck } from './recovery.js';
import type { StorageRoot } from './storage-root.js';

export interface RecoveredMoves {
  readonly moved: number;
  /** Everything is where it was. */
  readonly unmoved: number;
  readonly stuck: readonly Stuck[];
}

/** Before the files service listens. @throws when the store itself fails */
export async function recoverMoves(moves: MoveStore, root: StorageRoot): Promise<RecoveredMoves> {
  const stuck: Stuck[] = [];
  let [finished, unmoved] = [0, 0];
  for (const entry of await moves.moves()) {
    const what = `${entry.from} to ${entry.to}`;
    const moved = await attempt(stuck, what, () => settleMove(moves, root, entry));
    if (moved === true) finished += 1;
    else if (moved === false) unmoved += 1;
  }
  return { moved: finished, unmoved, stuck };
}

/** False: it was given up. @throws when neither can be done; it is then still in the journal */
export async function settleMove(moves: MoveStore, root: StorageRoot, entry: MoveEntry): Promise<boolean> {
  const isThere = await hasMoved(root, entry);
  if (!isThere) {
    await moves.abandonMove(entry);
    return false;
  }
  // Perhaps it is not yet durable: the journal must not be the first to be.
  await makeDurable(root, entry);
  await moves.finishMove(entry);
  return true;
}
