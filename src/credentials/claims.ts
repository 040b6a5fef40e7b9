/**
 * From the claims of a verified token, or the fields of a site's answer, to a user and its groups. What is not a
 * legitimate name is nobody: it is left out, never repaired.
 */

import { groupPrincipal, type Principal, userPrincipal } from '../acl/principal.js';

export interface ClaimNames {
  /** `sub`, `email`, `realm_access.user`: the name of a claim, or a path of names with dots between. */
  readonly user: string;
  readonly groups: string;
  /** Put before every user's and every group's name, such as `oidc:`; empty: nothing. */
  readonly userPrefix: string;
  readonly groupPrefix: string;
}

/** What a token of 8 KiB could hold; a longer list is cut. */
const GROUPS_MAX = 1_000;
/** Dots in a path. */
const DEPTH_MAX = 8;

/**
 * The value at a path; `null` where the path ends in one on its way. A whole name that has dots itself, such as a
 * URL, goes before the path.
 */
export function valueAt(record: unknown, path: string): unknown {
  if (!isRecord(record)) return undefined;
  if (Object.hasOwn(record, path)) return record[path];
  let value: unknown = record;
  for (const name of path.split('.', DEPTH_MAX)) {
    if (value === null) return null;
    if (!isRecord(value) || !Object.hasOwn(value, name)) return undefined;
    value = value[name];
  }
  return value;
}

export function userOf(record: unknown, names: ClaimNames): Principal | undefined {
  const value = valueAt(record, names.user);
  // Whoever may choose an address that is not verified may choose yours.
  if (names.user === 'email' && valueAt(record, 'email_verified') === false) return undefined;
  const id = typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : value;
  return typeof id === 'string' && id !== '' ? userPrincipal(names.userPrefix + id) : undefined;
}

export function groupsOf(record: unknown, names: ClaimNames): readonly Principal[] {
  const value = valueAt(record, names.groups);
  const listed = typeof value === 'string' ? [value] : Array.isArray(value) ? value : [];
  const groups = new Set<Principal>();
  for (const name of listed.slice(0, GROUPS_MAX)) {
    if (typeof name !== 'string' || name === '') continue;
    const group = groupPrincipal(names.groupPrefix + name);
    if (group !== undefined) groups.add(group);
  }
  return [...groups];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
