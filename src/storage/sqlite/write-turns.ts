/**
 * One writer at a time, as SQLite has it: the writes of this process take turns in the order in which they came,
 * and the one whose turn it is waits for other processes by timers. SQLite's own waiting would stop the process:
 * no decision, no health check, no download for as long as somebody else's import takes.
 */

import { setTimeout as wait } from 'node:timers/promises';
import type { Database, Statement } from 'better-sqlite3';
import { NotKnown, StoreBusy } from '../../acl/errors.js';
import type { Awaitable } from '../../acl/ports.js';
import { lockHolder } from './lock-holder.js';
import { schemaProblem } from './migrations.js';

/** How long a writer waits for another one. An import of a million rows holds the lock for some seconds. */
export const WRITER_PATIENCE_MS = 15_000;
/** Between two tries: a short write of somebody else is over soon, and a try costs some microseconds. */
const RETRY_MS = 1;
const RETRY_MS_MAX = 20;

export class WriteTurns {
  readonly #db: Database;
  readonly #patienceMs: number;
  readonly #begin: Statement;
  readonly #commit: Statement;
  readonly #rollback: Statement;
  readonly #schema: Statement<[], number>;
  readonly #problemOf: (schema: number | undefined) => string | undefined;
  /** Resolves when the last one that has come is done; `undefined`: nobody writes. */
  #last: Promise<void> | undefined;

  /**
   * @param db a connection that waits for no lock by itself, and that only this object writes by
   * @param problemOf why nothing must be written by a schema
   */
  constructor(db: Database, patienceMs = WRITER_PATIENCE_MS, problemOf = schemaProblem) {
    this.#db = db;
    this.#patienceMs = patienceMs;
    this.#problemOf = problemOf;
    this.#begin = db.prepare('BEGIN IMMEDIATE');
    this.#commit = db.prepare('COMMIT');
    this.#rollback = db.prepare('ROLLBACK');
    this.#schema = db.prepare<[], number>('PRAGMA user_version').pluck();
  }

  /** Runs `work` in one transaction: before this returns where nobody else writes. @throws StoreBusy, NotKnown */
  async write<T>(work: () => T): Promise<T> {
    if (this.#last === undefined && this.#tryBegin()) return this.#finish(work);
    return this.#inTurn(() => this.#finish(work));
  }

  /** The same for work that waits for its input, such as an import. @throws StoreBusy */
  async writeLong<T>(work: () => Promise<T>): Promise<T> {
    return this.#inTurn(async () => {
      try {
        this.#refuseOther();
        const value = await work();
        this.#commit.run();
        return value;
      } finally {
        this.#undo();
      }
    });
  }

  /** Runs `work` when all that came before is done and the transaction has begun. */
  async #inTurn<T>(work: () => Awaitable<T>): Promise<T> {
    const deadline = performance.now() + this.#patienceMs;
    const before = this.#last;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#last = promise;
    try {
      await before;
      await this.#begun(deadline);
      return await work();
    } finally {
      if (this.#last === promise) this.#last = undefined;
      resolve();
    }
  }

  async #begun(deadline: number): Promise<void> {
    for (let retryMs = RETRY_MS; !this.#tryBegin(); retryMs = Math.min(retryMs * 2, RETRY_MS_MAX)) {
      if (performance.now() >= deadline) throw this.#busy();
      await wait(retryMs);
    }
  }

  /** False: somebody else is writing. */
  #tryBegin(): boolean {
    try {
      this.#begin.run();
      return true;
    } catch (error) {
      if ((error as { code?: string }).code !== 'SQLITE_BUSY') throw error;
      return false;
    }
  }

  #finish<T>(work: () => T): T {
    try {
      this.#refuseOther();
      const value = work();
      this.#commit.run();
      return value;
    } finally {
      this.#undo();
    }
  }

  /** A newer Latchkey may have migrated the store under us: what we would write there nobody knows. */
  #refuseOther(): void {
    const problem = this.#problemOf(this.#schema.get());
    if (problem !== undefined) throw new NotKnown('store-unreadable', problem);
  }

  /** SQLite ends the transaction by itself after some errors. */
  #undo(): void {
    if (this.#db.inTransaction) this.#rollback.run();
  }

  #busy(): StoreBusy {
    const holder = lockHolder(this.#db.name) ?? 'another process';
    return new StoreBusy(
      `${holder} has been writing to the store for more than ${this.#patienceMs / 1000} s, so nothing was changed; wait until it has ended, then try again`,
    );
  }
}
