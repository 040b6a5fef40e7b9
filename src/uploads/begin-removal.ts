/** A removal: whether it goes into the trash, what is journaled of it, and its steps. The committer has the lock. */

import type { FileStore, PendingRemoval } from '../acl/ports.js';
import type { Principal } from '../acl/principal.js';
import type { ResourcePath } from '../acl/resource-path.js';
import type { KnownDigests } from './known-digests.js';
import { removeFromDisk } from './recovery.js';
import type { FoundFile, StorageRoot } from './storage-root.js';
import { newTrashId, type TrashFolder } from './trash-folder.js';

export interface RemoveOptions {
  /** `undefined`: the operator, or the files service itself. */
  readonly by?: Principal | undefined;
  /** `for-good`: past the trash. */
  readonly mode?: 'trash' | 'for-good';
  /** Asked when nobody else can change the path any more. False: it stays. */
  readonly check?: () => Promise<boolean>;
}

export interface RemovalParts {
  readonly files: FileStore;
  /** Absent: what is removed is gone. */
  readonly trash?: TrashFolder;
  /** Absent: none are kept. */
  readonly digests?: KnownDigests | undefined;
  /** UTC milliseconds. */
  readonly clock: () => number;
}

/** @throws UploadProblem `bad-request` for what no trash can take */
export async function beginRemoval(
  { files, trash, digests, clock }: RemovalParts,
  path: ResourcePath,
  found: FoundFile,
  { by, mode }: RemoveOptions,
): Promise<PendingRemoval> {
  const name = `removal ${path}`;
  if (trash === undefined || mode === 'for-good') {
    const removal = { partial: name, path };
    await files.beginRemoval(removal);
    return removal;
  }
  // One that could not be finished is in the trash's list already, with the grants that are gone by now.
  const left = (await files.pending()).removals.find((one) => one.path === path && one.trash !== undefined);
  if (left?.trash !== undefined && !(await trash.has(left.trash.id))) return left;
  await trash.requireReach(path);
  const sha256 = await digests?.of(path, found);
  const trashing = {
    id: newTrashId(),
    bytes: found.bytes,
    removedAt: clock(),
    ...(by !== undefined && { removedBy: by }),
    ...(sha256 !== undefined && { sha256 }),
  };
  const removal = { partial: name, path, trash: trashing };
  await files.beginRemoval(removal);
  return removal;
}

export interface CarryOutParts extends Pick<RemovalParts, 'files'> {
  readonly root: StorageRoot;
  readonly onStep?: (step: 'removed') => void;
}

/** What was begun, now or before a failure. @throws what the disk does; it is then still in the journal */
export async function carryOut(
  { root, files, onStep }: CarryOutParts,
  removal: PendingRemoval,
): Promise<void> {
  await removeFromDisk(root, removal);
  onStep?.('removed');
  await files.finishRemoval(removal);
}
