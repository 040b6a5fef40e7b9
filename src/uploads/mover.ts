/**
 * Moves of files and of whole folders, with their grants and links (docs/decisions/0021-moving.md). The order of the
 * steps is the promise:
 *
 *   journal: source and target are `committing` → rename → fsync of both folders → one transaction (rows, journal)
 *
 * so at no moment do bytes meet the grants of another path, and a `kill -9` between any two steps is settled by
 * `recoverMoves` at the next start: it has happened whole, or not at all.
 */

import { randomUUID } from 'node:crypto';
import { overlap } from '../acl/path-range.js';
import type { FileStore } from '../acl/ports.js';
import { isFolder, type ResourcePath } from '../acl/resource-path.js';
import type { MoveCounts, MoveEntry, MoveStore, TreeStore } from '../acl/tree-ports.js';
import { type Followed, usedUp } from './commit-rules.js';
import { makeDurable, renameEntry, setSecond } from './disk-move.js';
import { freePath } from './free-path.js';
import type { Inspection } from './inspection.js';
import { settleMove } from './move-recovery.js';
import { checkSource, checkTarget, refuseNumbered, refuseShape } from './move-rules.js';
import { newPath } from './new-path.js';
import { candidatesFrom, type MayTake } from './numbered-path.js';
import type { PathLocks } from './path-locks.js';
import { asUploadProblem } from './problem.js';
import { settleLeft } from './recovery.js';
import type { FoundFile, StorageRoot } from './storage-root.js';

export interface MoveRequest {
  /** A file, or a folder with all below it. */
  readonly from: ResourcePath;
  /** What it is called then: of the same kind. */
  readonly to: ResourcePath;
  readonly grants: MoveEntry['grants'];
  /** A folder is never replaced, unless it is empty; `keep-both`: beside the file that is there, by a number. */
  readonly onConflict: 'refuse' | 'replace' | 'keep-both';
  /** Of names with a number, where both are kept. */
  readonly mayTake?: MayTake;
  /** Asked when nobody else can change either path any more. @param to composed @throws when whoever asks may not */
  readonly authorise: (to: ResourcePath) => Promise<void>;
}

export interface Moved extends MoveCounts {
  /** What it is called now. */
  readonly path: ResourcePath;
  readonly revision: number;
}

/** The steps, by name: what a test kills between. */
export type MoveStep = 'move-prepared' | 'move-journaled' | 'move-renamed' | 'move-durable' | 'move-finished';

export interface MoverDeps {
  readonly root: StorageRoot;
  readonly files: FileStore;
  readonly moves: MoveStore;
  readonly tree: TreeStore;
  /** Those of the committer: whoever moves a path and whoever writes there take turns. */
  readonly locks: PathLocks;
  /** Absent: nobody looks at what is in a file that gets another ending. */
  readonly inspection?: Inspection | undefined;
  readonly followed?: Followed;
  readonly onStep?: (step: MoveStep) => void;
}

export class Mover {
  readonly #deps: MoverDeps;

  constructor(deps: MoverDeps) {
    this.#deps = deps;
  }

  /** @throws UploadProblem `not-found`, `conflict`, `bad-request`; what `authorise` throws. Nothing has changed then */
  async move(request: MoveRequest): Promise<Moved> {
    const { from } = request;
    const to = await newPath(this.#deps.root, request.to);
    refuseShape(from, to);
    if (request.onConflict !== 'keep-both') {
      return this.#deps.locks.run([from, to], () => this.#moveLocked({ ...request, to }));
    }
    refuseNumbered(to);
    for (;;) {
      const free = await freePath(this.#deps.root, candidatesFrom(this.#deps.root, to, request.mayTake));
      const moved = await this.#deps.locks.run([from, free], async () => {
        await this.#settleLeft(from, free);
        const isTaken = (await this.#deps.root.find(free)) !== undefined;
        return isTaken ? undefined : this.#moveLocked({ ...request, to: free });
      });
      // Each round that ends without is one in which somebody else took a name.
      if (moved !== undefined) return moved;
    }
  }

  async #moveLocked(request: MoveRequest): Promise<Moved> {
    const { from, to } = request;
    await this.#settleLeft(from, to);
    await request.authorise(to);
    const { entry, found, target } = await this.#prepare(request);
    const hiddenAt = await this.#begin(entry);
    return this.#carryOut(entry, hiddenAt, found, target);
  }

  async #prepare(request: MoveRequest) {
    const { root, tree, inspection, onStep } = this.#deps;
    const { from, to, grants, onConflict } = request;
    try {
      const found = await checkSource(root, tree, from, to);
      const target = await checkTarget(root, to, onConflict);
      if (isFolder(from)) inspection?.checkFolder(from, to);
      else await inspection?.checkRename(root.diskPath(from), from, to);
      const entry: MoveEntry = { name: randomUUID(), from, to, grants, file: fileThen(from, found, target) };
      onStep?.('move-prepared');
      return { entry, found, target };
    } catch (error) {
      throw asUploadProblem(error);
    }
  }

  /** What an earlier failure left of these paths comes first. */
  async #settleLeft(from: ResourcePath, to: ResourcePath): Promise<void> {
    const { files, moves, root } = this.#deps;
    const concerns = (path: ResourcePath) => overlap(path, from) || overlap(path, to);
    for (const entry of await moves.moves()) {
      if (concerns(entry.from) || concerns(entry.to)) await settleMove(moves, root, entry);
    }
    const { commits } = await files.pending();
    const left = commits.filter(({ file }) => concerns(file.path));
    await settleLeft(this.#deps, left);
  }

  /** The revision from which on source and target are hidden. */
  async #begin(entry: MoveEntry): Promise<number> {
    const { moves, root, onStep } = this.#deps;
    const begun = await moves.beginMove(entry).catch(async (error) => {
      // A store that failed in the middle may have it all the same; nothing was renamed, so it is given up.
      const journaled = await moves.moves().catch(() => []);
      if (journaled.some(({ name }) => name === entry.name)) await settleMove(moves, root, entry);
      throw asUploadProblem(error);
    });
    onStep?.('move-journaled');
    return begun.revision;
  }

  async #carryOut(
    entry: MoveEntry,
    hiddenAt: number,
    found: FoundFile,
    target: FoundFile | undefined,
  ): Promise<Moved> {
    const { moves, root, onStep } = this.#deps;
    try {
      // An answer that was given under the old grants of the target must be used up before other bytes are there.
      await usedUp(this.#deps.followed, hiddenAt);
      if (entry.file !== undefined && target !== undefined && isSameVersion(found, target)) {
        await setSecond(root, entry.from, entry.file.modifiedSeconds);
      }
      await renameEntry(root, entry);
      onStep?.('move-renamed');
      await makeDurable(root, entry);
      onStep?.('move-durable');
      const { value, revision } = await moves.finishMove(entry);
      onStep?.('move-finished');
      return { ...value, path: entry.to, revision };
    } catch (error) {
      // The error that came first is the one to tell; what cannot be settled now is left in the journal.
      await settleMove(moves, root, entry).catch(() => undefined);
      throw asUploadProblem(error);
    }
  }
}

function fileThen(from: ResourcePath, found: FoundFile, target: FoundFile | undefined): MoveEntry['file'] {
  if (isFolder(from)) return undefined;
  const { bytes, modifiedSeconds } = found;
  const later = target !== undefined && isSameVersion(found, target);
  return { bytes, modifiedSeconds: later ? modifiedSeconds + 1 : modifiedSeconds };
}

/** To nginx's validators. */
function isSameVersion(a: FoundFile, b: FoundFile): boolean {
  return a.bytes === b.bytes && a.modifiedSeconds === b.modifiedSeconds;
}
