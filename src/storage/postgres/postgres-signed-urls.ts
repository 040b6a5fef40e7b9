/** What was taken back of signed URLs, in PostgreSQL: written by operators, read whole by the authorizers. */

import type { SignedUrlStore } from '../../acl/link-ports.js';
import { SIGNED_URLS, type Written } from '../../acl/ports.js';
import type { ResourcePath } from '../../acl/resource-path.js';
import type { PostgresDatabase } from './database.js';
import { isPath, pathKey } from './path-key.js';

const TOUCHED = [SIGNED_URLS];

export class PostgresSignedUrls implements SignedUrlStore {
  readonly #database: PostgresDatabase;

  constructor(database: PostgresDatabase) {
    this.#database = database;
  }

  async generation(path: ResourcePath): Promise<number> {
    const [row] = await this.#database.rows<{ generation: number }>(
      `SELECT generation FROM url_generations WHERE ${isPath('$1::text')}`,
      [path],
    );
    return row?.generation ?? 0;
  }

  revokeUrl(id: string, now: number, forgetAt: number): Promise<Written<void>> {
    return this.#database.write(async (tx) => {
      await tx.run('DELETE FROM revoked_urls WHERE forget_at <= $1', [now]);
      await tx.run(
        `INSERT INTO revoked_urls AS r VALUES ($1, $2)
         ON CONFLICT (id) DO UPDATE SET forget_at = greatest(r.forget_at, excluded.forget_at)`,
        [id, forgetAt],
      );
      return { value: undefined, touched: TOUCHED };
    });
  }

  raiseGeneration(path: ResourcePath): Promise<Written<number>> {
    return this.#database.write(async (tx) => {
      const [row] = await tx.rows<{ generation: number }>(
        `INSERT INTO url_generations AS g VALUES ($1, 1)
         ON CONFLICT (${pathKey()}) DO UPDATE SET generation = g.generation + 1 RETURNING generation`,
        [path],
      );
      if (row === undefined) throw new Error('the store answered with no generation');
      return { value: row.generation, touched: TOUCHED };
    });
  }

  revokeUrlsOf(keyId: string, second: number): Promise<Written<void>> {
    return this.#database.write(async (tx) => {
      await tx.run(
        `INSERT INTO revoked_url_keys AS r VALUES ($1, $2)
         ON CONFLICT (key_id) DO UPDATE SET second = greatest(r.second, excluded.second)`,
        [keyId, second],
      );
      return { value: undefined, touched: TOUCHED };
    });
  }
}
