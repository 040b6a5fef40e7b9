/** The rows of files in PostgreSQL, many in one statement, for whoever writes them in a transaction of its own. */

import type { FileRecord } from '../../acl/ports.js';
import type { ResourcePath } from '../../acl/resource-path.js';
import { type FileRow, fileOf } from '../rows.js';
import { ASKED, isAsked } from './asked-paths.js';
import { dropOutdated } from './digest-rows.js';
import { pathKey } from './path-key.js';
import type { Transaction } from './transaction.js';

export const FILE_COLUMNS = 'files.path, files.owner, files.bytes, files.updated_at';

/** Of those that have one. */
export async function filesAt(
  tx: Transaction,
  paths: readonly ResourcePath[],
): Promise<Map<ResourcePath, FileRecord>> {
  const sql = `SELECT ${FILE_COLUMNS} FROM ${ASKED} JOIN files ON ${isAsked('files.path')}`;
  const rows = await tx.rows<FileRow>(sql, [paths]);
  return new Map(rows.map((row) => [row.path as ResourcePath, fileOf(row)]));
}

/** Where a path comes twice, the last one stands. A digest of another version of the row goes. */
export async function writeFiles(tx: Transaction, records: readonly FileRecord[]): Promise<void> {
  if (records.length === 0) return;
  const each = [...new Map(records.map((record) => [record.path, record])).values()];
  await tx.run(
    `INSERT INTO files (path, owner, bytes, updated_at)
     SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[])
     ON CONFLICT (${pathKey()}) DO UPDATE
     SET owner = excluded.owner, bytes = excluded.bytes, updated_at = excluded.updated_at`,
    [
      each.map(({ path }) => path),
      each.map(({ owner }) => owner ?? null),
      each.map(({ bytes }) => bytes),
      each.map(({ updatedAt }) => updatedAt),
    ],
  );
  await dropOutdated(
    tx,
    each.map(({ path }) => path),
  );
}

export async function dropFiles(tx: Transaction, paths: readonly ResourcePath[]): Promise<void> {
  if (paths.length === 0) return;
  await tx.run(`DELETE FROM files USING ${ASKED} WHERE ${isAsked('files.path')}`, [paths]);
}
