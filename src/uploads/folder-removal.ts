/**
 * Removes a folder with all that is in it, file by file, each as the committer removes one: allows go, denies stay.
 * Interrupted anywhere, what is left is whole, and doing it again removes the rest. Uploads go on meanwhile: a folder
 * into which one came is left.
 */

import { rmdir } from 'node:fs/promises';
import { asName } from '../acl/path-range.js';
import { isFolder, type ResourcePath, ROOT } from '../acl/resource-path.js';
import type { TreeStore } from '../acl/tree-ports.js';
import type { RemoveOptions } from './begin-removal.js';
import type { Committer } from './committer.js';
import { isEmpty } from './disk-move.js';
import type { PathLocks } from './path-locks.js';
import { UNCONDITIONAL } from './preconditions.js';
import { UploadProblem } from './problem.js';
import type { ListedEntry, StorageRoot } from './storage-root.js';

export interface RemovalRequest {
  readonly folder: ResourcePath;
  /** After so many files it stops, and says that there is more. */
  readonly filesMax: number;
  /** After so long, likewise. */
  readonly timeMaxMs: number;
  readonly by?: RemoveOptions['by'];
  readonly mode?: 'trash' | 'for-good';
  /** Asked before each file. @throws when whoever asks may not; what was removed stays removed */
  readonly authorise: (path: ResourcePath) => Promise<void>;
}

export interface RemovedFolder {
  /** Files. */
  readonly removed: number;
  /** Folders that are left, since something is in them that is no file of ours, or came meanwhile. */
  readonly left: number;
  /** It stopped at a limit: ask again. */
  readonly more: boolean;
}

export interface RemovalDeps {
  readonly root: StorageRoot;
  readonly tree: TreeStore;
  readonly committer: Committer;
  /** Those of the committer. */
  readonly locks: PathLocks;
}

/** Entries of a folder that are listed at once. */
const LISTED_AT_ONCE = 1_000;

export class FolderRemoval {
  readonly #deps: RemovalDeps;

  constructor(deps: RemovalDeps) {
    this.#deps = deps;
  }

  /** @throws UploadProblem `not-found`, `conflict`, `bad-request`; what `authorise` throws */
  async remove(request: RemovalRequest): Promise<RemovedFolder> {
    const { folder } = request;
    if (folder === ROOT || !isFolder(folder)) {
      throw new UploadProblem('bad-request', 'Name one folder below the root, with its slash behind.');
    }
    const found = await this.#deps.root.find(folder);
    if (found === undefined) return this.#forgetMissing(folder);
    const round = new Round(this.#deps, request);
    await round.empty(folder);
    return { removed: round.removed, left: round.left, more: round.isOver };
  }

  /** What a removal that was interrupted has left of a folder that is gone. */
  async #forgetMissing(folder: ResourcePath): Promise<RemovedFolder> {
    const { root, tree, locks } = this.#deps;
    const rows = await locks.run([folder], async () => {
      if ((await root.find(asName(folder))) !== undefined) return 0;
      return (await tree.forgetFolder(folder)).value;
    });
    if (rows === 0) throw new UploadProblem('not-found', 'There is no such folder.');
    return { removed: 0, left: 0, more: false };
  }
}

/** One call of `remove`, up to its limits. */
class Round {
  readonly #deps: RemovalDeps;
  readonly #request: RemovalRequest;
  readonly #deadline: number;
  removed = 0;
  left = 0;
  /** A limit was reached. */
  isOver = false;

  constructor(deps: RemovalDeps, request: RemovalRequest) {
    this.#deps = deps;
    this.#request = request;
    this.#deadline = performance.now() + request.timeMaxMs;
  }

  async empty(folder: ResourcePath): Promise<void> {
    for (let cut = true, progress = true; cut && progress; ) {
      const listing = await this.#deps.root.list(folder, LISTED_AT_ONCE);
      if (listing === undefined) return;
      cut = listing.cut;
      progress = await this.#removeEach(listing.entries);
      if (this.isOver) return;
    }
    await this.#drop(folder);
  }

  /** True: something went. */
  async #removeEach(entries: readonly ListedEntry[]): Promise<boolean> {
    const before = this.removed + this.left;
    for (const { kind, path } of entries) {
      if (this.removed >= this.#request.filesMax || performance.now() > this.#deadline) this.isOver = true;
      if (this.isOver) break;
      if (kind === 'folder') await this.empty(path);
      else await this.#removeFile(path);
    }
    return this.removed + this.left > before;
  }

  async #removeFile(path: ResourcePath): Promise<void> {
    await this.#request.authorise(path);
    try {
      const { by, mode = 'trash' } = this.#request;
      await this.#deps.committer.remove(path, UNCONDITIONAL, { by, mode });
      this.removed += 1;
    } catch (error) {
      // Somebody else has removed it.
      if (!(error instanceof UploadProblem) || error.code !== 'not-found') throw error;
    }
  }

  /** An upload into it makes its folders under its own lock, so that none is taken from under it. */
  async #drop(folder: ResourcePath): Promise<void> {
    const { root, tree, locks } = this.#deps;
    await locks.run([folder], async () => {
      if ((await root.find(folder)) === undefined) return;
      if (!(await isEmpty(root, folder))) {
        this.left += 1;
        return;
      }
      await tree.forgetFolder(folder);
      root.requireHeld();
      await rmdir(root.diskPath(asName(folder)));
      await root.syncFolderOf(asName(folder));
    });
  }
}
