/**
 * What a crash left is finished or removed, before the files service listens (DESIGN §8). Running it twice
 * changes nothing the second time.
 */

import type { CommitEntry, FileStore } from '../acl/ports.js';
import type { StorageRoot } from './storage-root.js';

export interface Recovered {
  /** Commits whose rename was still to be done, or to be recorded. */
  readonly finished: number;
  /** Commits whose bytes were lost: the old file stands. */
  readonly abandoned: number;
  readonly removals: number;
  /** Partials that nobody had committed. */
  readonly dropped: number;
}

export async function recover(files: FileStore, root: StorageRoot): Promise<Recovered> {
  const pending = await files.pending();
  const partials = new Set(await root.partials());
  let finished = 0;
  for (const entry of pending.commits) {
    if (await finishOne(files, root, partials, entry)) finished += 1;
    partials.delete(entry.partial);
  }
  for (const removal of pending.removals) {
    await root.remove(removal.path);
    await files.finishRemoval(removal);
  }
  for (const partial of partials) await root.dropPartial(partial);
  return {
    finished,
    abandoned: pending.commits.length - finished,
    removals: pending.removals.length,
    dropped: partials.size,
  };
}

/** False: the entry's bytes are nowhere, and it was abandoned. */
async function finishOne(
  files: FileStore,
  root: StorageRoot,
  partials: ReadonlySet<string>,
  entry: CommitEntry,
): Promise<boolean> {
  if (partials.has(entry.partial)) {
    await root.publish(entry.partial, entry.file.path);
  } else {
    const found = await root.find(entry.file.path);
    if (found?.kind !== 'file' || found.bytes !== entry.file.bytes) {
      await files.abandonCommit([entry]);
      return false;
    }
  }
  await files.finishCommit([entry]);
  return true;
}
