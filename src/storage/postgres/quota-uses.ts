/** What is used of quotas, in PostgreSQL: what is counted, and what commits and moves under way may still add. */

import type { Amount, QuotaSubject, QuotaUse } from '../../acl/quota.js';
import { type QuotaRow, quotaUseOf } from '../quota-rows.js';
import { isPath } from './path-key.js';
import type { Transaction } from './transaction.js';

interface UseRow extends QuotaRow, Amount {
  readonly limited: boolean;
}

export interface SubjectUse {
  /** `undefined`: none was set. */
  readonly quota: QuotaUse | undefined;
  readonly used: Amount;
}

/** @param from a table of subjects */
const uses = (from: string) => `
  SELECT asked.subject, quotas.subject IS NOT NULL AS limited, quotas.bytes_max, quotas.files_max,
    coalesce(usages.bytes, 0) + reserved.bytes AS bytes, coalesce(usages.files, 0) + reserved.files AS files
  FROM ${from} AS asked
  LEFT JOIN quotas ON ${isPath('asked.subject', 'quotas.subject')}
  LEFT JOIN usages ON ${isPath('asked.subject', 'usages.subject')}
  CROSS JOIN LATERAL (
    SELECT coalesce(sum(bytes), 0)::bigint AS bytes, coalesce(sum(files), 0)::bigint AS files
    FROM quota_reservations WHERE ${isPath('asked.subject', 'quota_reservations.subject')}
  ) AS reserved`;

export async function usesOf(
  tx: Transaction,
  subjects: readonly QuotaSubject[],
): Promise<ReadonlyMap<QuotaSubject, SubjectUse>> {
  const rows = await tx.rows<UseRow>(uses('(SELECT unnest($1::text[]) COLLATE "C" AS subject)'), [subjects]);
  return new Map(rows.map((row) => [row.subject as QuotaSubject, useOf(row)]));
}

/** Of all that were set, in the byte order of their subjects. */
export async function allUses(tx: Transaction): Promise<readonly QuotaUse[]> {
  const rows = await tx.rows<UseRow>(`${uses('quotas')} ORDER BY asked.subject`);
  return rows.flatMap((row) => useOf(row).quota ?? []);
}

function useOf(row: UseRow): SubjectUse {
  const used = { bytes: row.bytes, files: row.files };
  return { quota: row.limited ? quotaUseOf(row, used) : undefined, used };
}
