/** The moves that stand in the journal, for whoever must not write where one is under way. None begins before its end. */

import type { ResourcePath } from '../../acl/resource-path.js';
import { type MovePaths, notMoving, refuseMoving } from '../moving-paths.js';
import type { Transaction } from './transaction.js';

/** Of these paths, the ones that no move has to do with. */
export async function exceptMoving(
  tx: Transaction,
  paths: readonly ResourcePath[],
): Promise<ReadonlySet<ResourcePath>> {
  return notMoving(paths, await movesUnderWay(tx));
}

/** @throws NotKnown `committing` where a move has to do with one of them */
export async function refuseMoves(tx: Transaction, paths: readonly ResourcePath[]): Promise<void> {
  refuseMoving(paths, await movesUnderWay(tx));
}

async function movesUnderWay(tx: Transaction): Promise<readonly MovePaths[]> {
  return tx.rows<MovePaths>('SELECT source, target FROM moves');
}
