/** When files end, in PostgreSQL. What a commit, a move or a removal does to it is done inside its transaction. */

import type { ExpiryStore } from '../../acl/life-ports.js';
import type { Written } from '../../acl/ports.js';
import type { ResourcePath } from '../../acl/resource-path.js';
import { EXPIRIES_ASKED, type ExpiryRow, setExpiries } from './expiry-rows.js';
import type { FilesDatabase } from './fenced-database.js';
import { refuseMoves } from './moves-under-way.js';
import { inPathOrder } from './path-key.js';

export class PostgresExpiries implements ExpiryStore {
  readonly #db: FilesDatabase;

  constructor(db: FilesDatabase) {
    this.#db = db;
  }

  async expiriesOf(paths: readonly ResourcePath[]): Promise<ReadonlyMap<ResourcePath, number>> {
    const rows = await this.#db.rows<ExpiryRow>(EXPIRIES_ASKED, [paths]);
    return new Map(rows.map((row) => [row.path, row.expires_at]));
  }

  async setExpiry(path: ResourcePath, expiresAt: number | undefined): Promise<Written<boolean>> {
    return this.#db.write(async (tx) => {
      await refuseMoves(tx, [path]);
      const changed = await setExpiries(tx, [{ path, expiresAt }]);
      return { value: changed, touched: changed ? [path] : [] };
    });
  }

  async expired(now: number, max: number): Promise<readonly ResourcePath[]> {
    const rows = await this.#db.rows<ExpiryRow>(
      `SELECT path FROM expiries WHERE expires_at <= $1 ORDER BY expires_at, ${inPathOrder()} LIMIT $2`,
      [now, max],
    );
    return rows.map(({ path }) => path);
  }
}
