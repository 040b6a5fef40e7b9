/**
 * What a crash or a failure left is finished or given up (DESIGN §8): all of it before the files service
 * listens, and one commit that failed at once by the committer. Doing it twice changes nothing the second time.
 */

import { NotKnown, StoreBusy } from '../acl/errors.js';
import type { CommitEntry, FileStore, PendingRemoval } from '../acl/ports.js';
import { type Followed, usedUp } from './commit-rules.js';
import type { StorageRoot } from './storage-root.js';
import { TrashFolder } from './trash-folder.js';

export interface Recovered {
  /** Commits whose rename was still to be done, or to be recorded. */
  readonly finished: number;
  /** Commits whose bytes were lost: the old file stands. */
  readonly abandoned: number;
  readonly removals: number;
  /** Partials that nobody had committed. */
  readonly dropped: number;
  /** What the disk refuses: as it was, for the operator to mend. */
  readonly stuck: readonly Stuck[];
}

export interface SettleParts {
  readonly files: FileStore;
  readonly root: StorageRoot;
  readonly followed?: Followed;
}

export interface Stuck {
  /** A resource path, or the name of a partial. */
  readonly what: string;
  readonly cause: unknown;
}

/**
 * One path that cannot be finished, since an operator put a folder there or the disk fails, must not keep all
 * other files from being written. It stays in the journal with its partial, which may be the only copy of the
 * bytes: a hidden path then stays 503, so that neither bytes meet the other's grants, and the start after the
 * operator has mended it finishes it. Giving it up here would decide that for the operator.
 *
 * @throws when the store itself fails: without it nothing can be known
 */
export async function recover(files: FileStore, root: StorageRoot): Promise<Recovered> {
  const pending = await files.pending();
  const orphans = new Set(await root.partials());
  const stuck: Stuck[] = [];
  let [finished, abandoned, removals, dropped] = [0, 0, 0, 0];
  for (const entry of pending.commits) {
    orphans.delete(entry.partial);
    const there = await attempt(stuck, entry.file.path, () => bringToPath(root, entry));
    if (there === undefined) continue;
    await record(files, entry, there);
    if (there) finished += 1;
    else abandoned += 1;
  }
  for (const removal of pending.removals) {
    if (!(await attempt(stuck, removal.path, () => removeFromDisk(root, removal).then(() => true)))) continue;
    await files.finishRemoval(removal);
    removals += 1;
  }
  for (const partial of orphans) {
    if (await attempt(stuck, partial, () => dropLeft(root, partial))) dropped += 1;
  }
  return { finished, abandoned, removals, dropped, stuck };
}

/**
 * Finishes one journaled entry, or, where its bytes cannot be brought to their path, gives it up: the path is
 * then as it was before.
 *
 * @throws when neither can be done; the entry is then still in the journal
 */
export async function settle(files: FileStore, root: StorageRoot, entry: CommitEntry): Promise<void> {
  const there = await bringToPath(root, entry).catch(() => false);
  // It was renamed, and only the folder could not be made durable: there is no way back.
  if (!there && (await isInPlace(root, entry))) throw new Error(`${entry.file.path} cannot be made durable`);
  await record(files, entry, there);
  if (!there) await root.tryDropPartials([{ name: entry.partial }]);
}

/** The same for what an earlier failure left. @throws likewise */
export async function settleLeft(
  { files, root, followed }: SettleParts,
  entries: readonly CommitEntry[],
): Promise<void> {
  // Journaled a moment ago, perhaps, without anybody having been told: nobody has waited behind it.
  if (entries.some(({ visibility }) => visibility === 'hidden')) await usedUp(followed, 'last');
  for (const entry of entries) await settle(files, root, entry);
}

/** For good or into the trash, as it was journaled; it being gone already is fine. */
export async function removeFromDisk(root: StorageRoot, { path, trash }: PendingRemoval): Promise<void> {
  if (trash === undefined) await root.remove(path);
  else await new TrashFolder(root).take(path, trash.id);
}

/** False: its bytes are nowhere. */
async function bringToPath(root: StorageRoot, entry: CommitEntry): Promise<boolean> {
  if (await root.hasPartial(entry.partial)) {
    await root.publish(entry.partial, entry.file.path);
    return true;
  }
  if (!(await isInPlace(root, entry))) return false;
  // Renamed by whoever was stopped, and perhaps not yet durable: the journal must not be the first to be.
  await root.syncFolderOf(entry.file.path);
  return true;
}

/** The partial was renamed: the committer gives each version of a path another size or another second. */
async function isInPlace(root: StorageRoot, { file }: CommitEntry): Promise<boolean> {
  const found = await root.find(file.path);
  return (
    found?.kind === 'file' &&
    found.bytes === file.bytes &&
    found.modifiedSeconds === Math.floor(file.updatedAt / 1000)
  );
}

async function record(files: FileStore, entry: CommitEntry, there: boolean): Promise<void> {
  if (there) await files.finishCommit([entry]);
  else await files.abandonCommit([entry]);
}

/** Those that have come since another process may have taken over are its own. */
async function dropLeft(root: StorageRoot, partial: string): Promise<true> {
  root.requireHeld();
  await root.dropPartial(partial);
  return true;
}

/** Nothing is stuck where it is the store that fails. @throws NotKnown, StoreBusy */
export async function attempt<T>(
  stuck: Stuck[],
  what: string,
  work: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof NotKnown || cause instanceof StoreBusy) throw cause;
    stuck.push({ what, cause });
    return undefined;
  }
}
