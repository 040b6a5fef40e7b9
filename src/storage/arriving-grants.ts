/** Which grants of a commit are written: those of a restored file never past a deny that stands there by then. */

import type { Grant, GrantDraft } from '../acl/grant.js';
import type { CommitEntry } from '../acl/ports.js';

export function arrivingGrants(
  { grants, trashId }: CommitEntry,
  standing: readonly Grant[],
): readonly GrantDraft[] {
  if (trashId === undefined) return grants;
  const denies = standing.filter(({ effect }) => effect === 'deny');
  return grants.filter(
    ({ principal, action }) => !denies.some((deny) => deny.principal === principal && deny.action === action),
  );
}
