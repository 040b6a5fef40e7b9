/**
 * Grants that come to a path where a deny of the same principal and action stands: there is one for each (DESIGN §5),
 * and nobody may get past a deny by moving something over it.
 */

import type { Database } from 'better-sqlite3';
import { beyond, moved } from '../../acl/path-range.js';
import type { ResourcePath } from '../../acl/resource-path.js';
import type { MoveEntry } from '../../acl/tree-ports.js';
import { timeOfBoth } from '../grant-windows.js';
import { GRANT_COLUMNS, type GrantRow } from '../rows.js';

/**
 * Deletes, of what comes, each grant that meets a standing deny; where it is a deny as well, the standing one then
 * covers the time of both. The paths on which that happened, as they are in the target.
 */
export function mergeStandingDenies(db: Database, { from, to }: MoveEntry): readonly ResourcePath[] {
  const coming = db.prepare<[string, string, string], GrantRow>(
    `SELECT ${GRANT_COLUMNS} FROM grants WHERE path = ? AND principal = ? AND action = ?`,
  );
  const remove = db.prepare<[string, string, string]>(
    'DELETE FROM grants WHERE path = ? AND principal = ? AND action = ?',
  );
  const widen = db.prepare<[number | null, number | null, string, string, string]>(
    'UPDATE grants SET not_before = ?, expires_at = ? WHERE path = ? AND principal = ? AND action = ?',
  );
  const standing = db
    .prepare<[string, string], GrantRow>(`SELECT ${GRANT_COLUMNS} FROM grants WHERE path >= ? AND path < ?`)
    .all(to, beyond(to));
  const merged: ResourcePath[] = [];
  for (const deny of standing) {
    const key = [deny.principal, deny.action] as const;
    const path = deny.path as ResourcePath;
    const source = moved(path, to, from);
    const grant = coming.get(source, ...key);
    if (grant === undefined) continue;
    remove.run(source, ...key);
    if (grant.effect === 'deny') {
      const { not_before, expires_at } = timeOfBoth(deny, grant);
      widen.run(not_before, expires_at, path, ...key);
    }
    merged.push(path);
  }
  return merged;
}
