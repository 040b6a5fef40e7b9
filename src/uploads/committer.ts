/**
 * The commit of uploads and the removal of files (DESIGN §8). The order of the steps is the promise:
 *
 *   partial, fsynced → one transaction (journal, rows, grants) → rename → fsync of the folder → journal cleared
 *
 * so a file is never visible half-written and never without its grants, and a `kill -9` between any two steps
 * is finished by `recover` at the next start. Where a replacement brings other grants, the path answers 503
 * from before the rename until the new grants are written.
 */

import { utimes } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import type { GrantDraft } from '../acl/grant.js';
import type { CommitEntry, FileStore } from '../acl/ports.js';
import type { Principal } from '../acl/principal.js';
import { isFolder, type ResourcePath } from '../acl/resource-path.js';
import type { Partial } from './partial.js';
import { PathLocks } from './path-locks.js';
import { checkPreconditions, entityTag, type Preconditions } from './preconditions.js';
import { asUploadProblem, UploadProblem } from './problem.js';
import type { FoundFile, StorageRoot } from './storage-root.js';

export interface Upload {
  readonly path: ResourcePath;
  readonly partial: Partial;
  readonly owner: Principal | undefined;
  /** Set on the path together with the bytes. */
  readonly grants: readonly GrantDraft[];
  readonly preconditions: Preconditions;
}

export interface Committed {
  readonly path: ResourcePath;
  /** False: it replaced a file. */
  readonly created: boolean;
  readonly bytes: number;
  readonly entityTag: string;
}

/** The steps, by name: what a test kills between. */
export type CommitStep =
  | 'journaled'
  | 'renamed'
  | 'finished'
  | 'removal-journaled'
  | 'removed'
  | 'removal-finished';

export interface CommitterDeps {
  readonly root: StorageRoot;
  readonly files: FileStore;
  /** UTC milliseconds. */
  readonly clock: () => number;
  readonly onStep?: (step: CommitStep) => void;
}

/**
 * nginx opens a file some microseconds after it was told that the visitor may have it. Between hiding a path
 * and exchanging its bytes we wait this long, so that an answer given under the old grants has been used up.
 */
const HIDDEN_DRAIN_MS = 100;

interface Prepared {
  readonly entry: CommitEntry;
  readonly created: boolean;
  readonly entityTag: string;
}

export class Committer {
  readonly #deps: CommitterDeps;
  readonly #locks = new PathLocks();

  constructor(deps: CommitterDeps) {
    this.#deps = deps;
  }

  /**
   * Commits all or none of the uploads, and takes their partials over: on any error they are dropped, or, once
   * they are journaled, left for `recover`.
   *
   * @throws UploadProblem `conflict`, `precondition-failed`, `no-space`
   */
  async commit(uploads: readonly Upload[]): Promise<readonly Committed[]> {
    const paths = uploads.map((upload) => upload.path);
    return this.#locks.run(paths, async () => {
      const prepared = await this.#prepareAll(uploads);
      const entries = prepared.map(({ entry }) => entry);
      await this.#publish(entries);
      return prepared.map(({ entry, created, entityTag }) => ({
        path: entry.file.path,
        created,
        bytes: entry.file.bytes,
        entityTag,
      }));
    });
  }

  /** Removes a file, its row and its allows; its denies stay. @throws UploadProblem */
  async remove(path: ResourcePath, preconditions: Preconditions): Promise<void> {
    await this.#locks.run([path], async () => {
      const found = await this.#deps.root.find(path);
      if (found === undefined) throw new UploadProblem('not-found', 'There is no such file.');
      if (found.kind !== 'file') {
        throw new UploadProblem('conflict', 'This is a folder; delete the files in it one by one.');
      }
      checkPreconditions(preconditions, found);
      const removal = { partial: `removal ${path}`, path };
      await this.#deps.files.beginRemoval(removal);
      this.#deps.onStep?.('removal-journaled');
      await this.#deps.root.remove(path);
      this.#deps.onStep?.('removed');
      await this.#deps.files.finishRemoval(removal);
      this.#deps.onStep?.('removal-finished');
    });
  }

  async #prepareAll(uploads: readonly Upload[]): Promise<readonly Prepared[]> {
    try {
      if (new Set(uploads.map(({ path }) => path)).size !== uploads.length) {
        throw new UploadProblem('conflict', 'Two files of one form have the same name; rename one of them.');
      }
      const prepared: Prepared[] = [];
      for (const upload of uploads) prepared.push(await this.#prepare(upload));
      return prepared;
    } catch (error) {
      for (const { partial } of uploads) await this.#deps.root.dropPartial(partial.name);
      throw asUploadProblem(error);
    }
  }

  async #publish(entries: readonly CommitEntry[]): Promise<void> {
    const { files, root, onStep } = this.#deps;
    await files.beginCommit(entries);
    onStep?.('journaled');
    if (entries.some((entry) => entry.visibility === 'hidden')) await wait(HIDDEN_DRAIN_MS);
    for (const entry of entries) await root.publish(entry.partial, entry.file.path);
    onStep?.('renamed');
    await files.finishCommit(entries);
    onStep?.('finished');
  }

  /** Everything that can refuse the upload, before anything is written. */
  async #prepare(upload: Upload): Promise<Prepared> {
    const { root, clock } = this.#deps;
    const { path, partial, owner, grants } = upload;
    if (isFolder(path)) throw folderInTheWay();
    const found = await root.find(path);
    if (found !== undefined && found.kind !== 'file') throw folderInTheWay();
    checkPreconditions(upload.preconditions, found);
    await root.makeFolders(path);
    const updatedAt = clock();
    const modifiedSeconds = laterThan(found, Math.floor(updatedAt / 1000));
    await utimes(root.partialPath(partial.name), modifiedSeconds, modifiedSeconds);
    return {
      entry: {
        partial: partial.name,
        file: { path, owner, bytes: partial.bytes, updatedAt },
        grants,
        replaces: await this.#deps.files.file(path),
        visibility: found !== undefined && grants.length > 0 ? 'hidden' : 'at-once',
      },
      created: found === undefined,
      entityTag: entityTag({ modifiedSeconds, bytes: partial.bytes }),
    };
  }
}

/**
 * nginx's validators know whole seconds and bytes only, so two versions of one second and one size would pass
 * for the same: each version gets a later second than the one that it replaces.
 */
function laterThan(found: FoundFile | undefined, seconds: number): number {
  return found === undefined ? seconds : Math.max(seconds, found.modifiedSeconds + 1);
}

function folderInTheWay(): UploadProblem {
  return new UploadProblem('conflict', 'This path is a folder; choose a name for the file in it.');
}
