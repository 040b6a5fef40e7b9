/**
 * One version of a file, held open: no other file can get its inode meanwhile, so whether it is still the one at its
 * path can be told for certain, where size and second of two versions may be the same.
 */

import { constants } from 'node:fs';
import { type FileHandle, lstat, open } from 'node:fs/promises';
import type { FileVersion } from '../acl/digest-ports.js';
import { ignoreMissing } from './found-file.js';
import { isVersion } from './known-digests.js';
import type { StorageRoot } from './storage-root.js';

interface Facts {
  readonly dev: bigint;
  readonly ino: bigint;
  readonly size: bigint;
  readonly mtimeNs: bigint;
}

export class HeldFile {
  readonly #handle: FileHandle;
  readonly #diskPath: string;
  readonly #facts: Facts;

  /** `undefined`: another version is there, or nothing, or no file. */
  static async open(root: StorageRoot, version: FileVersion): Promise<HeldFile | undefined> {
    // No symlink is followed, neither above the file nor at its place; a pipe must not make us wait.
    if ((await root.find(version.path))?.kind !== 'file') return undefined;
    const diskPath = root.diskPath(version.path);
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    const handle = await open(diskPath, flags).catch(ignoreGone);
    if (handle === undefined) return undefined;
    const facts = await handle.stat({ bigint: true });
    const bytes = Number(facts.size);
    const modifiedSeconds = Number(facts.mtimeNs / 1_000_000_000n);
    if (facts.isFile() && isVersion(version, { bytes, modifiedSeconds })) {
      return new HeldFile(handle, diskPath, facts);
    }
    await handle.close();
    return undefined;
  }

  private constructor(handle: FileHandle, diskPath: string, facts: Facts) {
    this.#handle = handle;
    this.#diskPath = diskPath;
    this.#facts = facts;
  }

  get descriptor(): number {
    return this.#handle.fd;
  }

  /** Whether it is at its path, and nobody has written to it. Its names may have changed: nginx removes its own. */
  async isInPlace(): Promise<boolean> {
    const found = await lstat(this.#diskPath, { bigint: true }).catch(ignoreMissing);
    const { dev, ino, size, mtimeNs } = this.#facts;
    return (
      found !== undefined &&
      found.dev === dev &&
      found.ino === ino &&
      found.size === size &&
      found.mtimeNs === mtimeNs
    );
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}

/** Removed, or a symlink, since it was looked at. */
function ignoreGone(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ELOOP' || error.code === 'ENXIO') return undefined;
  return ignoreMissing(error);
}
