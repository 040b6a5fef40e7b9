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
import { takeLock } from '../storage/sqlite/process-lock.js';
import { type AdoptReport, type AdoptWish, adopt } from '../uploads/adopt.js';
import { countFiles } from '../uploads/count-files.js';
import { checkDigests } from '../uploads/digest-check.js';
import { FileDigests, IN_BACKGROUND } from '../uploads/file-digests.js';
import type { Findings } from '../uploads/findings.js';
import { type FsckReport, type FsckWish, fsck } from '../uploads/fsck.js';
import { clock, FILES_LOCK, storageRootOf } from './foundations.js';

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
        takeLock: () => takeLock(FILES_LOCK),
        ...(onDigest !== undefined && { checkDigests: checkAll(onDigest) }),
      },
      wish,
    );
  } finally {
    await fileDigests.close();
  }
}

export async function adoptTree(config: Config, { files }: OpenStore, wish: AdoptWish): Promise<AdoptReport> {
  return adopt({ files, root: storageRootOf(config) }, wish);
}

export async function countTree(config: Config, folder: ResourcePath): Promise<number> {
  return countFiles(storageRootOf(config), folder);
}
