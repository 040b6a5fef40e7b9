/**
 * What was removed, for the time that it is kept (docs/decisions/0027-trash.md): restored by a commit like any other,
 * or removed for good. How a file gets into the trash is the committer's. What is here is never served.
 *
 *   restore: a second name among the partials → commit, which takes the entry out of the trash → the first name goes
 *   removal for good: the file goes → its entry goes
 *
 * so a `kill -9` leaves a file at its place or in the trash; at the most a name in the folder of the trash that no
 * entry knows, which `fsck` tells of.
 */

import type { TrashedFile, TrashStore } from '../acl/life-ports.js';
import type { FileStore } from '../acl/ports.js';
import { isFolderSubject, QuotaExceeded } from '../acl/quota.js';
import { fileIn, folderOf, isFolder, nameOf, type ResourcePath } from '../acl/resource-path.js';
import { numberedName } from '../acl/upload-name.js';
import type { Committed, Committer, Upload } from './committer.js';
import type { Partial } from './partial.js';
import { NEVER_OVERWRITE, UNCONDITIONAL } from './preconditions.js';
import { UploadProblem } from './problem.js';
import type { TrashFolder } from './trash-folder.js';

export interface RestoreRequest {
  readonly id: string;
  /** `undefined`: where it was. */
  readonly to: ResourcePath | undefined;
  /** Where there is a file meanwhile; `keep-both`: beside it, by the name with a number. */
  readonly onConflict: 'refuse' | 'replace' | 'keep-both';
  /** `keep`: those that it had, but for those that a standing deny is there for. */
  readonly grants: 'keep' | 'drop';
  /** Asked of each path that it may come to. @throws when whoever asks may not */
  readonly authorise: (file: TrashedFile, to: ResourcePath) => Promise<void>;
}

export type TrashStep = 'restore-linked' | 'restore-committed' | 'restore-finished' | 'trash-dropped';

export interface TrashDeps {
  readonly folder: TrashFolder;
  readonly trash: TrashStore;
  readonly files: Pick<FileStore, 'pending'>;
  readonly committer: Committer;
  /** UTC milliseconds. */
  readonly clock: () => number;
  readonly onStep?: (step: TrashStep) => void;
}

const NOT_THERE = 'There is nothing of this id in the trash.';
const NOT_YET =
  'Its removal has not ended, or the disk refuses it; ask the operator to mend that and to restart the files service.';

export class Trash {
  readonly #deps: TrashDeps;
  /**
   * Being restored, or removed. Restored twice at once, the second would be renamed onto another name of itself; removed
   * meanwhile, it would come back after it had gone for good.
   */
  readonly #busy = new Set<string>();

  constructor(deps: TrashDeps) {
    this.#deps = deps;
  }

  /** @throws UploadProblem `not-found` */
  async find(id: string): Promise<TrashedFile> {
    const file = await this.#deps.trash.trashed(id);
    if (file === undefined) throw new UploadProblem('not-found', NOT_THERE);
    return file;
  }

  /** @throws UploadProblem `not-found`, `conflict`, and what a commit refuses; what `authorise` throws */
  async restore(request: RestoreRequest): Promise<Committed> {
    return this.#alone(request.id, () => this.#restore(request));
  }

  /** Being restored, or removed. */
  isBusy(id: string): boolean {
    return this.#busy.has(id);
  }

  /** @throws UploadProblem `conflict` */
  async #alone<T>(id: string, work: () => Promise<T>): Promise<T> {
    if (this.#busy.has(id)) {
      throw new UploadProblem('conflict', 'Somebody restores or removes it right now; look where it went.');
    }
    this.#busy.add(id);
    try {
      return await work();
    } finally {
      this.#busy.delete(id);
    }
  }

  async #restore(request: RestoreRequest): Promise<Committed> {
    const { folder, committer, onStep } = this.#deps;
    if (request.grants === 'keep' && request.onConflict === 'keep-both') {
      throw new UploadProblem('bad-request', 'Grants are for one path: name it in `to`, or leave them out.');
    }
    const file = await this.find(request.id);
    const to = request.to ?? file.path;
    if (isFolder(to)) throw new UploadProblem('bad-request', 'A file is restored to a file; name one.');
    await request.authorise(file, to);
    const partial = await folder.partialOf(file.id);
    onStep?.('restore-linked');
    const upload = this.#uploadOf(request, file, to, partial);
    const [committed] = await committer.commit([upload]).catch(explain);
    if (committed === undefined) throw new Error('the commit of one file answered with none');
    onStep?.('restore-committed');
    await folder.drop(file.id);
    onStep?.('restore-finished');
    return committed;
  }

  /** What has expired comes back without its expiry: nobody would see it else. */
  #uploadOf(request: RestoreRequest, file: TrashedFile, path: ResourcePath, partial: Partial): Upload {
    const { expiresAt } = file;
    return {
      path,
      partial,
      owner: file.owner,
      grants: request.grants === 'keep' ? file.grants : [], // the committer sets their path
      preconditions: request.onConflict === 'refuse' ? NEVER_OVERWRITE : UNCONDITIONAL,
      // Again, when the bytes have been looked at, which may take a while.
      authorise: () => request.authorise(file, path),
      trashId: file.id,
      standingDenies: 'kept',
      sha256: file.sha256,
      ...(expiresAt !== undefined && expiresAt > this.#deps.clock() && { expiresAt }),
      ...(request.onConflict === 'keep-both' && { candidate: this.#candidate(request, file, path) }),
    };
  }

  /**
   * For good. Answers which have gone: what the disk refuses, or has not let go of at its path, stays and keeps no other.
   *
   * @param onProblem is told of each
   */
  async drop(ids: readonly string[], onProblem: (error: unknown) => void): Promise<readonly string[]> {
    const { folder, trash, files, onStep } = this.#deps;
    const dropped: string[] = [];
    const { removals } = await files.pending();
    const coming = new Set(removals.map((removal) => removal.trash?.id));
    for (const id of ids) {
      const gone = this.#alone(id, async () => {
        // It would come by the end of its removal, and nobody would know of it.
        if (coming.has(id)) throw new UploadProblem('conflict', NOT_YET);
        await folder.drop(id);
      });
      await gone.then(() => dropped.push(id), onProblem);
    }
    onStep?.('trash-dropped');
    await trash.forgetTrash(dropped);
    return dropped;
  }

  /** For good, one. @throws what the disk does */
  async dropOne(id: string): Promise<void> {
    await this.drop([id], (error) => {
      throw error;
    });
  }

  #candidate({ authorise }: RestoreRequest, file: TrashedFile, to: ResourcePath) {
    return async (number: number): Promise<ResourcePath | undefined> => {
      const path = number === 1 ? to : fileIn(folderOf(to), numberedName(nameOf(to), [], number));
      if (path !== undefined && path !== to) await authorise(file, path);
      return path;
    };
  }
}

/** The one precondition is ours, and nobody has sent it; the quota may be somebody else's. */
function explain(error: unknown): never {
  if (error instanceof UploadProblem && error.cause instanceof QuotaExceeded && isOfUser(error.cause)) {
    throw new UploadProblem(
      'quota-exceeded',
      'The quota of its owner has no room for it; let them delete some, or ask an administrator for a larger one.',
      { cause: error.cause },
    );
  }
  if (!(error instanceof UploadProblem) || error.code !== 'precondition-failed') throw error;
  throw new UploadProblem(
    'conflict',
    'There is a file at this path meanwhile; replace it, keep both by a number, or restore to another path.',
  );
}

function isOfUser({ use }: QuotaExceeded): boolean {
  return !isFolderSubject(use.subject);
}
