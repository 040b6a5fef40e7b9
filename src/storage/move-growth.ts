/** What a move adds to the folders that it moves into. Owners stay, so that nothing is added to a user. */

import { isIn, moved } from '../acl/path-range.js';
import { type Amount, foldersAbove, type Growth, type QuotaSubject } from '../acl/quota.js';
import { folderOf, type ResourcePath } from '../acl/resource-path.js';
import type { MoveEntry } from '../acl/tree-ports.js';

export interface MoveFacts {
  /** Folders that have a quota. */
  readonly limited: readonly ResourcePath[];
  /** What is at a path and below it: of each of `countedRanges`. */
  readonly amountIn: (range: ResourcePath) => Amount;
}

/** Room is kept in every folder above the target, and in those below it that have a quota. */
export function moveGrowth(entry: MoveEntry, { limited, amountIn }: MoveFacts): Growth {
  const { from, to } = entry;
  const before = new Set(foldersAbove(folderOf(from)));
  const growth = new Map<QuotaSubject, Amount>();
  const whole = rise(amountIn(from), amountIn(to));
  for (const folder of foldersAbove(to)) if (!before.has(folder)) growth.set(folder, whole);
  for (const folder of limitedBelow(entry, limited)) {
    growth.set(folder, rise(amountIn(moved(folder, to, from)), amountIn(folder)));
  }
  return growth;
}

/** What a store counts for it. */
export function countedRanges(entry: MoveEntry, limited: readonly ResourcePath[]): readonly ResourcePath[] {
  const { from, to } = entry;
  const below = limitedBelow(entry, limited);
  return [from, to, ...below.flatMap((folder) => [moved(folder, to, from), folder])];
}

function limitedBelow({ to }: MoveEntry, limited: readonly ResourcePath[]): readonly ResourcePath[] {
  return limited.filter((folder) => folder !== to && isIn(folder, to));
}

function rise(coming: Amount, going: Amount): Amount {
  return {
    bytes: Math.max(0, coming.bytes - going.bytes),
    files: Math.max(0, coming.files - going.files),
  };
}
