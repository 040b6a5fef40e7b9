/**
 * Writes very many grants inside a transaction of its caller: many rows a statement, and into an empty table
 * the index by principal once, at the end (docs/decisions/0008-import.md has the measurements).
 */

import type { Database, Statement } from 'better-sqlite3';
import type { GrantDraft } from '../../acl/grant.js';
import type { ImportCounts } from '../../acl/ports.js';

/** More than this makes no difference; ten make nearly none. */
const ROWS = 100;
const COLUMNS = 7;

type Value = string | number | null;

export class BulkGrants {
  readonly #db: Database;
  readonly #wasEmpty: boolean;
  readonly #full: InsertMany;
  #lastId: number;
  #added = 0;
  #replaced = 0;

  constructor(db: Database) {
    this.#db = db;
    this.#lastId = db.prepare<[], number>('SELECT grant_id FROM state').pluck().get() ?? 0;
    this.#wasEmpty = db.prepare('SELECT 1 FROM grants LIMIT 1').get() === undefined;
    if (this.#wasEmpty) db.exec('DROP INDEX grants_by_principal');
    this.#full = new InsertMany(db, ROWS);
  }

  put(drafts: readonly GrantDraft[]): void {
    for (let i = 0; i < drafts.length; i += ROWS) {
      const rows = drafts.slice(i, i + ROWS);
      const insert = rows.length === ROWS ? this.#full : new InsertMany(this.#db, rows.length);
      const values: Value[] = [];
      for (const draft of rows) this.#push(values, draft);
      const added = insert.run(values);
      this.#added += added;
      this.#replaced += rows.length - added;
    }
  }

  end(): ImportCounts {
    if (this.#wasEmpty) this.#db.exec('CREATE INDEX grants_by_principal ON grants (principal)');
    this.#db.prepare('UPDATE state SET grant_id = ?').run(this.#lastId);
    return { added: this.#added, replaced: this.#replaced };
  }

  #push(values: Value[], draft: GrantDraft): void {
    const { path, principal, action, effect, notBefore, expiresAt } = draft;
    this.#lastId += 1;
    values.push(path, principal, action, effect, notBefore ?? null, expiresAt ?? null, this.#lastId);
  }
}

/** One statement that writes a fixed number of rows. */
class InsertMany {
  readonly #ignore: Statement<Value[]>;
  readonly #replace: Statement<Value[]>;
  readonly #rows: number;

  constructor(db: Database, rows: number) {
    const row = `(${Array(COLUMNS).fill('?').join(', ')})`;
    const into = `INTO grants (path, principal, action, effect, not_before, expires_at, id) VALUES ${Array(
      rows,
    )
      .fill(row)
      .join(', ')}`;
    this.#rows = rows;
    this.#ignore = db.prepare(`INSERT OR IGNORE ${into}`);
    // A replaced grant keeps its id.
    this.#replace = db.prepare(
      `INSERT ${into} ON CONFLICT DO UPDATE SET
         effect = excluded.effect, not_before = excluded.not_before, expires_at = excluded.expires_at`,
    );
  }

  /** How many were new. In the usual import all are, and the second statement is not needed. */
  run(values: Value[]): number {
    const added = this.#ignore.run(...values).changes;
    if (added < this.#rows) this.#replace.run(...values);
    return added;
  }
}
