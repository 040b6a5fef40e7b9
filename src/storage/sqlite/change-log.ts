/**
 * The change log: runs a write in one immediate transaction and numbers it by its revision (DESIGN §6).
 * A write that touched nothing takes no number.
 *
 * Each revision has a mark, drawn at random: after a backup was restored the numbers come again, and a reader
 * tells by the mark that they are not the ones that it knows.
 */

import type { Database, Statement } from 'better-sqlite3';
import type { Written } from '../../acl/ports.js';

/** Revisions kept. A reader that missed more than these starts cold. */
const REVISIONS_KEPT = 100_000;

export interface Change<T> {
  readonly value: T;
  /** Paths and `user:` principals, or `*`. */
  readonly touched: readonly string[];
}

export class ChangeLog {
  readonly #db: Database;
  readonly #revision: Statement<[], number>;
  readonly #bump: Statement<[number, number]>;
  readonly #log: Statement<[number, string]>;
  readonly #trim: Statement<[number]>;

  constructor(db: Database) {
    this.#db = db;
    this.#revision = db.prepare<[], number>('SELECT revision FROM state').pluck();
    // 48 bits: a number in JavaScript holds them.
    this.#bump = db.prepare('UPDATE state SET revision = ?, trimmed = ?, mark = random() & 0xffffffffffff');
    this.#log = db.prepare(
      'INSERT OR IGNORE INTO changes (revision, touched, mark) SELECT ?, ?, mark FROM state',
    );
    this.#trim = db.prepare('DELETE FROM changes WHERE revision < ?');
  }

  revision(): number {
    return this.#revision.get() ?? 0;
  }

  /** While a long write is open, every other one of this connection waits: it would become a part of it. */
  #long: Promise<void> | undefined;

  async write<T>(change: () => Change<T>): Promise<Written<T>> {
    while (this.#long !== undefined) await this.#long;
    return this.#db.transaction(() => this.#record(change())).immediate();
  }

  /** The same for a write that waits for its input, such as an import. */
  async writeLong<T>(change: () => Promise<Change<T>>): Promise<Written<T>> {
    while (this.#long !== undefined) await this.#long;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#long = promise;
    try {
      return await this.#writeLong(change);
    } finally {
      this.#long = undefined;
      resolve();
    }
  }

  async #writeLong<T>(change: () => Promise<Change<T>>): Promise<Written<T>> {
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      const written = this.#record(await change());
      this.#db.exec('COMMIT');
      return written;
    } finally {
      if (this.#db.inTransaction) this.#db.exec('ROLLBACK');
    }
  }

  #record<T>({ value, touched }: Change<T>): Written<T> {
    const before = this.revision();
    if (touched.length === 0) return { revision: before, value };
    const revision = before + 1;
    const trimmed = Math.max(0, revision - REVISIONS_KEPT);
    this.#bump.run(revision, trimmed);
    for (const key of touched) this.#log.run(revision, key);
    if (trimmed > 0) this.#trim.run(trimmed);
    return { revision, value };
  }
}
