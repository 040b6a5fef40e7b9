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
/** `email_verified`, where it counts; an issuer that does not say it has none that are not. */
const VERIFIED: readonly unknown[] = [undefined, true, 'true'];

/**
 * The value at a path; `null` where the path ends in one on its way. A name may have dots itself, such as a URL, or
 * the client in Keycloak's `resource_access.my.app.roles`: the longer name goes before the way inwards.
 */
export function valueAt(record: unknown, path: string): unknown {
  if (!isRecord(record)) return undefined;
  for (let end = path.length; end > 0; end = path.lastIndexOf('.', end - 1)) {
    const name = path.slice(0, end);
    if (!Object.hasOwn(record, name)) continue;
    const inner = record[name];
    const value = end === path.length || inner === null ? inner : valueAt(inner, path.slice(end + 1));
    if (value !== undefined) return value;
  }
  return undefined;
}

export function userOf(record: unknown, names: ClaimNames): Principal | undefined {
  const value = valueAt(record, names.user);
  // Whoever may choose an address that is not verified may choose yours. Some issuers write it as a text.
  if (names.user === 'email' && !VERIFIED.includes(valueAt(record, 'email_verified'))) return undefined;
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
