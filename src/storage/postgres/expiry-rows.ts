/** The rows of expiries in PostgreSQL, for whoever writes them in a transaction of its own. */

import { beyond } from '../../acl/path-range.js';
import type { ResourcePath } from '../../acl/resource-path.js';
import { ASKED, isAsked } from './asked-paths.js';
import { isWithin, pathKey } from './path-key.js';
import type { Transaction } from './transaction.js';

export interface Expiry {
  readonly path: ResourcePath;
  readonly expiresAt: number | undefined;
}

export const EXPIRIES_ASKED = `SELECT expiries.path, expires_at FROM ${ASKED} JOIN expiries ON ${isAsked('expiries.path')}`;

export interface ExpiryRow {
  readonly path: ResourcePath;
  readonly expires_at: number;
}

/** Whether it changed anything. */
export async function setExpiries(tx: Transaction, expiries: readonly Expiry[]): Promise<boolean> {
  const some = new Map<ResourcePath, number>();
  const none = new Set<ResourcePath>();
  for (const { path, expiresAt } of expiries) {
    if (expiresAt === undefined) none.add(path);
    else some.set(path, expiresAt);
  }
  let changed = 0;
  if (none.size > 0) {
    const sql = `DELETE FROM expiries USING ${ASKED} WHERE ${isAsked('expiries.path')}`;
    changed += await tx.run(sql, [[...none]]);
  }
  if (some.size > 0) {
    changed += await tx.run(
      `INSERT INTO expiries (path, expires_at) SELECT * FROM unnest($1::text[], $2::bigint[])
       ON CONFLICT (${pathKey()}) DO UPDATE SET expires_at = excluded.expires_at
       WHERE expiries.expires_at <> excluded.expires_at`,
      [[...some.keys()], [...some.values()]],
    );
  }
  return changed > 0;
}

export async function expiryOf(tx: Transaction, path: ResourcePath): Promise<number | undefined> {
  const [row] = await tx.rows<ExpiryRow>(EXPIRIES_ASKED, [[path]]);
  return row?.expires_at;
}

/** Which went. */
export async function forgetExpiries(tx: Transaction, range: ResourcePath): Promise<readonly ResourcePath[]> {
  const gone = await tx.rows<{ path: ResourcePath }>(
    `DELETE FROM expiries WHERE ${isWithin('$1::text', '$2::text')} RETURNING path`,
    [range, beyond(range)],
  );
  return gone.map(({ path }) => path);
}
