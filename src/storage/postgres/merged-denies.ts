/**
 * Grants that come to a path where a deny of the same principal and action stands: there is one for each (DESIGN §5),
 * and nobody may get past a deny by moving something over it.
 */

import { beyond, moved } from '../../acl/path-range.js';
import type { ResourcePath } from '../../acl/resource-path.js';
import type { MoveEntry } from '../../acl/tree-ports.js';
import { timeOfBoth } from '../grant-windows.js';
import { GRANT_COLUMNS, type GrantRow } from '../rows.js';
import { isPath, isWithin } from './path-key.js';
import type { Transaction } from './transaction.js';

/**
 * Deletes, of what comes, each grant that meets a standing deny; where it is a deny as well, the standing one then
 * covers the time of both. The paths on which that happened, as they are in the target, whose allows are gone by then.
 */
export async function mergeStandingDenies(
  tx: Transaction,
  { from, to }: MoveEntry,
): Promise<readonly ResourcePath[]> {
  const standing = await tx.rows<GrantRow>(
    `SELECT ${GRANT_COLUMNS} FROM grants WHERE ${isWithin('$1::text', '$2::text')}`,
    [to, beyond(to)],
  );
  if (standing.length === 0) return [];
  const met = await tx.rows<GrantRow>(
    `DELETE FROM grants USING (
       SELECT source COLLATE "C" AS source, who, what
       FROM unnest($1::text[], $2::text[], $3::text[]) AS asked (source, who, what)
     ) AS deny
     WHERE ${isPath('deny.source')} AND principal = deny.who AND action = deny.what RETURNING ${GRANT_COLUMNS}`,
    [
      standing.map(({ path }) => moved(path as ResourcePath, to, from)),
      standing.map(({ principal }) => principal),
      standing.map(({ action }) => action),
    ],
  );
  const inTarget = met.map((grant) => ({ ...grant, path: moved(grant.path as ResourcePath, from, to) }));
  await widen(
    tx,
    standing,
    inTarget.filter(({ effect }) => effect === 'deny'),
  );
  return inTarget.map(({ path }) => path);
}

async function widen(
  tx: Transaction,
  standing: readonly GrantRow[],
  coming: readonly GrantRow[],
): Promise<void> {
  if (coming.length === 0) return;
  const theirs = new Map(coming.map((grant) => [keyOf(grant), grant]));
  const wider = standing.flatMap((deny) => {
    const grant = theirs.get(keyOf(deny));
    return grant === undefined ? [] : [{ path: deny.path, id: deny.id, ...timeOfBoth(deny, grant) }];
  });
  await tx.run(
    `UPDATE grants SET not_before = wider.not_before, expires_at = wider.expires_at
     FROM (
       SELECT on_path COLLATE "C" AS on_path, id, not_before, expires_at
       FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[])
         AS asked (on_path, id, not_before, expires_at)
     ) AS wider
     WHERE ${isPath('wider.on_path')} AND grants.id = wider.id`,
    [
      wider.map(({ path }) => path),
      wider.map(({ id }) => id),
      wider.map(({ not_before }) => not_before),
      wider.map(({ expires_at }) => expires_at),
    ],
  );
}

/** No path and no principal has a line break. */
function keyOf({ path, principal, action }: GrantRow): string {
  return `${path}\n${principal}\n${action}`;
}
