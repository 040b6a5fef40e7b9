/**
 * What a store knows and writes of a path and all that lies below it: the journal of moves, and what moves, removals
 * of folders and listings ask. The order of the steps is that of `uploads/mover.ts` and `uploads/folder-removal.ts`.
 */

import type { Grant } from './grant.js';
import type { Written } from './ports.js';
import type { Principal } from './principal.js';
import type { ResourcePath } from './resource-path.js';

/** One file, or a folder with all below it; `from` and `to` are of the same kind, and neither holds the other. */
export interface MoveEntry {
  /** It names this entry in the journal. */
  readonly name: string;
  readonly from: ResourcePath;
  readonly to: ResourcePath;
  /**
   * `keep`: the grants come along; what was allowed on the target goes, and a deny that stands there stays, before one
   * that comes. `drop`: as if the bytes had been deleted and uploaded: the source's allows go, all else stays.
   */
  readonly grants: 'keep' | 'drop';
  /** Of a file, as it is once it was moved: recovery knows it by this. */
  readonly file: { readonly bytes: number; readonly modifiedSeconds: number } | undefined;
}

export interface MoveCounts {
  /** Records of files. */
  readonly files: number;
  /** That came along. */
  readonly grants: number;
  /** Allows that went, on the source or on the target. */
  readonly dropped: number;
  readonly links: number;
}

/** While a move stands in the journal, its source, its target and all below them are `committing`. */
export interface MoveStore {
  /**
   * Journals it. Pending removals in its source and its target are forgotten: they must take neither.
   *
   * @throws NotKnown `committing` where a commit or a move is under way in one of them; QuotaExceeded where a folder
   * that it moves into has no room; nothing is written
   */
  beginMove(entry: MoveEntry): Promise<Written<void>>;
  /** Moves records, grants and share links, and clears the journal, in one transaction. Done before: changes nothing. */
  finishMove(entry: MoveEntry): Promise<Written<MoveCounts>>;
  /** Forgets it: all is as it was before. */
  abandonMove(entry: MoveEntry): Promise<Written<void>>;
  moves(): Promise<readonly MoveEntry[]>;
}

export interface TreeSize {
  /** Records of files, grants and share links. */
  readonly rows: number;
  /** Of the longest path among them, in bytes; 0: there is none. */
  readonly pathBytesMax: number;
}

export interface GrantsBelow {
  readonly folder: ResourcePath;
  readonly principals: readonly Principal[];
  readonly max: number;
}

export interface TreeStore {
  size(range: ResourcePath): Promise<TreeSize>;
  /** In the order of their bytes: those that have grants of their own. @param after only what follows it */
  grantedPaths(range: ResourcePath, max: number, after?: ResourcePath): Promise<readonly ResourcePath[]>;
  /** Grants of these on paths below the folder, not on the folder itself. */
  grantsBelow(query: GrantsBelow): Promise<readonly Grant[]>;
  /** What is `committing` below the folder. A folder stands for all that it holds. */
  committingBelow(folder: ResourcePath): Promise<readonly ResourcePath[]>;
  /**
   * Drops the records and the allows of a folder and of all below it, and keeps the denies. How many rows went.
   *
   * @throws NotKnown `committing` where a move is under way
   */
  forgetFolder(folder: ResourcePath): Promise<Written<number>>;
}
