/** What is in the trash, in PostgreSQL. A removal enters it, and a restored file leaves it, in their own transactions. */

import type { TrashedFile, TrashSelection, TrashStore } from '../../acl/life-ports.js';
import { beyond } from '../../acl/path-range.js';
import { type TrashRow, trashedOf, trashRowOf } from '../trash-row.js';
import type { FilesDatabase } from './fenced-database.js';
import type { Transaction } from './transaction.js';

const TRASH_COLUMNS = 'id, path, owner, bytes, expires_at, grants, removed_by, removed_at, sha256';

export class PostgresTrash implements TrashStore {
  readonly #db: FilesDatabase;

  constructor(db: FilesDatabase) {
    this.#db = db;
  }

  async trashed(id: string): Promise<TrashedFile | undefined> {
    const [file] = await this.#select('WHERE id = $1', [id]);
    return file;
  }

  async trash({ folder, before, max }: TrashSelection): Promise<readonly TrashedFile[]> {
    const { removedAt = Number.MAX_SAFE_INTEGER, id = '' } = before ?? {};
    return this.#select(
      `WHERE path >= $1 AND path < $2 AND (removed_at, id) < ($3::bigint, $4::text)
       ORDER BY removed_at DESC, id DESC LIMIT $5`,
      [folder, beyond(folder), removedAt, id, max],
    );
  }

  async oldestTrash(max: number): Promise<readonly TrashedFile[]> {
    return this.#select('ORDER BY removed_at, id LIMIT $1', [max]);
  }

  async trashBytes(): Promise<number> {
    const [sum] = await this.#db.rows<{ bytes: number }>(
      'SELECT coalesce(sum(bytes), 0)::bigint AS bytes FROM trash',
    );
    return sum?.bytes ?? 0;
  }

  async forgetTrash(ids: readonly string[]): Promise<void> {
    await this.#db.writeUnnumbered((tx) => dropTrash(tx, ids));
  }

  async #select(which: string, values: readonly (string | number)[]): Promise<readonly TrashedFile[]> {
    const rows = await this.#db.rows<TrashRow>(`SELECT ${TRASH_COLUMNS} FROM trash ${which}`, values);
    return rows.map(trashedOf);
  }
}

export async function putTrash(tx: Transaction, file: TrashedFile): Promise<void> {
  const row = trashRowOf(file);
  await tx.run(
    `INSERT INTO trash (${TRASH_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
     ON CONFLICT (id) DO UPDATE SET path = excluded.path, owner = excluded.owner, bytes = excluded.bytes,
       expires_at = excluded.expires_at, grants = excluded.grants, removed_by = excluded.removed_by,
       removed_at = excluded.removed_at, sha256 = excluded.sha256`,
    [
      row.id,
      row.path,
      row.owner,
      row.bytes,
      row.expires_at,
      row.grants,
      row.removed_by,
      row.removed_at,
      row.sha256,
    ],
  );
}

export async function dropTrash(tx: Transaction, ids: readonly string[]): Promise<void> {
  if (ids.length > 0) await tx.run('DELETE FROM trash WHERE id = ANY($1)', [ids]);
}
