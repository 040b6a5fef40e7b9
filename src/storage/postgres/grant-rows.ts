/** Grants inside a transaction of its caller; the one place that gives grant ids. */

import type { Grant, GrantDraft } from '../../acl/grant.js';
import type { ResourcePath } from '../../acl/resource-path.js';
import { GRANT_COLUMNS, type GrantRow, grantOf } from '../rows.js';
import { isPath, pathKey } from './path-key.js';
import type { Transaction } from './transaction.js';

/** The target of an ON CONFLICT. */
export const GRANT_KEY = `${pathKey()}, principal, action`;

/** A replaced grant keeps its id; a new one has the next. One statement for each, so that a draft may come twice. */
const PUT = `
  INSERT INTO grants (path, principal, action, effect, not_before, expires_at, id)
  VALUES ($1, $2, $3, $4, $5, $6, $7)
  ON CONFLICT (${GRANT_KEY}) DO UPDATE SET
    effect = excluded.effect, not_before = excluded.not_before, expires_at = excluded.expires_at
  RETURNING id`;

export async function putGrants(tx: Transaction, drafts: readonly GrantDraft[]): Promise<readonly Grant[]> {
  if (drafts.length === 0) return [];
  const [state] = await tx.rows<{ grant_id: number }>('SELECT grant_id FROM state');
  let last = state?.grant_id ?? 0;
  const grants: Grant[] = [];
  for (const draft of drafts) {
    const { path, principal, action, effect, notBefore = null, expiresAt = null } = draft;
    const values = [path, principal, action, effect, notBefore, expiresAt, last + 1];
    const [row] = await tx.rows<{ id: number }>(PUT, values);
    const id = row?.id ?? last + 1;
    last = Math.max(last, id);
    grants.push({ ...draft, id });
  }
  await tx.run('UPDATE state SET grant_id = $1 WHERE grant_id <> $1', [last]);
  return grants;
}

export async function grantsOn(tx: Transaction, path: ResourcePath): Promise<readonly Grant[]> {
  return (
    await tx.rows<GrantRow>(`SELECT ${GRANT_COLUMNS} FROM grants WHERE ${isPath('$1::text')}`, [path])
  ).map(grantOf);
}
