/**
 * The one mapping from resource paths to the disk (DESIGN §11) and what is done there: nothing else in
 * Latchkey makes a path of the file system from a name that a stranger chose.
 *
 * nginx serves below `root`; partials lie beside it, on the same file system, where nginx serves nothing.
 * Symlinks are followed nowhere below the mount, neither as files nor as folders: nginx does not, either.
 */

import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { mkdir, open, opendir, readdir, realpath, rename, stat, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileIn, parseResourcePath, type ResourcePath } from '../acl/resource-path.js';
import { type FoundFile, ignoreMissing, lookAt } from './found-file.js';
import { tooLongForDisk, UploadProblem } from './problem.js';

export interface StorageFolders {
  readonly root: string;
  /** Begins and ends with a slash. */
  readonly mount: string;
  readonly partialFolder: string;
}

export type { FoundFile } from './found-file.js';

/** A file or a folder in a folder. */
export interface ListedEntry extends FoundFile {
  readonly kind: 'file' | 'folder';
  readonly name: string;
  /** Ends in a slash where it is a folder. */
  readonly path: ResourcePath;
}

export interface Listing {
  /** In the order of the disk. */
  readonly entries: readonly ListedEntry[];
  /** There is more than was asked for. */
  readonly cut: boolean;
}

/** Read and write for the owner, read for the group: nginx shares the owner. */
export const FILE_MODE = 0o640;
const FOLDER_MODE = 0o750;
const PARTIALS_MODE = 0o700;
/** Linux's PATH_MAX, with the NUL at the end. */
const DISK_PATH_BYTES_MAX = 4096;

/** Entries of a folder whose size is asked for at the same time. */
const LOOKED_AT_ONCE = 64;

/** A UUID. Nothing else is ever taken for a partial and removed: the operator names the folder. */
const PARTIAL_NAME = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export class StorageRoot {
  readonly #root: string;
  readonly #base: string;
  readonly #partials: string;
  /** Before a step that destroys. @throws where another process may change the files by now */
  readonly requireHeld: () => void;

  constructor(folders: StorageFolders, requireHeld: () => void = () => {}) {
    this.requireHeld = requireHeld;
    this.#root = folders.root;
    this.#base = join(folders.root, folders.mount);
    this.#partials = folders.partialFolder;
  }

  /** Makes the two folders. @throws when a rename between them cannot be atomic, or nginx could serve partials */
  async prepare(): Promise<void> {
    await mkdir(this.#base, { recursive: true, mode: FOLDER_MODE });
    await mkdir(this.#partials, { recursive: true, mode: PARTIALS_MODE });
    if (!(await this.#canRename())) {
      throw new Error(
        `${this.#partials} and ${this.#base} are on different file systems, or in different mounts of one, so no upload could appear whole: set LATCHKEY_PARTIAL to a folder beside the root, where nginx serves nothing`,
      );
    }
    const [root, inside] = await Promise.all([realpath(this.#root), realpath(this.#partials)]);
    if (`${inside}/`.startsWith(`${root}/`)) {
      throw new Error(
        `${this.#partials} is below nginx's root ${this.#root}, where an upload under way could be served: set LATCHKEY_PARTIAL to a folder beside the root`,
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

  /** The names of the partials that are there; what else lies in the folder is not ours. */
  async partials(): Promise<readonly string[]> {
    const names = await readdir(this.#partials).catch(ignoreMissing);
    return (names ?? []).filter((name) => PARTIAL_NAME.test(name));
  }

  async hasPartial(partial: string): Promise<boolean> {
    return (await lookAt(this.partialPath(partial))) !== undefined;
  }

  /** What is at a path. Below a file or a symlink there is nothing. */
  async find(path: ResourcePath): Promise<FoundFile | undefined> {
    if ((await this.#lookAbove(path)) !== 'folders') return undefined;
    return lookAt(this.diskPath(path));
  }

  /**
   * What is in a folder and has a name that a resource path can have: no symlinks, no devices. `undefined`: there is
   * no such folder.
   */
  async list(folder: ResourcePath, entriesMax: number): Promise<Listing | undefined> {
    if ((await this.#lookAbove(folder)) !== 'folders') return undefined;
    const names: string[] = [];
    let cut = false;
    for await (const entry of await opendir(this.diskPath(folder))) {
      if (!entry.isFile() && !entry.isDirectory()) continue;
      cut = names.length === entriesMax;
      if (cut) break;
      names.push(entry.name);
    }
    const entries: ListedEntry[] = [];
    for (let i = 0; i < names.length; i += LOOKED_AT_ONCE) {
      const batch = names.slice(i, i + LOOKED_AT_ONCE);
      const found = await Promise.all(batch.map((name) => this.#listed(folder, name)));
      entries.push(...found.filter((entry) => entry !== undefined));
    }
    return { entries, cut };
  }

  async #listed(folder: ResourcePath, name: string): Promise<ListedEntry | undefined> {
    const file = fileIn(folder, name);
    const found = file === undefined ? undefined : await lookAt(this.diskPath(file));
    if (found === undefined || found.kind === 'other') return undefined;
    const path = found.kind === 'file' ? file : parseResourcePath(`${file}/`);
    return path && { ...found, kind: found.kind, name, path };
  }

  /** @throws UploadProblem when the file system cannot have the path, or a folder above it could not be made */
  async checkFolders(path: ResourcePath): Promise<void> {
    // Before a folder is made: two thousand of them, each synced, would be made only to find that out.
    if (Buffer.byteLength(this.diskPath(path)) >= DISK_PATH_BYTES_MAX) throw tooLongForDisk();
    if ((await this.#lookAbove(path)) === 'in-the-way') throw notAFolder();
  }

  /** Makes the folders above a file, each one durable. @param made is told each that was not there */
  async makeFolders(path: ResourcePath, made: string[] = []): Promise<void> {
    let above = this.#base;
    for (const folder of this.#foldersAbove(path)) {
      if (await makeFolder(folder)) {
        made.push(folder);
        await syncFolder(above);
      }
      above = folder;
    }
  }

  /** Gives a partial its time and makes both it and its bytes durable. */
  async seal(partial: string, modifiedSeconds: number): Promise<void> {
    const handle = await open(this.partialPath(partial), constants.O_RDWR);
    try {
      await handle.utimes(modifiedSeconds, modifiedSeconds);
      await handle.sync();
    } finally {
      await handle.close();
    }
  }

  /** Renames a partial into place and makes that durable. */
  async publish(partial: string, path: ResourcePath): Promise<void> {
    await this.makeFolders(path);
    this.requireHeld();
    await rename(this.partialPath(partial), this.diskPath(path)).catch(explainRename);
    await this.syncFolderOf(path);
  }

  /** Makes what was done to a file's name durable. */
  async syncFolderOf(path: ResourcePath): Promise<void> {
    const file = this.diskPath(path);
    await syncFolder(file.slice(0, file.lastIndexOf('/') + 1));
  }

  /** Removes the file; there being none is fine. */
  async remove(path: ResourcePath): Promise<void> {
    if ((await this.#lookAbove(path)) !== 'folders') return;
    this.requireHeld();
    await unlink(this.diskPath(path)).catch(ignoreMissing);
    await this.syncFolderOf(path);
  }

  async dropPartial(partial: string): Promise<void> {
    await unlink(this.partialPath(partial)).catch(ignoreMissing);
  }

  /** Drops what it can, for whoever has an error to report already; the next start drops the rest. */
  async tryDropPartials(partials: readonly { readonly name: string }[]): Promise<void> {
    await Promise.allSettled(partials.map(({ name }) => this.dropPartial(name)));
  }

  /**
   * Tries it: two mounts of one file system have the same device. A disk that is full or may not be written is
   * no reason to refuse the start, for decisions and downloads go on.
   */
  async #canRename(): Promise<boolean> {
    const [base, partials] = await Promise.all([stat(this.#base), stat(this.#partials)]);
    if (base.dev !== partials.dev) return false;
    const probe = randomUUID(); // a partial's name, so that the next start drops it if this one is killed
    const [from, to] = [this.partialPath(probe), this.#base + probe];
    try {
      await writeFile(from, '', { flag: 'wx', mode: FILE_MODE });
      await rename(from, to);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EXDEV') return false;
    } finally {
      await Promise.allSettled([unlink(from), unlink(to)]);
    }
    return true;
  }

  async #lookAbove(path: ResourcePath): Promise<'folders' | 'missing' | 'in-the-way'> {
    for (const folder of this.#foldersAbove(path)) {
      const found = await lookAt(folder.slice(0, -1));
      if (found === undefined) return 'missing';
      if (found.kind !== 'folder') return 'in-the-way';
    }
    return 'folders';
  }

  /** On the disk, the highest first, each ending in a slash; the base is not among them. */
  *#foldersAbove(path: ResourcePath): Generator<string> {
    for (let end = path.indexOf('/', 1); end > 0; end = path.indexOf('/', end + 1)) {
      yield this.#base + path.slice(1, end + 1);
    }
  }
}

/** True: it was made now. */
async function makeFolder(folder: string): Promise<boolean> {
  const bare = folder.slice(0, -1);
  try {
    await mkdir(bare, { mode: FOLDER_MODE });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  if ((await lookAt(bare))?.kind === 'folder') return false;
  throw notAFolder();
}

export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function notAFolder(): UploadProblem {
  return new UploadProblem(
    'conflict',
    'A folder of this path is a file already; remove that file, or choose another path.',
  );
}

/** Somebody made a folder at the path after it was looked at. */
function explainRename(error: NodeJS.ErrnoException): never {
  if (error.code !== 'EISDIR' && error.code !== 'ENOTDIR') throw error;
  throw new UploadProblem('conflict', 'This path became a folder; choose another name for the file.', {
    cause: error,
  });
}
