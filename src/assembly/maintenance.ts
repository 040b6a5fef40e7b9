/**
 * `fsck` and `adopt` put together, from a Config and an open store. The working directory is the data folder already.
 * Nothing here decides anything.
 */

import type { DigestStore } from '../acl/digest-ports.js';
import type { TrashStore } from '../acl/life-ports.js';
import type { ShareLinkStore } from '../acl/link-ports.js';
import type { AclStore, FileStore } from '../acl/ports.js';
import type { ResourcePath } from '../acl/resource-path.js';
import type { MoveStore } from '../acl/tree-ports.js';
import type { Config } from '../config.js';
import { type AdoptReport, type AdoptWish, adopt } from '../uploads/adopt.js';
import { countFiles } from '../uploads/count-files.js';
import { checkDigests } from '../uploads/digest-check.js';
import { FileDigests, IN_BACKGROUND } from '../uploads/file-digests.js';
import type { Findings } from '../uploads/findings.js';
import { type FsckReport, type FsckWish, fsck } from '../uploads/fsck.js';
import type { FilesLock } from '../uploads/left-over.js';
import { recoverFilesAlone, takeFilesLock } from './file-parts.js';
import { openCommandStore } from './fleet-parts.js';
import { clock, storageRootOf } from './foundations.js';
import { HeldElsewhere, refuseHeldElsewhere, takeFilesLease } from './lease-parts.js';

export type { AdoptReport } from '../uploads/adopt.js';
export { type FindingKind, type FoundKind, PROBLEMS, UNKNOWN } from '../uploads/findings.js';
export type { FsckReport } from '../uploads/fsck.js';

export interface OpenStore {
  readonly acl: AclStore;
  readonly files: FileStore;
  readonly moves: MoveStore;
  readonly shareLinks: ShareLinkStore;
  readonly trash: TrashStore;
  readonly digests: DigestStore;
}

/** With `onDigest` all stored digests are computed anew. */
export interface CheckWish extends FsckWish {
  readonly onDigest?: ((digests: number) => void) | undefined;
}

export async function checkTree(
  config: Config,
  store: OpenStore,
  { onDigest, ...wish }: CheckWish,
): Promise<FsckReport> {
  const { acl, files, moves, trash, digests, shareLinks: links } = store;
  const root = storageRootOf(config);
  const fileDigests = new FileDigests(IN_BACKGROUND);
  const { folder } = wish;
  const checkAll = (onProgress: (digests: number) => void) => (findings: Findings) =>
    checkDigests({ root, files, digests, fileDigests }, { folder, onProgress }, findings);
  try {
    return await fsck(
      {
        acl,
        files,
        moves,
        links,
        trash,
        clock,
        root,
        takeLock: () => takeOver(config, store),
        isServed: () => isServed(config),
        ...(onDigest !== undefined && { checkDigests: checkAll(onDigest) }),
      },
      wish,
    );
  } finally {
    await fileDigests.close();
  }
}

/** In place of a files service, and so that what is written is refused where another one has taken over. */
async function takeOver(config: Config, open: OpenStore): Promise<FilesLock | undefined> {
  const lock = await takeFilesLock(0);
  if (lock === undefined) return undefined;
  const lease = await takeFilesLease(config).catch((error: unknown) => {
    lock.release();
    if (error instanceof HeldElsewhere) return undefined;
    throw error;
  });
  if (lease === undefined) return undefined;
  const release = async () => {
    await lease.release();
    lock.release();
  };
  const root = storageRootOf(config, lease.requireHeld);
  if (lease.fence === undefined) return { recover: () => recoverFilesAlone(root, open), release };
  const { store, receipts } = await openCommandStore(config, lease.fence).catch(async (error: unknown) => {
    await release();
    throw error;
  });
  return {
    recover: () => recoverFilesAlone(root, store, receipts),
    release: async () => {
      await store.close();
      await release();
    },
  };
}

async function isServed(config: Config): Promise<boolean> {
  const lock = await takeFilesLock(0);
  lock?.release();
  if (lock === undefined) return true;
  return refuseHeldElsewhere(config).then(
    () => false,
    (error) => {
      if (error instanceof HeldElsewhere) return true;
      throw error;
    },
  );
}

export async function adoptTree(config: Config, { files }: OpenStore, wish: AdoptWish): Promise<AdoptReport> {
  return adopt({ files, root: storageRootOf(config) }, wish);
}

export async function countTree(config: Config, folder: ResourcePath): Promise<number> {
  return countFiles(storageRootOf(config), folder);
}
