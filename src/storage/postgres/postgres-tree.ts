/** What PostgreSQL has of a path and all that lies below it, for moves, removals of folders and listings. */

import type { Grant } from '../../acl/grant.js';
import { beyond, overlap } from '../../acl/path-range.js';
import type { Written } from '../../acl/ports.js';
import type { ResourcePath } from '../../acl/resource-path.js';
import type { GrantsBelow, TreeSize, TreeStore } from '../../acl/tree-ports.js';
import { GRANT_COLUMNS, type GrantRow, grantOf } from '../rows.js';
import { eachOrAll } from '../touched.js';
import { forgetExpiries } from './expiry-rows.js';
import type { FilesDatabase } from './fenced-database.js';
import { refuseMoves } from './moves-under-way.js';
import { inPathOrder, isBetween, isWithin } from './path-key.js';

const IN_RANGE = isWithin('$1::text', '$2::text');

interface PathRow {
  readonly path: ResourcePath;
}

export class PostgresTree implements TreeStore {
  readonly #db: FilesDatabase;

  constructor(db: FilesDatabase) {
    this.#db = db;
  }

  async size(range: ResourcePath): Promise<TreeSize> {
    const each = ['files', 'grants', 'share_links'].map(
      (table) => `SELECT path FROM ${table} WHERE ${IN_RANGE}`,
    );
    const [size] = await this.#db.rows<TreeSize>(
      `SELECT count(*) AS rows, coalesce(max(octet_length(path)), 0)::bigint AS "pathBytesMax"
       FROM (${each.join(' UNION ALL ')}) AS each`,
      [range, beyond(range)],
    );
    return size ?? { rows: 0, pathBytesMax: 0 };
  }

  async grantedPaths(range: ResourcePath, max: number, after = ''): Promise<readonly ResourcePath[]> {
    const rows = await this.#db.rows<PathRow>(
      `SELECT path FROM grants WHERE ${IN_RANGE} AND ${isBetween('$3::text', '$2::text')}
       GROUP BY path ORDER BY ${inPathOrder()} LIMIT $4`,
      [range, beyond(range), after, max],
    );
    return rows.map(({ path }) => path);
  }

  async grantsBelow({ folder, principals, max }: GrantsBelow): Promise<readonly Grant[]> {
    const rows = await this.#db.rows<GrantRow>(
      `SELECT ${GRANT_COLUMNS} FROM grants
       WHERE principal = ANY($1) AND ${isBetween('$2::text', '$3::text')} LIMIT $4`,
      [principals, folder, beyond(folder), max],
    );
    return rows.map(grantOf);
  }

  async committingBelow(folder: ResourcePath): Promise<readonly ResourcePath[]> {
    const hidden = await this.#db.rows<PathRow>(
      `SELECT path FROM journal WHERE hidden
       UNION SELECT source FROM moves UNION SELECT target FROM moves`,
    );
    return hidden.map(({ path }) => path).filter((path) => overlap(path, folder));
  }

  async forgetFolder(folder: ResourcePath): Promise<Written<number>> {
    const range = [folder, beyond(folder)];
    return this.#db.writeMany(async (tx) => {
      await refuseMoves(tx, [folder]);
      const files = await tx.run(`DELETE FROM files WHERE ${IN_RANGE}`, range);
      const gone = await tx.rows<PathRow>(
        `DELETE FROM grants WHERE ${IN_RANGE} AND effect = 'allow' RETURNING path`,
        range,
      );
      const ended = await forgetExpiries(tx, folder);
      return { value: files + gone.length, touched: eachOrAll([...gone.map(({ path }) => path), ...ended]) };
    });
  }
}
