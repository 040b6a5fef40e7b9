/** The SHA-256 of files, in memory. Whoever changes the records says so. */

import type { DigestStore, StoredDigest } from '../../acl/digest-ports.js';
import type { FileRecord } from '../../acl/ports.js';
import type { ResourcePath } from '../../acl/resource-path.js';

export class MemoryDigests implements DigestStore {
  readonly #recordOf: (path: ResourcePath) => FileRecord | undefined;
  readonly #digests = new Map<ResourcePath, StoredDigest>();

  constructor(recordOf: (path: ResourcePath) => FileRecord | undefined) {
    this.#recordOf = recordOf;
  }

  async digestsOf(paths: readonly ResourcePath[]): Promise<ReadonlyMap<ResourcePath, StoredDigest>> {
    const found = paths.map((path) => this.#digests.get(path)).filter((digest) => digest !== undefined);
    return new Map(found.filter((digest) => this.#isCurrent(digest)).map((digest) => [digest.path, digest]));
  }

  async putDigests(digests: readonly StoredDigest[]): Promise<readonly StoredDigest[]> {
    const current = digests.filter((digest) => this.#isCurrent(digest));
    for (const digest of current) this.#digests.set(digest.path, digest);
    return current;
  }

  /** Of a record that was just written. */
  set({ path, bytes, updatedAt }: FileRecord, sha256: string | undefined): void {
    this.drop(path);
    if (sha256 !== undefined) this.#digests.set(path, { path, bytes, updatedAt, sha256 });
  }

  /** Its record was changed: one of another version must not be met when it looks as before again. */
  dropOutdated(path: ResourcePath): void {
    const digest = this.#digests.get(path);
    if (digest !== undefined && !this.#isCurrent(digest)) this.drop(path);
  }

  drop(path: ResourcePath): void {
    this.#digests.delete(path);
  }

  follow(from: ResourcePath, to: ResourcePath): void {
    const digest = this.#digests.get(from);
    this.drop(from);
    this.drop(to);
    if (digest !== undefined) this.#digests.set(to, { ...digest, path: to });
  }

  #isCurrent({ path, bytes, updatedAt }: StoredDigest): boolean {
    const record = this.#recordOf(path);
    return record?.bytes === bytes && record.updatedAt === updatedAt;
  }
}
