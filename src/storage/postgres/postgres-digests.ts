/**
 * The SHA-256 of files, in PostgreSQL. Whatever drops, moves or replaces the row of a file does the same to its digest, by
 * triggers (follow-digests.ts); a commit, whose row may look like the one before, does it by `setDigests`.
 */

import type { DigestStore, StoredDigest } from '../../acl/digest-ports.js';
import type { CommitEntry } from '../../acl/ports.js';
import type { ResourcePath } from '../../acl/resource-path.js';
import { ASKED, isAsked } from './asked-paths.js';
import type { PostgresDatabase } from './database.js';
import { isPath, pathKey } from './path-key.js';
import type { Transaction } from './transaction.js';

const IS_CURRENT = `${isPath('digests.path', 'files.path')}
  AND digests.bytes = files.bytes AND digests.updated_at = files.updated_at`;

const PUT = `
  INSERT INTO digests (path, bytes, updated_at, sha256)
  SELECT digests.* FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::text[])
    AS digests (path, bytes, updated_at, sha256) JOIN files ON ${IS_CURRENT}
  ON CONFLICT (${pathKey()}) DO UPDATE
  SET bytes = excluded.bytes, updated_at = excluded.updated_at, sha256 = excluded.sha256
  RETURNING path, bytes, updated_at AS "updatedAt", sha256`;

export class PostgresDigests implements DigestStore {
  readonly #db: PostgresDatabase;

  constructor(db: PostgresDatabase) {
    this.#db = db;
  }

  async digestsOf(paths: readonly ResourcePath[]): Promise<ReadonlyMap<ResourcePath, StoredDigest>> {
    const rows = await this.#db.rows<StoredDigest>(
      `SELECT digests.path, digests.bytes, digests.updated_at AS "updatedAt", sha256
       FROM ${ASKED} JOIN digests ON ${isAsked('digests.path')} JOIN files ON ${IS_CURRENT}`,
      [paths],
    );
    return new Map(rows.map((row) => [row.path, row]));
  }

  async putDigests(digests: readonly StoredDigest[]): Promise<readonly StoredDigest[]> {
    if (digests.length === 0) return [];
    const stored = new Set(await this.#db.writeUnnumbered((tx) => put(tx, digests)));
    return digests.filter((digest) => stored.has(versionOf(digest)));
  }
}

/** Of rows that were just written. Where a path comes twice, the last one stands, as of the rows. */
export async function setDigests(tx: Transaction, entries: readonly CommitEntry[]): Promise<void> {
  if (entries.length === 0) return;
  const last = [...new Map(entries.map((entry) => [entry.file.path, entry])).values()];
  const paths = last.map(({ file }) => file.path);
  await tx.run(`DELETE FROM digests USING ${ASKED} WHERE ${isAsked('digests.path')}`, [paths]);
  const known = last.flatMap(({ file: { path, bytes, updatedAt }, sha256 }) =>
    sha256 === undefined ? [] : [{ path, bytes, updatedAt, sha256 }],
  );
  if (known.length > 0) await put(tx, known);
}

/** The versions that it stored. Where one comes twice, the last one stands. */
async function put(tx: Transaction, digests: readonly StoredDigest[]): Promise<readonly string[]> {
  const each = [...new Map(digests.map((digest) => [versionOf(digest), digest])).values()];
  const rows = await tx.rows<StoredDigest>(PUT, [
    each.map(({ path }) => path),
    each.map(({ bytes }) => bytes),
    each.map(({ updatedAt }) => updatedAt),
    each.map(({ sha256 }) => sha256),
  ]);
  return rows.map(versionOf);
}

function versionOf({ path, bytes, updatedAt }: StoredDigest): string {
  return `${bytes} ${updatedAt} ${path}`;
}
