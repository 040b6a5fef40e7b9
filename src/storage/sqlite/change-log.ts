/**
 * The change log: runs a write in one immediate transaction and numbers it by its revision (DESIGN §6).
 * A write that touched nothing takes no number.
 *
 * Each revision has a mark, drawn at random: after a backup was restored the numbers come again, and a reader
 * tells by the mark that they are not the ones that it knows.
 */

import type { Database, Statement } from 'better-sqlite3';
import type { Written } from '../../acl/ports.js';
import type { WriteTurns } from './write-turns.js';

/** Revisions kept. A reader that missed more than these starts cold. */
const REVISIONS_KEPT = 100_000;

export interface Change<T> {
  readonly value: T;
  /** Paths and `user:` principals, or `*`. */
  readonly touched: readonly string[];
}

export class ChangeLog {
  readonly #turns: WriteTurns;
  readonly #revision: Statement<[], number>;
  readonly #bump: Statement<[number, number]>;
  readonly #log: Statement<[number, string]>;
  readonly #trim: Statement<[number]>;

  constructor(db: Database, turns: WriteTurns) {
    this.#turns = turns;
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

  /** @throws StoreBusy */
  write<T>(change: () => Change<T>): Promise<Written<T>> {
    return this.#turns.write(() => this.#record(change()));
  }

  /** The same for a write that waits for its input, such as an import. @throws StoreBusy */
  writeLong<T>(change: () => Promise<Change<T>>): Promise<Written<T>> {
    return this.#turns.writeLong(async () => this.#record(await change()));
  }

  /** A write that no decision rests on: it takes no number. @throws StoreBusy */
  writeUnnumbered<T>(work: () => T): Promise<T> {
    return this.#turns.write(work);
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
