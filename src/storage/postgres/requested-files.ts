/** The count of the files that came by a file request, in the transaction of their commit. */

import { RequestClosed } from '../../acl/errors.js';
import type { CommitEntry, RequestedFile } from '../../acl/ports.js';
import type { Transaction } from './transaction.js';

/**
 * Links are counted beside the writers' turns as well (downloads): the row is looked at and counted in one statement,
 * which waits for whoever has it, and looks again.
 */
const COUNT = `UPDATE share_links SET uploads = uploads + 1
  WHERE id = $1 AND revoked_at IS NULL AND ($2::bigint IS NULL OR uploads < $2) AND ($3::text IS NULL OR path = $3)`;
const UNCOUNT = 'UPDATE share_links SET uploads = greatest(0, uploads - 1) WHERE id = $1';

/** @throws RequestClosed */
export async function countRequested(tx: Transaction, entries: readonly CommitEntry[]): Promise<void> {
  for (const { linkId, filesMax, folder } of requestsOf(entries)) {
    const counted = await tx.run(COUNT, [linkId, filesMax ?? null, folder ?? null]);
    if (counted === 0) throw new RequestClosed('the file request takes no more');
  }
}

export async function uncountRequested(tx: Transaction, entries: readonly CommitEntry[]): Promise<void> {
  for (const { linkId } of requestsOf(entries)) await tx.run(UNCOUNT, [linkId]);
}

function requestsOf(entries: readonly CommitEntry[]): readonly RequestedFile[] {
  return entries.flatMap(({ requested }) => requested ?? []);
}
