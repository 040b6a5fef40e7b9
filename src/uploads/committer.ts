/**
 * The commit of uploads and the removal of files (DESIGN §8). The order of the steps is the promise:
 *
 *   partial, fsynced → one transaction (journal, rows) → rename → fsync of the folder → grants, journal cleared
 *
 * so a file is never visible half-written and never without its grants, and a `kill -9` between any two steps
 * is finished by `recover` at the next start. Where an upload brings grants, the path answers 503 from before
 * the rename until they are written.
 */

import type { GrantDraft } from '../acl/grant.js';
import type { ExpiryStore } from '../acl/life-ports.js';
import type { CommitEntry, FileStore, PendingRemoval, RequestedFile } from '../acl/ports.js';
import type { Principal } from '../acl/principal.js';
import type { QuotaLimits } from '../acl/quota.js';
import { isFolder, type ResourcePath } from '../acl/resource-path.js';
import { admitNames, admitUploads } from './admission.js';
import { beginRemoval, carryOut, type RemoveOptions } from './begin-removal.js';
import {
  broughtBy,
  committedOf,
  drained,
  type Followed,
  folderInTheWay,
  laterThan,
  notAFile,
} from './commit-rules.js';
import { placed } from './free-path.js';
import type { Inspection } from './inspection.js';
import type { KnownDigests } from './known-digests.js';
import { withFolders } from './made-folders.js';
import type { Partial } from './partial.js';
import { PathLocks } from './path-locks.js';
import { checkPreconditions, entityTag, type Preconditions } from './preconditions.js';
import { asUploadProblem, UploadProblem } from './problem.js';
import { settle, settleLeft } from './recovery.js';
import type { FoundFile, StorageRoot } from './storage-root.js';
import type { TrashFolder } from './trash-folder.js';
import { refuseClashes } from './upload-set.js';

export interface Upload {
  readonly path: ResourcePath;
  /** By a number from 1 on, the path to take where those before are taken; `undefined`: not this one. Absent: `path`. */
  readonly candidate?: (number: number) => Promise<ResourcePath | undefined>;
  readonly partial: Partial;
  readonly owner: Principal | undefined;
  /** Set on the path together with the bytes. */
  readonly grants: readonly GrantDraft[];
  readonly preconditions: Preconditions;
  /** `as-named`: what is in it has to be what its name says. */
  readonly content?: 'as-named';
  /** Asked when its bytes have been looked at. @throws when whoever sends it may not */
  readonly authorise?: () => Promise<void>;
  /** It came by a file request, and counts for its link. */
  readonly requested?: RequestedFile;
  /** UTC milliseconds; absent: it has none, whatever the file that it replaces had. */
  readonly expiresAt?: number;
  /** It is restored, and leaves the trash with this commit. */
  readonly trashId?: string;
  /** Nobody has asked for these grants now: they came along with the file, and replace no deny that stands there. */
  readonly standingDenies?: 'kept';
  /** Of its bytes, in hexadecimal, where somebody knows it already. */
  readonly sha256?: string | undefined;
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
  | 'prepared'
  | 'journaled'
  | 'renamed' // once for each file
  | 'finished'
  | 'removal-journaled'
  | 'removed'
  | 'removal-finished';

export interface CommitterDeps {
  readonly root: StorageRoot;
  readonly files: FileStore;
  readonly expiries: ExpiryStore;
  /** Absent: what is removed is gone. */
  readonly trash?: TrashFolder;
  /** UTC milliseconds. */
  readonly clock: () => number;
  /** Whoever else changes these files takes the same. */
  readonly locks?: PathLocks;
  /** Of every user who has no quota of their own. */
  readonly userLimits?: QuotaLimits;
  /** Absent: nobody looks at what is in an upload. */
  readonly inspection?: Inspection | undefined;
  /** Absent: none are kept. */
  readonly digests?: KnownDigests | undefined;
  readonly followed?: Followed;
  readonly onStep?: (step: CommitStep) => void;
  /** Is told of each file that has become visible. */
  readonly onCommitted?: (file: Committed) => void;
}

export interface Prepared {
  readonly entry: CommitEntry;
  readonly created: boolean;
  readonly entityTag: string;
}

export class Committer {
  readonly #deps: CommitterDeps;
  readonly #locks: PathLocks;

  constructor(deps: CommitterDeps) {
    this.#deps = deps;
    this.#locks = deps.locks ?? new PathLocks();
  }

  /**
   * Commits all or none of the uploads, and takes their partials over. An error before the journal is written
   * leaves nothing. After one behind it, what had been renamed stands with its grants and the rest is as it was
   * before; only what can be neither finished nor given up stays in the journal, for the next commit of the path
   * or the next start.
   *
   * @throws UploadProblem `conflict`, `precondition-failed`, `no-space`, `quota-exceeded`; RequestClosed
   */
  async commit(uploads: readonly Upload[]): Promise<readonly Committed[]> {
    await this.#orDropped(uploads, () => admitUploads(this.#deps, uploads));
    for (;;) {
      const each = await this.#orDropped(uploads, () => this.#placed(uploads));
      const paths = each.map(({ path }) => path);
      const committed = await this.#locks.run(paths, async () => {
        const taken = await this.#orDropped(uploads, () => this.#isTaken(each));
        return taken ? undefined : withFolders((made) => this.#commitLocked(each, made));
      });
      // Each round that ends without is one in which somebody else took a name.
      if (committed !== undefined) return committed;
    }
  }

  async #placed(uploads: readonly Upload[]): Promise<readonly Upload[]> {
    const each = await placed(this.#deps.root, uploads);
    await admitNames(this.#deps.root, each);
    return each;
  }

  async #commitLocked(uploads: readonly Upload[], made: string[]): Promise<readonly Committed[]> {
    const prepared = await this.#orDropped(uploads, () => this.#prepareAll(uploads, made));
    const entries = prepared.map(({ entry }) => entry);
    const hiddenAt = await this.#begin(entries);
    await this.#publish(entries, () => drained(prepared, this.#deps.followed, hiddenAt));
    const committed = prepared.map(committedOf);
    if (this.#deps.onCommitted !== undefined) committed.forEach(this.#deps.onCommitted);
    return committed;
  }

  /** Whether somebody took a path, since it was found free, of an upload that has other candidates. */
  async #isTaken(uploads: readonly Upload[]): Promise<boolean> {
    const paths = uploads.filter(({ candidate }) => candidate !== undefined).map(({ path }) => path);
    if (paths.length === 0) return false;
    await this.#settleLeft(paths);
    const found = await Promise.all(paths.map((path) => this.#deps.root.find(path)));
    return found.some((file) => file !== undefined);
  }

  /** Before the journal is written, an error leaves nothing. */
  async #orDropped<T>(uploads: readonly Upload[], work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      await this.#deps.root.tryDropPartials(uploads.map(({ partial }) => partial));
      throw asUploadProblem(error);
    }
  }

  /** Removes a file, its row and its allows, into the trash where there is one; its denies stay. @throws UploadProblem */
  async remove(path: ResourcePath, preconditions: Preconditions, options: RemoveOptions = {}): Promise<void> {
    const { root, onStep } = this.#deps;
    await this.#locks.run([path], async () => {
      await this.#settleLeft([path]);
      const found = await root.find(path);
      if (found === undefined) throw new UploadProblem('not-found', 'There is no such file.');
      if (found.kind === 'folder') {
        throw new UploadProblem(
          'conflict',
          'This is a folder; delete the files in it one by one, or name it with its slash, and recursive.',
        );
      }
      if (found.kind === 'other') throw notAFile();
      checkPreconditions(preconditions, found);
      if ((await options.check?.()) === false) return;
      const removal = await beginRemoval(this.#deps, path, found, options);
      onStep?.('removal-journaled');
      await carryOut(this.#deps, removal);
      onStep?.('removal-finished');
    });
  }

  async #prepareAll(uploads: readonly Upload[], made: string[]): Promise<readonly Prepared[]> {
    const paths = uploads.map(({ path }) => path);
    refuseClashes(paths);
    // What the disk still refuses is replaced: whoever uploads there has waited for long enough.
    for (const removal of await this.#settleLeft(paths))
      await carryOut(this.#deps, removal).catch(() => undefined);
    const found = [];
    for (const upload of uploads) found.push(await this.#check(upload));
    // Nothing is refused from here on, so nothing is made for what is refused.
    const prepared: Prepared[] = [];
    for (const [i, upload] of uploads.entries()) {
      await this.#deps.root.makeFolders(upload.path, made);
      prepared.push(await this.#prepare(upload, found[i]));
    }
    this.#deps.onStep?.('prepared');
    return prepared;
  }

  /** An older version must never come after a newer: what a failure left of these comes first. Answers the removals. */
  async #settleLeft(paths: readonly ResourcePath[]): Promise<readonly PendingRemoval[]> {
    const { commits, removals } = await this.#deps.files.pending();
    const left = commits.filter(({ file }) => paths.includes(file.path));
    await settleLeft(this.#deps, left);
    return removals.filter(({ path }) => paths.includes(path));
  }

  /** The revision from which on what is to be hidden is. */
  async #begin(entries: readonly CommitEntry[]): Promise<number> {
    const { files, root, onStep, userLimits } = this.#deps;
    const begun = await files.beginCommit(entries, userLimits).catch(async (error) => {
      // A store that failed in the middle of a commit may have it all the same: only the journal knows.
      const journaled = await files.pending().catch(() => undefined);
      const names = new Set(journaled?.commits.map(({ partial }) => partial));
      const dropped = entries.filter(({ partial }) => !names.has(partial));
      if (journaled !== undefined) {
        await root.tryDropPartials(dropped.map(({ partial }) => ({ name: partial })));
      }
      throw asUploadProblem(error);
    });
    onStep?.('journaled');
    return begun.revision;
  }

  async #publish(entries: readonly CommitEntry[], used: () => Promise<void>): Promise<void> {
    const { files, root, onStep } = this.#deps;
    try {
      await used();
      for (const entry of entries) {
        await root.publish(entry.partial, entry.file.path);
        onStep?.('renamed');
      }
      await files.finishCommit(entries);
    } catch (error) {
      // The error that came first is the one to tell; what cannot be settled now is left in the journal.
      for (const entry of entries) await settle(files, root, entry).catch(() => undefined);
      throw asUploadProblem(error);
    }
    onStep?.('finished');
  }

  /** Everything that can refuse the upload, before anything is written. */
  async #check({ path, preconditions }: Upload): Promise<FoundFile | undefined> {
    const { root } = this.#deps;
    if (isFolder(path)) throw folderInTheWay();
    await root.checkFolders(path);
    const found = await root.find(path);
    if (found?.kind === 'folder') throw folderInTheWay();
    if (found?.kind === 'other') throw notAFile();
    checkPreconditions(preconditions, found);
    return found;
  }

  /** Everything that may fail for want of space, before the journal is written. */
  async #prepare(upload: Upload, found: FoundFile | undefined): Promise<Prepared> {
    const { root, files, expiries, clock, digests } = this.#deps;
    const { path, partial, owner, grants, expiresAt } = upload;
    // Neither may the old bytes meet the new expiry: they may have expired, and would be served again.
    const endsOtherwise = (await expiries.expiriesOf([path])).get(path) !== expiresAt;
    const modifiedSeconds = laterThan(found, Math.floor(clock() / 1000));
    await root.seal(partial.name, modifiedSeconds);
    return {
      entry: {
        partial: partial.name,
        // The file's own second: recovery knows the version by it.
        file: { path, owner, bytes: partial.bytes, updatedAt: modifiedSeconds * 1000 },
        grants,
        replaces: await files.file(path),
        // A new file with grants is hidden, too: a deny must be there before its bytes, and a grant that was
        // set for a file that never came must not be met by the next one of that name.
        visibility: grants.length > 0 || endsOtherwise ? 'hidden' : 'at-once',
        ...broughtBy(upload, digests === undefined ? 'no digest' : 'its digest'),
      },
      created: found === undefined,
      entityTag: entityTag({ modifiedSeconds, bytes: partial.bytes }),
    };
  }
}
