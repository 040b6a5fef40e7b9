/**
 * The SHA-256 of files, in SQLite. Whatever drops, moves or replaces the row of a file does the same to its digest, by
 * triggers (migrations.ts); a commit, whose row may look like the one before, does it by itself.
 */

import type { Database, Statement } from 'better-sqlite3';
import type { DigestStore, FileVersion, StoredDigest } from '../../acl/digest-ports.js';
import type { ResourcePath } from '../../acl/resource-path.js';
import type { WriteTurns } from './write-turns.js';

interface DigestRow {
  readonly path: ResourcePath;
  readonly bytes: number;
  readonly updatedAt: number;
  readonly sha256: string;
}

/** The rows, for whoever writes them in a transaction of its own. */
export class DigestRows {
  readonly #put: Statement<[StoredDigest]>;
  readonly #drop: Statement<[string]>;

  constructor(db: Database) {
    this.#put = db.prepare(
      `INSERT INTO digests (path, bytes, updated_at, sha256)
       SELECT path, bytes, updated_at, @sha256 FROM files
       WHERE path = @path AND bytes = @bytes AND updated_at = @updatedAt
       ON CONFLICT (path) DO UPDATE
       SET bytes = excluded.bytes, updated_at = excluded.updated_at, sha256 = excluded.sha256`,
    );
    this.#drop = db.prepare('DELETE FROM digests WHERE path = ?');
  }

  /** False: the row of the file is of another version. */
  put({ path, bytes, updatedAt, sha256 }: StoredDigest): boolean {
    return this.#put.run({ path, bytes, updatedAt, sha256 }).changes > 0;
  }

  /** Of a row that was just written. */
  set({ path, bytes, updatedAt }: FileVersion, sha256: string | undefined): void {
    this.#drop.run(path);
    if (sha256 !== undefined) this.put({ path, bytes, updatedAt, sha256 });
  }
}

export class SqliteDigests implements DigestStore {
  readonly #turns: WriteTurns;
  readonly #rows: DigestRows;
  readonly #one: Statement<[string], DigestRow>;

  constructor(db: Database, turns: WriteTurns) {
    this.#turns = turns;
    this.#rows = new DigestRows(db);
    this.#one = db.prepare(
      `SELECT path, bytes, updated_at AS updatedAt, sha256 FROM digests JOIN files USING (path, bytes, updated_at)
       WHERE path = ?`,
    );
  }

  async digestsOf(paths: readonly ResourcePath[]): Promise<ReadonlyMap<ResourcePath, StoredDigest>> {
    const rows = paths.map((path) => this.#one.get(path)).filter((row) => row !== undefined);
    return new Map(rows.map((row) => [row.path, row]));
  }

  async putDigests(digests: readonly StoredDigest[]): Promise<readonly StoredDigest[]> {
    if (digests.length === 0) return [];
    return this.#turns.write(() => digests.filter((digest) => this.#rows.put(digest)));
  }
}
