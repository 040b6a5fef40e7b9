/**
 * What changes files, over one store and one storage root: whoever holds the lock of the data folder puts it together,
 * the files service, or a command where none runs. They share their locks of paths, which are this process's own.
 */

import { setTimeout as wait } from 'node:timers/promises';
import type { Authorizer } from '../acl/authorizer.js';
import type { Following } from '../acl/fleet-ports.js';
import type { AclStore, Store } from '../acl/ports.js';
import type { Config } from '../config.js';
import { type ProcessLock, takeLock } from '../storage/sqlite/process-lock.js';
import type { Followed } from '../uploads/commit-rules.js';
import { Committer, type CommitterDeps } from '../uploads/committer.js';
import { Copier } from '../uploads/copier.js';
import { Expiry } from '../uploads/expiry.js';
import { FolderListing } from '../uploads/folder-listing.js';
import { FolderRemoval } from '../uploads/folder-removal.js';
import { KnownDigests } from '../uploads/known-digests.js';
import { type RecoveredMoves, recoverMoves } from '../uploads/move-recovery.js';
import { Mover } from '../uploads/mover.js';
import { PathLocks } from '../uploads/path-locks.js';
import { type Recovered, recover } from '../uploads/recovery.js';
import { keepForSender } from '../uploads/resumable-recovery.js';
import type { StorageRoot } from '../uploads/storage-root.js';
import { Trash } from '../uploads/trash.js';
import { TrashFolder } from '../uploads/trash-folder.js';
import { clock, FILES_LOCK } from './foundations.js';

export interface FileParts {
  readonly committer: Committer;
  readonly mover: Mover;
  readonly copier: Copier;
  readonly removal: FolderRemoval;
  readonly bin: Trash;
  readonly expiry: Expiry;
  /** `undefined`: none are kept. */
  readonly knownDigests: KnownDigests | undefined;
}

/** What of the configuration, and of whoever opens them, the parts go by. */
export type GivenParts = Pick<Config, 'trashTimeMs' | 'storeDigests'> &
  Pick<CommitterDeps, 'onCommitted' | 'userLimits' | 'inspection' | 'locks'> & {
    /** Absent: everybody sees a change at once. */
    readonly following?: Following | undefined;
  };

export function openFileParts(
  root: StorageRoot,
  store: Store,
  { trashTimeMs, storeDigests, following, locks = new PathLocks(), ...given }: GivenParts,
): FileParts {
  const { acl, files, moves, tree, expiries, trash } = store;
  const folder = new TrashFolder(root);
  const digests = knownDigestsOf(storeDigests, root, store);
  const followed = following && { followed: followedBy(following, acl) };
  const committer = new Committer({
    root,
    files,
    expiries,
    clock,
    locks,
    digests,
    ...followed,
    ...given,
    ...(trashTimeMs > 0 && { trash: folder }),
  });
  return {
    committer,
    mover: new Mover({ root, files, moves, tree, locks, inspection: given.inspection, ...followed }),
    copier: new Copier({ root, acl, committer, locks, digests }),
    removal: new FolderRemoval({ root, tree, committer, locks }),
    bin: new Trash({ folder, trash, files, committer, clock }),
    expiry: new Expiry({ root, expiries, locks }),
    knownDigests: digests,
  };
}

function followedBy(following: Following, acl: Pick<AclStore, 'revision'>): Followed {
  return async (revision) => following.followed(revision === 'last' ? await acl.revision() : revision);
}

interface Listed {
  readonly root: StorageRoot;
  readonly store: Pick<Store, 'tree' | 'expiries' | 'digests'>;
  readonly authorizer: Authorizer;
}

/** It changes nothing, and needs no lock. */
export function listingOver(
  { home, storeDigests }: Pick<Config, 'home' | 'storeDigests'>,
  { root, store, authorizer }: Listed,
): FolderListing {
  const { tree, expiries } = store;
  const digests = knownDigestsOf(storeDigests, root, store);
  return new FolderListing({ root, tree, expiries, digests, authorizer, home });
}

function knownDigestsOf(
  storeDigests: boolean,
  root: StorageRoot,
  { digests }: Pick<Store, 'digests'>,
): KnownDigests | undefined {
  return storeDigests ? new KnownDigests({ root, digests }) : undefined;
}

type RecoveredStore = Pick<Store, 'acl' | 'files' | 'moves'>;

/** Finishes or gives up what a crash left; nothing may change files before that. */
export async function recoverFiles(
  root: StorageRoot,
  store: RecoveredStore,
  following?: Following,
): Promise<Recovered & RecoveredMoves> {
  // Hidden a moment ago, perhaps, and then the process was killed.
  if ((await store.files.pending()).commits.length > 0) await following?.followed(await store.acl.revision());
  const moves = await recoverMoves(store.moves, root);
  const files = await recover(store.files, root);
  return { ...moves, ...files, stuck: [...moves.stuck, ...files.stuck] };
}

/** In place of a files service, by whoever holds its lock. */
export async function recoverFilesAlone(
  root: StorageRoot,
  store: RecoveredStore,
  following?: Following,
): Promise<Recovered & RecoveredMoves> {
  await keepForSender(root, store.files);
  return recoverFiles(root, store, following);
}

/** Where the operator's commands ask a running files service, wherever else it listens. In the data folder. */
export const OPERATOR_SOCKET = 'run/operator.sock';
const RETRY_MS = 20;

/** The data folder is the working directory. `undefined`: another process has held it for so long. */
export async function takeFilesLock(patienceMs: number): Promise<ProcessLock | undefined> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const lock = takeLock(FILES_LOCK);
    if (lock !== undefined || performance.now() >= deadline) return lock;
    await wait(RETRY_MS);
  }
}
