/**
 * The rows of digests in PostgreSQL, for whoever writes them in a transaction of its own. A row of files that goes takes
 * its digest along by a trigger; what replaces or moves one does it here.
 */

import type { FileVersion, StoredDigest } from '../../acl/digest-ports.js';
import type { ResourcePath } from '../../acl/resource-path.js';
import { ASKED, isAsked } from './asked-paths.js';
import { isPath, pathKey } from './path-key.js';
import type { Transaction } from './transaction.js';

export interface DigestRow {
  readonly path: ResourcePath;
  readonly bytes: number;
  readonly updated_at: number;
  readonly sha256: string;
}

/** Of those whose record is of that version still. */
export const DIGESTS_ASKED = `SELECT digests.path, digests.bytes, digests.updated_at, digests.sha256
  FROM ${ASKED} JOIN digests ON ${isAsked('digests.path')} JOIN files ON ${isPath('digests.path', 'files.path')}
  AND files.bytes = digests.bytes AND files.updated_at = digests.updated_at`;

export function digestOf({ path, bytes, updated_at, sha256 }: DigestRow): StoredDigest {
  return { path, bytes, updatedAt: updated_at, sha256 };
}

/** Answers with those whose record is of that version. Where a path comes twice, the last one stands. */
export async function putDigests(
  tx: Transaction,
  digests: readonly StoredDigest[],
): Promise<readonly StoredDigest[]> {
  if (digests.length === 0) return [];
  const rows = await tx.rows<DigestRow>(
    `INSERT INTO digests AS stored (path, bytes, updated_at, sha256)
     SELECT given.path, given.bytes, given.updated_at, given.sha256
     FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::text[]) AS given (path, bytes, updated_at, sha256)
     JOIN files ON ${isPath('(given.path COLLATE "C")', 'files.path')}
     AND files.bytes = given.bytes AND files.updated_at = given.updated_at
     ON CONFLICT (${pathKey()}) DO UPDATE
     SET bytes = excluded.bytes, updated_at = excluded.updated_at, sha256 = excluded.sha256
     RETURNING stored.path, stored.bytes, stored.updated_at, stored.sha256`,
    columnsOf([...new Map(digests.map((digest) => [keyOf(digest), digest])).values()]),
  );
  const stored = new Set(rows.map((row) => keyOf(digestOf(row))));
  return digests.filter((digest) => stored.has(keyOf(digest)));
}

/** Of records that were just written, which may look like the ones before. */
export async function setDigests(
  tx: Transaction,
  entries: readonly { readonly file: FileVersion; readonly sha256?: string }[],
): Promise<void> {
  await dropDigests(
    tx,
    entries.map(({ file }) => file.path),
  );
  await putDigests(
    tx,
    entries.flatMap(({ file: { path, bytes, updatedAt }, sha256 }) =>
      sha256 === undefined ? [] : { path, bytes, updatedAt, sha256 },
    ),
  );
}

/** Those that are of another version than their record. */
export async function dropOutdated(tx: Transaction, paths: readonly ResourcePath[]): Promise<void> {
  await tx.run(
    `DELETE FROM digests USING ${ASKED} JOIN files ON ${isAsked('files.path')}
     WHERE ${isAsked('digests.path')} AND (digests.bytes <> files.bytes OR digests.updated_at <> files.updated_at)`,
    [paths],
  );
}

async function dropDigests(tx: Transaction, paths: readonly ResourcePath[]): Promise<void> {
  if (paths.length === 0) return;
  await tx.run(`DELETE FROM digests USING ${ASKED} WHERE ${isAsked('digests.path')}`, [paths]);
}

function keyOf({ path, bytes, updatedAt }: FileVersion): string {
  return `${bytes} ${updatedAt} ${path}`;
}

function columnsOf(digests: readonly StoredDigest[]) {
  return [
    digests.map(({ path }) => path),
    digests.map(({ bytes }) => bytes),
    digests.map(({ updatedAt }) => updatedAt),
    digests.map(({ sha256 }) => sha256),
  ];
}
