/** A row of the trash, and the removed file that it is. */

import type { GrantDraft } from '../acl/grant.js';
import type { TrashedFile } from '../acl/life-ports.js';
import type { Principal } from '../acl/principal.js';
import type { ResourcePath } from '../acl/resource-path.js';
import { withWindow } from './journal-entries.js';

export interface TrashRow {
  readonly id: string;
  readonly path: string;
  readonly owner: string | null;
  readonly bytes: number;
  readonly expires_at: number | null;
  /** JSON. */
  readonly grants: string;
  readonly removed_by: string | null;
  readonly removed_at: number;
  readonly sha256: string | null;
}

export function trashRowOf(file: TrashedFile): TrashRow {
  return {
    id: file.id,
    path: file.path,
    owner: file.owner ?? null,
    bytes: file.bytes,
    expires_at: file.expiresAt ?? null,
    grants: JSON.stringify(file.grants),
    removed_by: file.removedBy ?? null,
    removed_at: file.removedAt,
    sha256: file.sha256 ?? null,
  };
}

/** What is in the table went through the constructors when it was written: it is not parsed again. */
export function trashedOf(row: TrashRow): TrashedFile {
  const grants = JSON.parse(row.grants) as readonly GrantDraft[];
  return {
    id: row.id,
    path: row.path as ResourcePath,
    bytes: row.bytes,
    removedAt: row.removed_at,
    grants: grants.map(withWindow),
    ...(row.owner !== null && { owner: row.owner as Principal }),
    ...(row.removed_by !== null && { removedBy: row.removed_by as Principal }),
    ...(row.sha256 !== null && { sha256: row.sha256 }),
    ...(row.expires_at !== null && { expiresAt: row.expires_at }),
  };
}
