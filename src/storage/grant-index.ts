/** Groups the grants on one path by principal, as decisions look them up. */

import type { GrantIndex } from '../acl/decide.js';
import type { Grant } from '../acl/grant.js';
import type { Principal } from '../acl/principal.js';

/** Most paths have no grants of their own: they all share this one. */
const EMPTY: GrantIndex = new Map();

export function indexByPrincipal(grants: readonly Grant[]): GrantIndex {
  if (grants.length === 0) return EMPTY;
  const index = new Map<Principal, Grant[]>();
  for (const grant of grants) {
    const same = index.get(grant.principal);
    if (same === undefined) index.set(grant.principal, [grant]);
    else same.push(grant);
  }
  return index;
}
