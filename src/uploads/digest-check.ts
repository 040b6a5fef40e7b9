/**
 * Computes every stored digest anew and compares, for `fsck`. Where record and disk agree on size and time and the bytes
 * are others, nobody has written them: the disk has lost them, or somebody went past Latchkey and took care not to be
 * seen. Which bytes are right nobody here can tell, so nothing is mended.
 */

import type { DigestStore, StoredDigest } from '../acl/digest-ports.js';
import type { FileStore } from '../acl/ports.js';
import type { ResourcePath } from '../acl/resource-path.js';
import { sha256Of } from './digests.js';
import type { FileDigests } from './file-digests.js';
import type { Findings } from './findings.js';
import { HeldFile } from './held-file.js';
import type { StorageRoot } from './storage-root.js';
import { recordPages } from './tree-pages.js';

export interface DigestCheckDeps {
  readonly root: StorageRoot;
  readonly files: FileStore;
  readonly digests: DigestStore;
  readonly fileDigests: Pick<FileDigests, 'of'>;
}

export interface DigestCheckWish {
  /** It, and all below it. */
  readonly folder: ResourcePath;
  readonly onProgress: (digests: number) => void;
}

export interface CheckedDigests {
  readonly compared: number;
  /** What was being changed: it is no finding. */
  readonly moving: number;
}

/** Of what the disk has another version, or none, the comparison of tree and records tells. */
export async function checkDigests(
  deps: DigestCheckDeps,
  { folder, onProgress }: DigestCheckWish,
  findings: Findings,
): Promise<CheckedDigests> {
  let [compared, moving] = [0, 0];
  for await (const page of recordPages(deps.files, folder)) {
    const stored = await deps.digests.digestsOf(page.map(({ path }) => path));
    for (const digest of stored.values()) {
      try {
        const outcome = await compare(deps, digest, findings);
        if (outcome === 'compared') compared += 1;
        if (outcome === 'moving') moving += 1;
      } catch (error) {
        const { code, message } = error as NodeJS.ErrnoException;
        findings.add('unreadable', { what: digest.path, detail: code ?? message });
      }
      onProgress(compared);
    }
  }
  return { compared, moving };
}

async function compare(
  { root, digests, fileDigests }: DigestCheckDeps,
  digest: StoredDigest,
  findings: Findings,
): Promise<'compared' | 'moving' | 'another version'> {
  const file = await HeldFile.open(root, digest);
  if (file === undefined) return 'another version';
  try {
    const sha256 = sha256Of(await fileDigests.of(file.descriptor, ['sha-256']));
    if (sha256 === digest.sha256) return 'compared';
    const now = (await digests.digestsOf([digest.path])).get(digest.path);
    if (now?.sha256 !== digest.sha256 || !(await file.isInPlace())) return 'moving';
    findings.add('digest-differs', {
      what: digest.path,
      detail: `${digest.sha256} by the store, ${sha256} on the disk`,
    });
    return 'compared';
  } finally {
    await file.close();
  }
}
