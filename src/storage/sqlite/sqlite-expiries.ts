/** When files end, in SQLite. What a commit, a move or a removal does to it is done inside its transaction. */

import type { Database, Statement } from 'better-sqlite3';
import type { ExpiryStore } from '../../acl/life-ports.js';
import { beyond } from '../../acl/path-range.js';
import type { Written } from '../../acl/ports.js';
import type { ResourcePath } from '../../acl/resource-path.js';
import type { ChangeLog } from './change-log.js';
import { MovesUnderWay } from './moves-under-way.js';

/** The rows, for whoever writes them in a transaction of its own. */
export class ExpiryRows {
  readonly #get: Statement<[string], number>;
  readonly #put: Statement<[string, number]>;
  readonly #drop: Statement<[string]>;
  readonly #dropBelow: Statement<[string, string], ResourcePath>;

  constructor(db: Database) {
    this.#get = db.prepare<[string], number>('SELECT expires_at FROM expiries WHERE path = ?').pluck();
    this.#put = db.prepare('INSERT OR REPLACE INTO expiries VALUES (?, ?)');
    this.#drop = db.prepare('DELETE FROM expiries WHERE path = ?');
    this.#dropBelow = db
      .prepare<[string, string], ResourcePath>(
        'DELETE FROM expiries WHERE path >= ? AND path < ? RETURNING path',
      )
      .pluck();
  }

  of(path: ResourcePath): number | undefined {
    return this.#get.get(path);
  }

  /** Whether it changed anything. */
  set(path: ResourcePath, expiresAt: number | undefined): boolean {
    if (this.of(path) === expiresAt) return false;
    if (expiresAt === undefined) this.#drop.run(path);
    else this.#put.run(path, expiresAt);
    return true;
  }

  /** Which went. */
  forget(range: ResourcePath): readonly ResourcePath[] {
    return this.#dropBelow.all(range, beyond(range));
  }
}

export class SqliteExpiries implements ExpiryStore {
  readonly #log: ChangeLog;
  readonly #moves: MovesUnderWay;
  readonly #rows: ExpiryRows;
  readonly #expired: Statement<[number, number], ResourcePath>;

  constructor(db: Database, log: ChangeLog) {
    this.#log = log;
    this.#moves = new MovesUnderWay(db);
    this.#rows = new ExpiryRows(db);
    this.#expired = db
      .prepare<[number, number], ResourcePath>(
        'SELECT path FROM expiries WHERE expires_at <= ? ORDER BY expires_at, path LIMIT ?',
      )
      .pluck();
  }

  async expiriesOf(paths: readonly ResourcePath[]): Promise<ReadonlyMap<ResourcePath, number>> {
    const found = new Map<ResourcePath, number>();
    for (const path of paths) {
      const expiresAt = this.#rows.of(path);
      if (expiresAt !== undefined) found.set(path, expiresAt);
    }
    return found;
  }

  async setExpiry(path: ResourcePath, expiresAt: number | undefined): Promise<Written<boolean>> {
    return this.#log.write(() => {
      this.#moves.refuse([path]);
      const changed = this.#rows.set(path, expiresAt);
      return { value: changed, touched: changed ? [path] : [] };
    });
  }

  async expired(now: number, max: number): Promise<readonly ResourcePath[]> {
    return this.#expired.all(now, max);
  }
}
