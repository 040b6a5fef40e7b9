/** The SHA-256 of files, in PostgreSQL. What a commit, a move or a removal does to one is done in its transaction. */

import type { DigestStore, StoredDigest } from '../../acl/digest-ports.js';
import type { ResourcePath } from '../../acl/resource-path.js';
import type { PostgresDatabase } from './database.js';
import { DIGESTS_ASKED, type DigestRow, digestOf, putDigests } from './digest-rows.js';

export class PostgresDigests implements DigestStore {
  readonly #db: PostgresDatabase;

  constructor(db: PostgresDatabase) {
    this.#db = db;
  }

  async digestsOf(paths: readonly ResourcePath[]): Promise<ReadonlyMap<ResourcePath, StoredDigest>> {
    const rows = await this.#db.rows<DigestRow>(DIGESTS_ASKED, [paths]);
    return new Map(rows.map((row) => [row.path, digestOf(row)]));
  }

  async putDigests(digests: readonly StoredDigest[]): Promise<readonly StoredDigest[]> {
    if (digests.length === 0) return [];
    return this.#db.writeUnnumbered((tx) => putDigests(tx, digests));
  }
}
