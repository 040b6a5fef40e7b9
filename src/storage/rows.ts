/** Rows as the databases have them, and the grants, files and API keys that they are. */

import type { Action } from '../acl/action.js';
import type { Effect, Grant } from '../acl/grant.js';
import type { ApiKeyRecord, FileRecord } from '../acl/ports.js';
import type { Principal } from '../acl/principal.js';
import type { ResourcePath } from '../acl/resource-path.js';

export interface GrantRow {
  readonly id: number;
  readonly path: string;
  readonly principal: string;
  readonly action: string;
  readonly effect: string;
  readonly not_before: number | null;
  readonly expires_at: number | null;
}

export interface FileRow {
  readonly path: string;
  readonly owner: string | null;
  readonly bytes: number;
  readonly updated_at: number;
}

/** The first text behind all that begin with the folder: in place of its last `/` the character after that. */
export function beyond(folder: ResourcePath): string {
  return `${folder.slice(0, -1)}0`;
}

export const GRANT_COLUMNS = 'id, path, principal, action, effect, not_before, expires_at';

/** What is in the table went through the constructors when it was written: it is not parsed again. */
export function grantOf(row: GrantRow): Grant {
  return {
    id: row.id,
    path: row.path as ResourcePath,
    principal: row.principal as Principal,
    action: row.action as Action,
    effect: row.effect as Effect,
    notBefore: row.not_before ?? undefined,
    expiresAt: row.expires_at ?? undefined,
  };
}

export function fileOf(row: FileRow): FileRecord {
  return {
    path: row.path as ResourcePath,
    owner: (row.owner ?? undefined) as Principal | undefined,
    bytes: row.bytes,
    updatedAt: row.updated_at,
  };
}

export interface ApiKeyRow {
  readonly hash: string;
  readonly id: string;
  readonly user_principal: string;
  readonly action: string;
  readonly path: string;
  readonly created_at: number;
  readonly expires_at: number | null;
  readonly last_used_at: number | null;
  readonly note: string;
}

export const API_KEY_COLUMNS =
  'hash, id, user_principal, action, path, created_at, expires_at, last_used_at, note';

export function apiKeyOf(row: ApiKeyRow): ApiKeyRecord {
  return {
    hash: row.hash,
    id: row.id,
    user: row.user_principal as Principal,
    scope: { action: row.action as Action, path: row.path as ResourcePath },
    createdAt: row.created_at,
    expiresAt: row.expires_at ?? undefined,
    lastUsedAt: row.last_used_at ?? undefined,
    note: row.note,
  };
}
