/** What is counted of failures, by all processes of one machine, in a SQLite file of its own (`counters-file.ts`). */

import type { Database } from 'better-sqlite3';
import {
  ATTEMPT_KINDS,
  type AttemptKind,
  type AttemptNames,
  type AttemptRule,
  type AttemptStore,
  COUNTERS_MAX,
  countersOf,
  type FailureCounter,
  type FailureStore,
  type FailureTotal,
} from '../../acl/count-ports.js';
import { CREDENTIAL, JOIN_WINDOW, keptMs, TrimDue } from '../failure-rows.js';
import type { CountersFile } from './counters-file.js';

export class SqliteAttempts implements AttemptStore {
  readonly #file: CountersFile;
  readonly #clock: () => number;
  readonly #trim = new TrimDue();

  constructor(file: CountersFile, clock: () => number = Date.now) {
    this.#file = file;
    this.#clock = clock;
  }

  async count<T>(names: AttemptNames, rule: AttemptRule<T>): Promise<T> {
    // Whoever has to wait, and may ask as often as they like, keeps nobody from writing.
    const known = this.#file.read((db) => this.#apply(db, names, rule));
    if (known.counters === known.standing) return known.value;
    return this.#file.write((db) => {
      const { value, counters, standing } = this.#apply(db, names, rule);
      if (counters === standing) return value;
      if (this.#trim.isDue(1)) for (const kind of ATTEMPT_KINDS) trim(db, kind, this.#clock());
      for (const kind of ATTEMPT_KINDS) put(db, kind, names[kind], counters[kind]);
      return value;
    });
  }

  #apply<T>(db: Database, names: AttemptNames, rule: AttemptRule<T>) {
    const find = db.prepare<[string, string], FailureCounter>(
      'SELECT failures, at AS lastAt FROM failure_counts WHERE kind = ? AND name = ?',
    );
    const standing = countersOf((kind) => find.get(kind, names[kind]));
    return { ...rule(standing, this.#clock()), standing };
  }
}

function put(db: Database, kind: AttemptKind, name: string, counter: FailureCounter | undefined): void {
  if (counter === undefined) {
    db.prepare('DELETE FROM failure_counts WHERE kind = ? AND name = ?').run(kind, name);
    return;
  }
  const set = db.prepare(
    'INSERT OR REPLACE INTO failure_counts (kind, name, failures, at) VALUES (?, ?, ?, ?)',
  );
  set.run(kind, name, counter.failures, counter.lastAt);
}

export class SqliteFailures implements FailureStore {
  readonly #file: CountersFile;
  readonly #clock: () => number;
  readonly #trim = new TrimDue();

  constructor(file: CountersFile, clock: () => number = Date.now) {
    this.#file = file;
    this.#clock = clock;
  }

  join(counted: ReadonlyMap<string, number>): Promise<ReadonlyMap<string, FailureTotal>> {
    return this.#file.write((db) => {
      const now = this.#clock();
      if (this.#trim.isDue(counted.size)) trim(db, CREDENTIAL, now);
      const add = db.prepare<[string, string, number, number], { failures: number; at: number }>(
        `INSERT INTO failure_counts AS f (kind, name, failures, at) VALUES (?, ?, ?, ?) ${JOIN_WINDOW}
         RETURNING failures, at`,
      );
      const totals = new Map<string, FailureTotal>();
      for (const [name, more] of counted) {
        const row = add.get(CREDENTIAL, name, more, now);
        if (row !== undefined) totals.set(name, { failures: row.failures, ageMs: Math.max(0, now - row.at) });
      }
      return totals;
    });
  }
}

/**
 * What is old, and of the rest the oldest, where there are more than may be. What is still to come is from before the clock
 * was set back: it would be the youngest until the clock is there again.
 */
function trim(db: Database, kind: string, now: number): void {
  db.prepare('UPDATE failure_counts SET at = ? WHERE kind = ? AND at > ?').run(now, kind, now);
  db.prepare('DELETE FROM failure_counts WHERE kind = ? AND at <= ?').run(kind, now - keptMs(kind));
  db.prepare(
    `DELETE FROM failure_counts WHERE kind = ? AND at <=
       (SELECT at FROM failure_counts WHERE kind = ? ORDER BY at DESC LIMIT 1 OFFSET ?)`,
  ).run(kind, kind, COUNTERS_MAX);
}
