/** What stores keep of quotas, as rows, and which counters a recount finds wrong. */

import type { Amount, QuotaSubject, QuotaUse } from '../acl/quota.js';

export interface QuotaRow {
  readonly subject: string;
  readonly bytes_max: number | null;
  readonly files_max: number | null;
}

export interface UsageRow extends Amount {
  readonly subject: string;
}

export const NO_AMOUNT: Amount = { bytes: 0, files: 0 };

export function quotaUseOf({ subject, bytes_max, files_max }: QuotaRow, used: Amount): QuotaUse {
  return {
    subject: subject as QuotaSubject,
    bytesMax: bytes_max ?? undefined,
    filesMax: files_max ?? undefined,
    used,
  };
}

/** Those whose counter is another one than was counted anew, with what it has to be. */
export function miscounted(
  recounted: Iterable<UsageRow>,
  counters: Iterable<UsageRow>,
): ReadonlyMap<string, Amount> {
  const bySubject = (rows: Iterable<UsageRow>) => new Map([...rows].map((row) => [row.subject, row]));
  const [right, before] = [bySubject(recounted), bySubject(counters)];
  const wrong = new Map<string, Amount>();
  for (const subject of new Set([...right.keys(), ...before.keys()])) {
    const [is, was] = [right.get(subject) ?? NO_AMOUNT, before.get(subject) ?? NO_AMOUNT];
    if (is.bytes !== was.bytes || is.files !== was.files) wrong.set(subject, is);
  }
  return wrong;
}
