/**
 * The folder of the trash, among the partials: on the storage root's own file system, where nginx serves nothing. A
 * file gets there by one rename, and out of it by a second name, so that nothing is ever copied. What is in it has the
 * names that `newTrashId` gives; whose it is, is the store's to know.
 */

import { randomUUID } from 'node:crypto';
import { link, lstat, mkdir, readdir, rename, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { ResourcePath } from '../acl/resource-path.js';
import { ignoreMissing, isMissing } from './found-file.js';
import type { Partial } from './partial.js';
import { UploadProblem } from './problem.js';
import { type StorageRoot, syncFolder } from './storage-root.js';

export const TRASH_FOLDER = 'trash';
const FOLDER_MODE = 0o700;
const TRASH_ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export function newTrashId(): string {
  return randomUUID();
}

export function isTrashId(text: string): boolean {
  return TRASH_ID.test(text);
}

export class TrashFolder {
  readonly #root: StorageRoot;
  readonly #folder: string;

  constructor(root: StorageRoot) {
    this.#root = root;
    this.#folder = root.partialPath(TRASH_FOLDER);
  }

  /** Makes the folder, after the root's own. @throws where a removal could not be a rename */
  async prepare(): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: FOLDER_MODE });
    const [trash, partials] = await Promise.all([stat(this.#folder), stat(this.#root.partialPath('.'))]);
    if (trash.dev === partials.dev) return;
    throw new Error(
      `${this.#folder}, the trash, is on another file system than the partials beside it, so nothing could be moved into it: make it a folder of the same one, or set LATCHKEY_TRASH_TIME=0`,
    );
  }

  /**
   * Tried, before anything is journaled: two mounts of one file system have the same device, and a disk may be mounted
   * below the root.
   *
   * @throws UploadProblem `bad-request` where no rename of the file into the trash is possible
   */
  async requireReach(path: ResourcePath): Promise<void> {
    const probe = this.#root.partialPath(randomUUID()); // a partial's name: the next start drops what is left
    try {
      await link(this.#root.diskPath(path), probe);
    } catch (error) {
      // A link may be forbidden where a rename is not; what else is wrong the rename itself will say.
      if ((error as NodeJS.ErrnoException).code !== 'EXDEV') return;
      throw new UploadProblem(
        'bad-request',
        'This file is on another file system than the trash; delete it for good, with purge=true (--purge).',
        { cause: error },
      );
    }
    await unlink(probe);
  }

  /**
   * Moves a file into the trash, and makes that durable in both folders; it being there already is fine: what is at its
   * path then is another one.
   */
  async take(path: ResourcePath, id: string): Promise<void> {
    if ((await this.#root.find(path))?.kind === 'file' && !(await this.has(id))) {
      await mkdir(this.#folder, { recursive: true, mode: FOLDER_MODE });
      this.#root.requireHeld();
      await rename(this.#root.diskPath(path), this.#fileOf(id));
    }
    await syncFolder(this.#folder).catch(ignoreMissing);
    await this.#root.syncFolderOf(path).catch(ignoreMissing);
  }

  /** Its bytes under a second name, as a partial. @throws UploadProblem where it is not there any more */
  async partialOf(id: string): Promise<Partial> {
    const name = randomUUID();
    try {
      await link(this.#fileOf(id), this.#root.partialPath(name));
      const { size } = await lstat(this.#root.partialPath(name));
      return { name, bytes: size };
    } catch (error) {
      if (isMissing(error)) throw new UploadProblem('not-found', 'It is not in the trash any more.');
      throw error;
    }
  }

  async has(id: string): Promise<boolean> {
    return lstat(this.#fileOf(id)).then(
      () => true,
      (error) => {
        if (isMissing(error)) return false;
        throw error;
      },
    );
  }

  /** For good; it being gone is fine. */
  async drop(id: string): Promise<void> {
    this.#root.requireHeld();
    await unlink(this.#fileOf(id)).catch(ignoreMissing);
  }

  /** What lies there and has a name of ours. */
  async ids(): Promise<readonly string[]> {
    const names = await readdir(this.#folder).catch(ignoreMissing);
    return (names ?? []).filter(isTrashId);
  }

  #fileOf(id: string): string {
    if (!isTrashId(id)) throw new Error(`nothing in the trash is called ${JSON.stringify(id)}`);
    return join(this.#folder, id);
  }
}
