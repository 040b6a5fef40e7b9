/** What a commit writes of its files, when they are seen: records, expiries, grants. In a transaction of its caller. */

import type { GrantDraft } from '../../acl/grant.js';
import type { CommitEntry } from '../../acl/ports.js';
import { arrivingGrants } from '../arriving-grants.js';
import { setDigests } from './digest-rows.js';
import { setExpiries } from './expiry-rows.js';
import { writeFiles } from './file-rows.js';
import { grantsOn, putGrants } from './grant-rows.js';
import type { Transaction } from './transaction.js';

export async function writeCommitted(tx: Transaction, entries: readonly CommitEntry[]): Promise<void> {
  if (entries.length === 0) return;
  await writeFiles(
    tx,
    entries.map(({ file }) => file),
  );
  await setDigests(tx, entries);
  await setExpiries(
    tx,
    entries.map(({ file, expiresAt }) => ({ path: file.path, expiresAt })),
  );
  const drafts: GrantDraft[] = [];
  for (const entry of entries) drafts.push(...(await arriving(tx, entry)));
  if (drafts.length > 0) await putGrants(tx, drafts);
}

async function arriving(tx: Transaction, entry: CommitEntry): Promise<readonly GrantDraft[]> {
  const { grants, trashId, standingDenies } = entry;
  if (grants.length === 0 || (trashId ?? standingDenies) === undefined) return grants;
  return arrivingGrants(entry, await grantsOn(tx, entry.file.path));
}
