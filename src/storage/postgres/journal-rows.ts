/** The lines of the journal of commits and removals in PostgreSQL, for whoever writes them in its own transaction. */

import type { CommitEntry, PendingRemoval } from '../../acl/ports.js';
import type { ResourcePath } from '../../acl/resource-path.js';
import { removalJson } from '../journal-entries.js';
import { ASKED, isAsked } from './asked-paths.js';
import type { Transaction } from './transaction.js';

export const JOURNAL = 'SELECT partial, kind, path, entry FROM journal ORDER BY partial';

/** A removal of one of their paths is forgotten. @throws where a line of one of their names is there already */
export async function journalCommits(tx: Transaction, entries: readonly CommitEntry[]): Promise<void> {
  const paths = entries.map(({ file }) => file.path);
  await tx.run(`DELETE FROM journal USING ${ASKED} WHERE ${isAsked('journal.path')} AND kind = 'removal'`, [
    paths,
  ]);
  await tx.run(
    `INSERT INTO journal (partial, kind, path, hidden, entry)
     SELECT partial, 'commit', path, hidden = 1, entry
     FROM unnest($1::text[], $2::text[], $3::int[], $4::text[]) AS line (partial, path, hidden, entry)`,
    [
      entries.map(({ partial }) => partial),
      paths,
      entries.map(({ visibility }) => Number(visibility === 'hidden')),
      entries.map((entry) => JSON.stringify(entry)),
    ],
  );
}

/** It may be there already. */
export async function journalRemoval(tx: Transaction, removal: PendingRemoval): Promise<void> {
  await tx.run(
    `INSERT INTO journal (partial, kind, path, hidden, entry) VALUES ($1, 'removal', $2, false, $3)
     ON CONFLICT (partial) DO UPDATE
     SET kind = excluded.kind, path = excluded.path, hidden = excluded.hidden, entry = excluded.entry`,
    [removal.partial, removal.path, removalJson(removal)],
  );
}

/** How many there were. */
export async function clearJournal(tx: Transaction, partials: readonly string[]): Promise<number> {
  return tx.run('DELETE FROM journal WHERE partial = ANY($1)', [partials]);
}

/** Of these paths, those that a commit or a removal is about to change. */
export async function pendingPaths(
  tx: Transaction,
  paths: readonly ResourcePath[],
): Promise<ReadonlySet<ResourcePath>> {
  const rows = await tx.rows<{ path: ResourcePath }>(
    `SELECT journal.path FROM ${ASKED} JOIN journal ON ${isAsked('journal.path')}`,
    [paths],
  );
  return new Set(rows.map(({ path }) => path));
}
