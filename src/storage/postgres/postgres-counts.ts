/**
 * What is counted of failures, on however many machines, by the clock of PostgreSQL. Whoever counts locks the rows of its
 * counters, in one order; nobody waits for other counters, or for whoever writes to the store.
 */

import {
  ATTEMPT_KINDS,
  type AttemptCounters,
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
import { parseAddress } from './address.js';
import { type Asking, PostgresDatabase, type Transaction } from './database.js';

const NOW = '(extract(epoch FROM clock_timestamp()) * 1000)::bigint';
const KEYS = 'SELECT kind, name FROM unnest($1::text[], $2::text[]) AS key (kind, name)';
const COLUMNS = `kind, failures, at AS "lastAt", ${NOW} AS now`;

const LOOK = `
  SELECT key.kind, failures, at AS "lastAt", ${NOW} AS now
  FROM (${KEYS}) AS key LEFT JOIN failure_counts AS f ON f.kind = key.kind AND f.name = key.name`;

/** A counter that is not there is made, so that there is a row to lock: with no failures it is none. */
const LOCK = `
  INSERT INTO failure_counts AS f (kind, name, failures, at)
  SELECT kind, name, 0, 0 FROM (${KEYS}) AS key ORDER BY kind, name
  ON CONFLICT (kind, name) DO UPDATE SET failures = f.failures
  RETURNING ${COLUMNS}`;

const PUT = `
  UPDATE failure_counts AS f SET failures = put.failures, at = put.at
  FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[]) AS put (kind, name, failures, at)
  WHERE f.kind = put.kind AND f.name = put.name`;

const DROP = `DELETE FROM failure_counts AS f USING (${KEYS}) AS key
  WHERE f.kind = key.kind AND f.name = key.name AND f.failures = 0`;

const JOIN = `
  INSERT INTO failure_counts AS f (kind, name, failures, at)
  SELECT '${CREDENTIAL}', name, failures, ${NOW}
  FROM unnest($1::text[], $2::bigint[]) AS counted (name, failures) ORDER BY name
  ${JOIN_WINDOW}
  RETURNING name, failures, greatest(0, ${NOW} - at) AS "ageMs"`;

/** What is still to come is from before the clock was set back: it would be the youngest until the clock is there again. */
const SET_BACK = `
  UPDATE failure_counts SET at = ${NOW} WHERE (kind, name) IN (
    SELECT kind, name FROM failure_counts WHERE kind = $1 AND at > (SELECT ${NOW}) FOR UPDATE SKIP LOCKED)`;

/** What is old, and of the rest the oldest, where there are more than may be; not what somebody is at. */
const TRIM = `
  DELETE FROM failure_counts WHERE (kind, name) IN (
    SELECT kind, name FROM failure_counts WHERE kind = $1 AND at <= greatest(${NOW} - $2::bigint,
      (SELECT at FROM failure_counts WHERE kind = $1 ORDER BY at DESC LIMIT 1 OFFSET $3))
    FOR UPDATE SKIP LOCKED)`;

interface CounterRow {
  readonly kind: AttemptKind;
  /** `null`: there is no row. */
  readonly failures: number | null;
  readonly lastAt: number | null;
  readonly now: number;
}

export class PostgresAttempts implements AttemptStore {
  readonly #database: PostgresDatabase;
  readonly #trim = new TrimDue();

  constructor(database: PostgresDatabase) {
    this.#database = database;
  }

  async count<T>(names: AttemptNames, rule: AttemptRule<T>): Promise<T> {
    // Whoever has to wait, and may ask as often as they like, locks nothing.
    const known = await apply(this.#database, LOOK, names, rule);
    if (known.counters === known.standing) return known.value;
    return this.#database.writeBeside(async (tx) => {
      const { value, counters } = await apply(tx, LOCK, names, rule);
      await put(tx, names, counters);
      // Last: it waits for nobody, and nobody waits for what it has locked while it waits for them.
      if (this.#trim.isDue(1)) for (const kind of ATTEMPT_KINDS) await trim(tx, kind);
      return value;
    });
  }
}

async function apply<T>(tx: Asking, sql: string, names: AttemptNames, rule: AttemptRule<T>) {
  const rows = await tx.rows<CounterRow>(sql, keysOf(names));
  const standing = countersOf((kind) => {
    const row = rows.find((one) => one.kind === kind);
    return row?.failures && row.lastAt !== null ? { failures: row.failures, lastAt: row.lastAt } : undefined;
  });
  // Of several rows that were waited for each knows the time at which it was had.
  return { ...rule(standing, Math.max(...rows.map(({ now }) => now))), standing };
}

async function put(tx: Transaction, names: AttemptNames, counters: AttemptCounters): Promise<void> {
  const of = (column: keyof FailureCounter) => ATTEMPT_KINDS.map((kind) => counters[kind]?.[column] ?? 0);
  const keys = keysOf(names);
  await tx.run(PUT, [...keys, of('failures'), of('lastAt')]);
  if (ATTEMPT_KINDS.some((kind) => counters[kind] === undefined)) await tx.run(DROP, keys);
}

const keysOf = (names: AttemptNames) => [[...ATTEMPT_KINDS], ATTEMPT_KINDS.map((kind) => names[kind])];

/** With the patience of a decision: its process has nothing to wait for. */
export class PostgresFailures implements FailureStore {
  readonly #database: PostgresDatabase;
  readonly #trim = new TrimDue();

  constructor(database: PostgresDatabase) {
    this.#database = database;
  }

  join(counted: ReadonlyMap<string, number>): Promise<ReadonlyMap<string, FailureTotal>> {
    return this.#database.facts(async (connection) => {
      // First, so that what it fails by has counted nothing.
      if (this.#trim.isDue(counted.size)) await trim(connection, CREDENTIAL);
      const rows = await connection.rows<FailureTotal & { readonly name: string }>(JOIN, [
        [...counted.keys()],
        [...counted.values()],
      ]);
      return new Map(rows.map(({ name, failures, ageMs }) => [name, { failures, ageMs }]));
    });
  }
}

async function trim(tx: Transaction, kind: string): Promise<void> {
  await tx.run(SET_BACK, [kind]);
  await tx.run(TRIM, [kind, keptMs(kind), COUNTERS_MAX]);
}

/** On a connection of its own, so that no decision waits for it. It connects when there is something to tell. */
export function openPostgresFailures(url: string): FailureStore & { close(): Promise<void> } {
  const database = new PostgresDatabase(parseAddress(url));
  const failures = new PostgresFailures(database);
  return { join: (counted) => failures.join(counted), close: () => database.close() };
}
