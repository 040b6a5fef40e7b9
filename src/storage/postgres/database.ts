/**
 * Transactions on PostgreSQL, as the ports of the store are written in them (docs/decisions/0030-postgresql.md). A write
 * that decisions rest on takes its turn first, and ends by taking its revision: under it the store is one writer's. It
 * must never leave open whether a change was made without saying so.
 */

import { NotKnown, StoreBusy } from '../../acl/errors.js';
import type { Written } from '../../acl/ports.js';
import type { PostgresAddress } from './address.js';
import { connectionLimits, WRITER_LIMITS, type WriterLimits } from './connection-limits.js';
import { type Connection, Connections, type Value } from './connections.js';
import { busy, notRead, notWritten, StatementFailed } from './errors.js';
import { OwnTurns } from './own-turns.js';
import { type Recorded, record, revisionsChannel, wasRecorded } from './revisions.js';
import { schemaProblem } from './schema.js';
import type { Change, LongTransaction, Transaction } from './transaction.js';
import { beginTurn, takeTurn, turnKey } from './turn.js';
import { describeHolder, SAY_IMPORTING } from './turn-holder.js';

export type { Asking, Change, LongTransaction, Transaction } from './transaction.js';

/** Of an import: between two of its batches anything may pass. */
const stallAfter = (ms: number) => `SET LOCAL idle_in_transaction_session_timeout = ${ms}`;
/** A connection that was kept while the server was restarted fails at once; one that fails late would do so again. */
const STALE_MS = 500;

const ATTEMPTS_MAX = 5;

const READ_ONLY = 'BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY';
const READ_WRITE = 'BEGIN ISOLATION LEVEL READ COMMITTED, READ WRITE';

export class PostgresDatabase {
  readonly #facts: Connections;
  readonly #reads: Connections;
  readonly #turns: Connections;
  readonly #others: Connections;
  readonly #longs: Connections;
  readonly #schema: string;
  readonly #key: string;
  readonly #channel: string;
  readonly #limits: WriterLimits;
  readonly #own: OwnTurns;

  constructor(address: PostgresAddress, limits = WRITER_LIMITS) {
    const pools = connectionLimits(limits);
    this.#facts = new Connections(address, pools.facts);
    this.#reads = new Connections(address, pools.reads);
    this.#turns = new Connections(address, pools.turns);
    this.#others = new Connections(address, pools.others);
    this.#longs = new Connections(address, pools.longs);
    this.#schema = address.schema;
    this.#key = turnKey(address.schema);
    this.#channel = revisionsChannel(address.schema);
    this.#limits = limits;
    this.#own = new OwnTurns(limits.patienceMs);
  }

  /** One statement of the path of a decision. It may be asked twice. @throws NotKnown */
  facts<T>(ask: (connection: Connection) => Promise<T>): Promise<T> {
    return reading(this.#facts, ask);
  }

  /** One statement, which sees one state of the store. @throws NotKnown */
  rows<R>(sql: string, values: readonly Value[] = []): Promise<readonly R[]> {
    return reading(this.#reads, (connection) => connection.rows<R>(sql, values));
  }

  /** Several statements that see one state of the store. They may be asked twice. @throws NotKnown */
  read<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    return reading(this.#reads, async (connection) => {
      await connection.script(READ_ONLY);
      const value = await work(connection);
      await connection.commit();
      return value;
    });
  }

  /**
   * One transaction, alone with the store from its first statement on; what it touched takes a revision, nothing
   * touched takes none. `work` may be run again: it must do nothing but ask `tx`.
   *
   * @throws StoreBusy, NotKnown
   */
  write<T>(work: (tx: Transaction) => Promise<Change<T>>): Promise<Written<T>> {
    return this.#alone(this.#turns, async (connection) => this.#record(connection, await work(connection)));
  }

  /** The same for what may change a million rows by one statement, and must end: such as the end of a move. */
  writeMany<T>(work: (tx: Transaction) => Promise<Change<T>>): Promise<Written<T>> {
    return this.#alone(this.#longs, async (connection) => this.#record(connection, await work(connection)));
  }

  /** The same for what no decision rests on: it takes no number. @throws StoreBusy, NotKnown */
  writeUnnumbered<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    return this.#alone(this.#turns, async (connection) => {
      const value = await work(connection);
      await commit(connection);
      return value;
    });
  }

  /**
   * Beside whoever has the turn, such as an import: rows are locked one by one, so `work` must lock what it looks at.
   *
   * @throws StoreBusy, NotKnown
   */
  writeBeside<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    return again(() =>
      this.#others.use(async (connection) => {
        await connection.script(READ_WRITE);
        const value = await work(connection);
        await commit(connection);
        return value;
      }),
    ).catch(rethrowWritten);
  }

  /**
   * A write that waits for its input, such as an import: it has no turn until it takes it, and keeps nobody waiting
   * before. It is not run again.
   *
   * @throws StoreBusy, NotKnown
   */
  writeLong<T>(work: (tx: LongTransaction) => Promise<Change<T>>): Promise<Written<T>> {
    return this.#longs
      .use(async (connection) => {
        await connection.script(`${READ_WRITE}; ${stallAfter(0)}`);
        // Who has the turn may wait for nothing any more.
        const begin = `${stallAfter(this.#limits.stalledMs)}; ${SAY_IMPORTING}`;
        const turn = () => this.#begin(connection, begin);
        const change = await work({
          rows: (sql, values) => connection.rows(sql, values),
          run: (sql, values) => connection.run(sql, values),
          turn,
        });
        await turn();
        return this.#record(connection, change);
      })
      .catch((error) => this.#rethrow(error));
  }

  /** One transaction of a migration: nobody writes beside it, and no schema is expected. @throws StoreBusy, NotKnown */
  migrate<T>(step: (connection: Connection, schema: string) => Promise<T>): Promise<T> {
    return this.#longs
      .use(async (connection) => {
        await connection.script(`${READ_WRITE}; ${takeTurn(this.#key)}`);
        const value = await step(connection, this.#schema);
        await commit(connection);
        return value;
      })
      .catch(rethrowWritten);
  }

  async close(): Promise<void> {
    const all = [this.#facts, this.#reads, this.#turns, this.#others, this.#longs];
    await Promise.all(all.map((each) => each.close()));
  }

  #alone<T>(by: Connections, work: (connection: Connection) => Promise<T>): Promise<T> {
    const attempt = async (connection: Connection) => {
      await this.#begin(connection);
      return work(connection);
    };
    return this.#own.run(() => again(() => by.use(attempt))).catch((error) => this.#rethrow(error));
  }

  /** Whoever has waited in vain is told for what. */
  async #rethrow(error: unknown): Promise<never> {
    const told = notWritten(error, NOTHING_CHANGED);
    if (!(told instanceof StoreBusy)) throw told;
    throw busy(await this.#others.use((other) => describeHolder(other, this.#key)).catch(() => undefined));
  }

  async #begin(connection: Connection, begin = READ_WRITE): Promise<void> {
    refuseOther(await beginTurn(connection, this.#key, begin));
  }

  async #record<T>(connection: Connection, { value, touched }: Change<T>): Promise<Written<T>> {
    const recorded = await record(connection, touched, this.#channel);
    await commit(connection, (error) => this.#findOut(error, recorded));
    return { revision: recorded.revision, value };
  }

  /**
   * The connection was lost while the server was committing. Whoever has the next turn sees what became of it.
   *
   * @throws NotKnown where it was not made, or where that cannot be found out
   */
  async #findOut(lost: StatementFailed, recorded: Recorded): Promise<void> {
    // Nothing was to be changed.
    if (recorded.mark === undefined && recorded.transaction === undefined) return;
    const made = await this.#others
      .use(async (connection) => {
        await beginTurn(connection, this.#key, READ_WRITE);
        const isThere = await wasRecorded(connection, recorded);
        await connection.script('ROLLBACK');
        return isThere;
      })
      .catch((error: Error) => error);
    if (made === true) return;
    throw notWritten(lost, made === false ? NOTHING_CHANGED : NOT_KNOWN);
  }
}

const NOTHING_CHANGED = 'nothing was changed';
const NOT_KNOWN = 'and whether the change was made is not known; look before you try again';

/** A server that was restarted has closed every connection that is kept: another one is asked, once. */
async function reading<T>(from: Connections, ask: (connection: Connection) => Promise<T>): Promise<T> {
  const began = performance.now();
  try {
    return await from.use(ask).catch((error: unknown) => {
      const isStale = error instanceof StatementFailed && error.lost;
      if (isStale && performance.now() - began < STALE_MS) return from.use(ask);
      throw error;
    });
  } catch (error) {
    throw notRead(error);
  }
}

/** Nothing was changed by an attempt that is followed by another. */
async function again<T>(attempt: () => Promise<T>): Promise<T> {
  for (let attempts = 1; ; attempts += 1) {
    try {
      return await attempt();
    } catch (error) {
      const isWorthIt = error instanceof StatementFailed && error.isWorthAgain;
      if (!isWorthIt || attempts >= ATTEMPTS_MAX) throw error;
    }
  }
}

async function commit(
  connection: Connection,
  findOut: (lost: StatementFailed) => Promise<void> = unknown,
): Promise<void> {
  const done = await connection.commit().catch((error: StatementFailed) => {
    if (!error.lost) throw error;
    return findOut(error);
  });
  // The server answers so, and without an error, where a statement had failed and nobody heard of it.
  if (done === 'ROLLBACK') throw new Error('a statement of the transaction had failed: nothing was changed');
}

async function unknown(lost: StatementFailed): Promise<never> {
  throw notWritten(lost, NOT_KNOWN);
}

function rethrowWritten(error: unknown): never {
  throw notWritten(error, NOTHING_CHANGED);
}

/** A newer Latchkey may have migrated the store under us: what we would write there nobody knows. */
function refuseOther(schema: number | undefined): void {
  const problem = schemaProblem(schema);
  if (problem !== undefined) throw new NotKnown('store-unreadable', problem);
}
