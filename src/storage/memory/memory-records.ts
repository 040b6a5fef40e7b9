/** The records of files in memory, as they are listed and mended. */

import type { CommitEntry, FileRecord, FileStore, PendingRemoval } from '../../acl/ports.js';
import { isSameRecord } from '../../acl/same-record.js';

interface FilesState {
  readonly files: Map<string, FileRecord>;
  readonly commits: ReadonlyMap<string, CommitEntry>;
  readonly removals: ReadonlyMap<string, PendingRemoval>;
}

export function recordsOf({
  files,
  commits,
  removals,
}: FilesState): Pick<FileStore, 'records' | 'reconcile'> {
  return {
    records: async ({ folder, after, max }) =>
      [...files.values()]
        .filter(
          ({ path }) => path.startsWith(folder) && (after === undefined || inByteOrder(path, after) > 0),
        )
        .sort((a, b) => inByteOrder(a.path, b.path))
        .slice(0, max),
    reconcile: async (changes) => {
      const pending = new Set<string>(
        [...commits.values()]
          .map(({ file }) => file.path)
          .concat([...removals.values()].map(({ path }) => path)),
      );
      return changes.filter(({ path, from, to }) => {
        if (pending.has(path) || !isSameRecord(files.get(path), from)) return false;
        if (to === undefined) files.delete(path);
        else files.set(path, to);
        return true;
      });
    },
  };
}

function inByteOrder(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
