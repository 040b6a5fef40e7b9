/** Which grants of a commit are written: those that came along with a file never past a deny that stands by then. */

import type { Grant, GrantDraft } from '../acl/grant.js';
import type { CommitEntry } from '../acl/ports.js';

export function arrivingGrants(
  { grants, trashId, standingDenies }: CommitEntry,
  standing: readonly Grant[],
): readonly GrantDraft[] {
  // A restore that an older version has journaled says no more than that it is one.
  if (standingDenies === undefined && trashId === undefined) return grants;
  const denies = standing.filter(({ effect }) => effect === 'deny');
  return grants.filter(
    ({ principal, action }) => !denies.some((deny) => deny.principal === principal && deny.action === action),
  );
}
