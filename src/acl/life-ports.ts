/**
 * What a store knows of the end of files: from when on one is not served any more, and what is in the trash. The order
 * of the steps is that of `uploads/committer.ts` and `uploads/trash.ts`.
 */

import type { GrantDraft } from './grant.js';
import type { Written } from './ports.js';
import type { Principal } from './principal.js';
import type { ResourcePath } from './resource-path.js';

/** The expiry of files: a fact of the path, so decisions rest on it, and every change takes a revision. */
export interface ExpiryStore {
  /** Of those that have one; UTC milliseconds, from which on nobody but an administrator may read it. */
  expiriesOf(paths: readonly ResourcePath[]): Promise<ReadonlyMap<ResourcePath, number>>;
  /**
   * `undefined`: never. `value`: whether it changed anything.
   *
   * @throws NotKnown `committing` where a move is under way
   */
  setExpiry(path: ResourcePath, expiresAt: number | undefined): Promise<Written<boolean>>;
  /** Those whose instant has come, the earliest first. */
  expired(now: number, max: number): Promise<readonly ResourcePath[]>;
}

/** What a removal into the trash is journaled with. */
export interface Trashing {
  /** The name of the file in the folder of the trash. */
  readonly id: string;
  readonly bytes: number;
  /** UTC milliseconds. */
  readonly removedAt: number;
  /** Absent: the operator, or the files service itself. */
  readonly removedBy?: Principal;
  /** Of its bytes, in hexadecimal; absent: it is not known. */
  readonly sha256?: string;
}

/** A removal in the journal. */
export interface PendingRemoval {
  readonly partial: string;
  readonly path: ResourcePath;
  /** Absent: it is removed for good. */
  readonly trash?: Trashing;
}

export interface TrashedFile extends Trashing {
  /** Where it was. */
  readonly path: ResourcePath;
  readonly owner?: Principal;
  /** All that were on its path, denies too, as they were. */
  readonly grants: readonly GrantDraft[];
  readonly expiresAt?: number;
}

export interface TrashSelection {
  /** What was in it, or below it. */
  readonly folder: ResourcePath;
  /** Only what was removed before this one: where the page before ended. */
  readonly before?: Pick<TrashedFile, 'id' | 'removedAt'> | undefined;
  readonly max: number;
}

export interface TrashStore {
  trashed(id: string): Promise<TrashedFile | undefined>;
  /** The latest first. */
  trash(selection: TrashSelection): Promise<readonly TrashedFile[]>;
  /** The earliest first. */
  oldestTrash(max: number): Promise<readonly TrashedFile[]>;
  trashBytes(): Promise<number>;
  /** No decision rests on it, so it takes no revision. */
  forgetTrash(ids: readonly string[]): Promise<void>;
}
