/**
 * The one mapping from resource paths to the disk (DESIGN §11) and what is done there: nothing else in
 * Latchkey makes a path of the file system from a name that a stranger chose.
 *
 * nginx serves below `root`; partials lie beside it, on the same file system, where nginx serves nothing.
 */

import { constants } from 'node:fs';
import { lstat, mkdir, open, readdir, rename, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { ResourcePath } from '../acl/resource-path.js';
import { UploadProblem } from './problem.js';

export interface StorageFolders {
  readonly root: string;
  /** Begins and ends with a slash. */
  readonly mount: string;
  readonly partialFolder: string;
}

export interface FoundFile {
  readonly kind: 'file' | 'folder' | 'other';
  readonly bytes: number;
  /** Whole seconds, which is what nginx's validators know. */
  readonly modifiedSeconds: number;
}

/** Read and write for the owner, read for the group: nginx shares the owner. */
export const FILE_MODE = 0o640;
const FOLDER_MODE = 0o750;

export class StorageRoot {
  readonly #base: string;
  readonly #partials: string;

  constructor(folders: StorageFolders) {
    this.#base = join(folders.root, folders.mount);
    this.#partials = folders.partialFolder;
  }

  /** Makes the two folders. @throws when a rename between them cannot be atomic */
  async prepare(): Promise<void> {
    await mkdir(this.#base, { recursive: true, mode: FOLDER_MODE });
    await mkdir(this.#partials, { recursive: true, mode: 0o700 });
    const [base, partials] = await Promise.all([stat(this.#base), stat(this.#partials)]);
    if (base.dev !== partials.dev) {
      throw new Error(
        `${this.#partials} and ${this.#base} are on different file systems, so no upload could appear whole: set LATCHKEY_PARTIAL to a folder beside the root, where nginx serves nothing`,
      );
    }
  }

  /** Where a path lies. A resource path has no dot segment, no empty segment, no NUL: it cannot leave the base. */
  diskPath(path: ResourcePath): string {
    return this.#base + path.slice(1);
  }

  partialPath(partial: string): string {
    return join(this.#partials, partial);
  }

  async partials(): Promise<readonly string[]> {
    return readdir(this.#partials);
  }

  /** What is at a path, symlinks not followed. */
  async find(path: ResourcePath): Promise<FoundFile | undefined> {
    try {
      const found = await lstat(this.diskPath(path));
      const kind = found.isFile() ? 'file' : found.isDirectory() ? 'folder' : 'other';
      return { kind, bytes: found.size, modifiedSeconds: Math.floor(found.mtimeMs / 1000) };
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // A file where a folder would have to be: there is nothing at the path.
      if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
      throw error;
    }
  }

  /** Makes the folders above a file, each one durable. Answers with the one that it lies in. */
  async makeFolders(path: ResourcePath): Promise<string> {
    const names = path.split('/').slice(1, -1);
    let folder = this.#base;
    for (const name of names) {
      const above = folder;
      folder = `${folder}${name}/`;
      if (await makeFolder(folder)) await syncFolder(above);
    }
    return folder;
  }

  /** Renames a partial into place and makes that durable. */
  async publish(partial: string, path: ResourcePath): Promise<void> {
    const folder = await this.makeFolders(path);
    await rename(this.partialPath(partial), this.diskPath(path));
    await syncFolder(folder);
  }

  /** Removes the file; there being none is fine. */
  async remove(path: ResourcePath): Promise<void> {
    const file = this.diskPath(path);
    await unlinkIfThere(file);
    await syncFolder(file.slice(0, file.lastIndexOf('/') + 1)).catch(ignoreMissing);
  }

  async dropPartial(partial: string): Promise<void> {
    await unlinkIfThere(this.partialPath(partial));
  }
}

/** True: it was made now. A symlink in the way is not followed: nginx would not follow it either. */
async function makeFolder(folder: string): Promise<boolean> {
  const bare = folder.slice(0, -1);
  try {
    await mkdir(bare, { mode: FOLDER_MODE });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  if ((await lstat(bare)).isDirectory()) return false;
  throw new UploadProblem(
    'conflict',
    'A folder of this path is a file already; remove that file, or choose another path.',
  );
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function unlinkIfThere(file: string): Promise<void> {
  await unlink(file).catch(ignoreMissing);
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') throw error;
}
