/** What is in the trash, in SQLite. A removal enters it, and a restored file leaves it, in their own transactions. */

import type { Database, Statement } from 'better-sqlite3';
import type { TrashedFile, TrashSelection, TrashStore } from '../../acl/life-ports.js';
import { beyond } from '../../acl/path-range.js';
import { type TrashRow, trashedOf, trashRowOf } from '../trash-row.js';
import type { ChangeLog } from './change-log.js';

/** The rows, for whoever writes them in a transaction of its own. */
export class TrashRows {
  readonly #put: Statement<[TrashRow]>;
  readonly #drop: Statement<[string]>;

  constructor(db: Database) {
    this.#put = db.prepare(
      `INSERT OR REPLACE INTO trash (id, path, owner, bytes, expires_at, grants, removed_by, removed_at, sha256)
       VALUES (@id, @path, @owner, @bytes, @expires_at, @grants, @removed_by, @removed_at, @sha256)`,
    );
    this.#drop = db.prepare('DELETE FROM trash WHERE id = ?');
  }

  put(file: TrashedFile): void {
    this.#put.run(trashRowOf(file));
  }

  drop(id: string): void {
    this.#drop.run(id);
  }
}

export class SqliteTrash implements TrashStore {
  readonly #log: ChangeLog;
  readonly #rows: TrashRows;
  readonly #one: Statement<[string], TrashRow>;
  readonly #page: Statement<[{ from: string; end: string; at: number; id: string; max: number }], TrashRow>;
  readonly #oldest: Statement<[number], TrashRow>;
  readonly #bytes: Statement<[], number>;

  constructor(db: Database, log: ChangeLog) {
    this.#log = log;
    this.#rows = new TrashRows(db);
    this.#one = db.prepare('SELECT * FROM trash WHERE id = ?');
    this.#page = db.prepare(
      `SELECT * FROM trash WHERE path >= @from AND path < @end AND (removed_at, id) < (@at, @id)
       ORDER BY removed_at DESC, id DESC LIMIT @max`,
    );
    this.#oldest = db.prepare('SELECT * FROM trash ORDER BY removed_at, id LIMIT ?');
    this.#bytes = db.prepare<[], number>('SELECT coalesce(sum(bytes), 0) FROM trash').pluck();
  }

  async trashed(id: string): Promise<TrashedFile | undefined> {
    const row = this.#one.get(id);
    return row && trashedOf(row);
  }

  async trash({ folder, before, max }: TrashSelection): Promise<readonly TrashedFile[]> {
    const { removedAt: at = Number.MAX_SAFE_INTEGER, id = '' } = before ?? {};
    return this.#page.all({ from: folder, end: beyond(folder), at, id, max }).map(trashedOf);
  }

  async oldestTrash(max: number): Promise<readonly TrashedFile[]> {
    return this.#oldest.all(max).map(trashedOf);
  }

  async trashBytes(): Promise<number> {
    return this.#bytes.get() ?? 0;
  }

  async forgetTrash(ids: readonly string[]): Promise<void> {
    await this.#log.writeUnnumbered(() => {
      for (const id of ids) this.#rows.drop(id);
    });
  }
}
