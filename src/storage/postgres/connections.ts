/**
 * Connections to PostgreSQL for one purpose: a bounded pool, each set up before its first use, with every time-out that
 * matters said aloud. A connection that broke is thrown away, and the next user gets a new one.
 */

import { createHash } from 'node:crypto';
import pg from 'pg';
import type { PostgresAddress } from './address.js';
import { CarefulClient } from './clients.js';
import { StatementFailed } from './errors.js';
import { refuseServer, type ServerRow } from './server.js';

export interface ConnectionLimits {
  readonly max: number;
  readonly connectTimeoutMs: number;
  /** For one statement, by the server. The client waits a little longer: a server that is gone answers nothing. */
  readonly statementTimeoutMs: number;
  /** For a lock that somebody else holds. */
  readonly lockTimeoutMs: number;
  /** A transaction whose process was stopped is ended after so long, and holds nobody up any more. */
  readonly stalledMs: number;
  /** PostgreSQL's `plan_cache_mode`. */
  readonly planCacheMode: 'auto' | 'force_generic_plan';
}

export type Value = string | number | boolean | null | readonly (string | number | null)[];

export interface Connection {
  /** Which database of which server this is: another one behind the same URL answers differently. */
  readonly identity: string;
  rows<R>(sql: string, values?: readonly Value[]): Promise<readonly R[]>;
  run(sql: string, values?: readonly Value[]): Promise<number>;
  /** Several statements without values, in one message. The rows of each. */
  script(sql: string): Promise<readonly (readonly unknown[])[]>;
  /** What the server calls what it did: after a COMMIT that is `COMMIT`, or `ROLLBACK`. */
  commit(): Promise<string>;
}

const IDLE_TIMEOUT_MS = 30_000;
/** What the server's own time-out may be late by. */
const GRACE_MS = 500;
const KEEP_ALIVE_MS = 10_000;

/** Nothing of it is asked for as the connection begins: PgBouncer would refuse it, or leave it out. */
const SET_UP = `SELECT
  set_config('search_path', $1, false),
  set_config('lock_timeout', $2, false),
  set_config('statement_timeout', $3, false),
  set_config('idle_in_transaction_session_timeout', $4, false),
  set_config('jit', 'off', false),
  -- A plan that reads a whole table was made when the table was small, and is kept when it no longer is.
  set_config('enable_seqscan', 'off', false),
  set_config('plan_cache_mode', $5, false),
  set_config('standard_conforming_strings', 'on', false),
  -- What has returned survives a power cut. A stricter word of the operator's stays.
  set_config('synchronous_commit',
    CASE current_setting('synchronous_commit') WHEN 'off' THEN 'on' ELSE current_setting('synchronous_commit') END,
    false),
  current_setting('server_encoding') AS encoding,
  current_setting('server_version_num')::int AS version,
  pg_is_in_recovery() AS standby,
  (SELECT system_identifier::text FROM pg_control_system()) || '/' ||
    (SELECT oid::text FROM pg_database WHERE datname = current_database()) AS identity`;

export class Connections {
  readonly #pool: pg.Pool;
  readonly #address: PostgresAddress;
  readonly #limits: ConnectionLimits;
  readonly #known = new WeakMap<pg.PoolClient, PooledConnection>();
  #closed: Promise<void> | undefined;

  constructor(address: PostgresAddress, limits: ConnectionLimits) {
    this.#address = address;
    this.#limits = limits;
    this.#pool = new pg.Pool({
      connectionString: address.url,
      max: limits.max,
      connectionTimeoutMillis: limits.connectTimeoutMs,
      idleTimeoutMillis: IDLE_TIMEOUT_MS,
      query_timeout: limits.statementTimeoutMs + GRACE_MS,
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
      application_name: 'latchkey',
      types: { getTypeParser: typeParser },
      Client: CarefulClient,
    });
    // A connection that ends while nobody uses it: the pool has dropped it, and whoever comes next gets another one.
    this.#pool.on('error', () => {});
  }

  /** Whatever `work` leaves open when it throws is undone. @throws StatementFailed, and what `work` throws */
  async use<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    const client = await this.#connect().catch(failed);
    let connection: PooledConnection | undefined;
    let isWell = false;
    try {
      connection = await this.#setUp(client);
      const value = await work(connection);
      isWell = true;
      return value;
    } finally {
      if (!isWell) await connection?.undo();
      client.release(connection === undefined || connection.isLost);
    }
  }

  /** When all are done that use one. It may be asked again. */
  close(): Promise<void> {
    this.#closed ??= this.#pool.end();
    return this.#closed;
  }

  /** Where it cannot even begin, such as for a certificate that is gone, the driver throws at once. */
  async #connect(): Promise<pg.PoolClient> {
    return this.#pool.connect();
  }

  async #setUp(client: pg.PoolClient): Promise<PooledConnection> {
    const known = this.#known.get(client);
    if (known !== undefined) return known;
    // While it is in use, its errors come by its queries.
    client.on('error', () => {});
    const { lockTimeoutMs, statementTimeoutMs, stalledMs, planCacheMode } = this.#limits;
    const timeOuts = [lockTimeoutMs, statementTimeoutMs, stalledMs].map((ms) => `${ms}ms`);
    const values = [this.#address.schema, ...timeOuts, planCacheMode];
    const { rows } = await client.query<ServerRow>(SET_UP, values).catch(failed);
    const connection = new PooledConnection(client, refuseServer(rows[0]));
    this.#known.set(client, connection);
    return connection;
  }
}

class PooledConnection implements Connection {
  readonly identity: string;
  readonly #client: pg.PoolClient;
  /** Nobody knows what is open on it. */
  isLost = false;

  constructor(client: pg.PoolClient, identity: string) {
    this.#client = client;
    this.identity = identity;
  }

  async rows<R>(sql: string, values: readonly Value[] = []): Promise<readonly R[]> {
    return (await this.#ask(prepared(sql, values))).rows;
  }

  async run(sql: string, values: readonly Value[] = []): Promise<number> {
    return (await this.#ask(prepared(sql, values))).rowCount ?? 0;
  }

  async script(sql: string): Promise<readonly (readonly unknown[])[]> {
    const results: pg.QueryResult | pg.QueryResult[] = await this.#ask({ text: sql });
    return (Array.isArray(results) ? results : [results]).map(({ rows }) => rows);
  }

  async commit(): Promise<string> {
    return (await this.#ask({ text: 'COMMIT' })).command;
  }

  async undo(): Promise<void> {
    if (!this.isLost) await this.#ask({ text: 'ROLLBACK' }).catch(() => {});
  }

  async #ask(query: pg.QueryConfig): Promise<pg.QueryResult> {
    try {
      return await this.#client.query(query);
    } catch (error) {
      const failure = new StatementFailed(error);
      this.isLost ||= failure.lost;
      throw failure;
    }
  }
}

function failed(error: unknown): never {
  throw new StatementFailed(error);
}

const names = new Map<string, string>();

/** Prepared once a connection, under a name that is made of the text. */
function prepared(sql: string, values: readonly Value[]): pg.QueryConfig {
  let name = names.get(sql);
  if (name === undefined) {
    name = createHash('sha256').update(sql).digest('base64url');
    names.set(sql, name);
  }
  return { name, text: sql, values: [...values] };
}

function typeParser(oid: number, format?: 'text' | 'binary') {
  if (oid === pg.types.builtins.INT8) return wholeNumber;
  return pg.types.getTypeParser(oid, format as 'text');
}

function wholeNumber(text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number)) throw new Error('the store answered with a number that is too large');
  return number;
}
