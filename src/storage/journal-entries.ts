/** The lines of the journal as a store keeps them: JSON, which leaves out what is `undefined`, and what they were. */

import type { GrantDraft } from '../acl/grant.js';
import type { CommitEntry, FileRecord, Pending, PendingRemoval } from '../acl/ports.js';
import type { ResourcePath } from '../acl/resource-path.js';
import type { MoveEntry } from '../acl/tree-ports.js';

export interface JournalRow {
  readonly partial: string;
  readonly kind: 'commit' | 'removal';
  readonly path: string;
  readonly entry: string;
}

/** What of a removal is not in columns of its own. */
export function removalJson({ partial: _, ...entry }: PendingRemoval): string {
  return JSON.stringify(entry);
}

export function pendingOf(rows: readonly JournalRow[]): Pending {
  return {
    commits: rows.filter((row) => row.kind === 'commit').map((row) => commitOf(row.entry)),
    removals: rows
      .filter((row) => row.kind === 'removal')
      .map((row) => ({ ...JSON.parse(row.entry), partial: row.partial, path: row.path as ResourcePath })),
  };
}

export function moveOf(json: string): MoveEntry {
  const entry = JSON.parse(json) as MoveEntry;
  return { ...entry, file: entry.file };
}

/** The drafts get their open windows back, the records their owner. */
function commitOf(json: string): CommitEntry {
  const entry = JSON.parse(json) as CommitEntry;
  const { file, replaces, grants } = entry;
  return {
    ...entry,
    file: withOwner(file),
    replaces: replaces && withOwner(replaces),
    grants: grants.map(withWindow),
  };
}

/** Of a draft that came out of JSON. */
export function withWindow(draft: GrantDraft): GrantDraft {
  return { ...draft, notBefore: draft.notBefore, expiresAt: draft.expiresAt };
}

function withOwner(record: FileRecord): FileRecord {
  return { ...record, owner: record.owner };
}
