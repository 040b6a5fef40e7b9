/**
 * The SHA-256 of files as far as it is stored, for whoever shows it or passes it on. A stored one is of a version of the
 * store's record: it is told only of a file that the disk has as that record says, since what was written past Latchkey
 * has other bytes.
 */

import type { DigestStore, StoredDigest } from '../acl/digest-ports.js';
import type { ResourcePath } from '../acl/resource-path.js';
import type { StorageRoot } from './storage-root.js';

/** A file as the disk has it. */
export interface VersionOnDisk {
  readonly bytes: number;
  readonly modifiedSeconds: number;
}

export interface KnownDigestsDeps {
  readonly root: StorageRoot;
  readonly digests: DigestStore;
}

export class KnownDigests {
  readonly #deps: KnownDigestsDeps;

  constructor(deps: KnownDigestsDeps) {
    this.#deps = deps;
  }

  /** Of what is at the path now, in hexadecimal; `undefined`: it is not known, or nothing is there. */
  async at(path: ResourcePath): Promise<string | undefined> {
    const found = await this.#deps.root.find(path);
    return found?.kind === 'file' ? this.of(path, found) : undefined;
  }

  async of(path: ResourcePath, found: VersionOnDisk): Promise<string | undefined> {
    return (await this.ofAll([{ path, ...found }])).get(path);
  }

  async ofAll(
    files: readonly (VersionOnDisk & { readonly path: ResourcePath })[],
  ): Promise<ReadonlyMap<ResourcePath, string>> {
    const stored = await this.#deps.digests.digestsOf(files.map(({ path }) => path));
    const known = new Map<ResourcePath, string>();
    for (const { path, ...found } of files) {
      const digest = stored.get(path);
      if (digest !== undefined && isVersion(digest, found)) known.set(path, digest.sha256);
    }
    return known;
  }
}

/** Whether the disk has the version that a record, or a digest, is of. */
export function isVersion(
  { bytes, updatedAt }: Pick<StoredDigest, 'bytes' | 'updatedAt'>,
  found: VersionOnDisk,
): boolean {
  return bytes === found.bytes && Math.floor(updatedAt / 1000) === found.modifiedSeconds;
}
