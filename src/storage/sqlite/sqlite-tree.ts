/** What SQLite has of a path and all that lies below it, for moves, removals of folders and listings. */

import type { Database } from 'better-sqlite3';
import type { Grant } from '../../acl/grant.js';
import { beyond, overlap } from '../../acl/path-range.js';
import type { Written } from '../../acl/ports.js';
import type { ResourcePath } from '../../acl/resource-path.js';
import type { GrantsBelow, TreeSize, TreeStore } from '../../acl/tree-ports.js';
import { GRANT_COLUMNS, type GrantRow, grantOf } from '../rows.js';
import { eachOrAll } from '../touched.js';
import type { ChangeLog } from './change-log.js';
import { MovesUnderWay } from './moves-under-way.js';
import { ExpiryRows } from './sqlite-expiries.js';

export class SqliteTree implements TreeStore {
  readonly #db: Database;
  readonly #log: ChangeLog;
  readonly #moves: MovesUnderWay;
  readonly #expiries: ExpiryRows;

  constructor(db: Database, log: ChangeLog) {
    this.#db = db;
    this.#log = log;
    this.#moves = new MovesUnderWay(db);
    this.#expiries = new ExpiryRows(db);
  }

  async size(range: ResourcePath): Promise<TreeSize> {
    const each = ['files', 'grants', 'share_links'].map((table) =>
      this.#db
        .prepare<[string, string], TreeSize>(
          `SELECT count(*) AS rows, coalesce(max(octet_length(path)), 0) AS pathBytesMax
           FROM ${table} WHERE path >= ? AND path < ?`,
        )
        .get(range, beyond(range)),
    );
    return {
      rows: each.reduce((sum, one) => sum + (one?.rows ?? 0), 0),
      pathBytesMax: Math.max(...each.map((one) => one?.pathBytesMax ?? 0)),
    };
  }

  async grantedPaths(range: ResourcePath, max: number, after = ''): Promise<readonly ResourcePath[]> {
    return this.#db
      .prepare<[string, string, string, number], ResourcePath>(
        'SELECT DISTINCT path FROM grants WHERE path >= ? AND path < ? AND path > ? ORDER BY path LIMIT ?',
      )
      .pluck()
      .all(range, beyond(range), after, max);
  }

  async grantsBelow({ folder, principals, max }: GrantsBelow): Promise<readonly Grant[]> {
    const found = this.#db.prepare<[string, string, string, number], GrantRow>(
      `SELECT ${GRANT_COLUMNS} FROM grants WHERE principal = ? AND path > ? AND path < ? LIMIT ?`,
    );
    const grants: Grant[] = [];
    for (const principal of principals) {
      const rows = found.all(principal, folder, beyond(folder), max - grants.length);
      for (const row of rows) grants.push(grantOf(row));
    }
    return grants;
  }

  async committingBelow(folder: ResourcePath): Promise<readonly ResourcePath[]> {
    const hidden = this.#db
      .prepare<[], ResourcePath>(
        `SELECT path FROM journal WHERE hidden = 1
         UNION SELECT source FROM moves UNION SELECT target FROM moves`,
      )
      .pluck()
      .all();
    return hidden.filter((path) => overlap(path, folder));
  }

  async forgetFolder(folder: ResourcePath): Promise<Written<number>> {
    const range = [folder, beyond(folder)] as const;
    return this.#log.write(() => {
      this.#moves.refuse([folder]);
      const files = this.#db.prepare<[string, string]>('DELETE FROM files WHERE path >= ? AND path < ?');
      const { changes } = files.run(...range);
      const allows = this.#db.prepare<[string, string], string>(
        `DELETE FROM grants WHERE path >= ? AND path < ? AND effect = 'allow' RETURNING path`,
      );
      const gone = allows.pluck().all(...range);
      const touched = eachOrAll([...gone, ...this.#expiries.forget(folder)]);
      return { value: changes + gone.length, touched };
    });
  }
}
