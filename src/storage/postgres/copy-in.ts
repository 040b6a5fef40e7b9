/**
 * Copies a whole store into an empty one in PostgreSQL: in batches, each committed with how far it came, so that whoever is
 * stopped goes on there; and at the end everything is read back and compared, in the transaction that makes a store of it.
 * Must never make one of anything that differs from the source.
 */

import { type Awaitable, TOUCHED_ALL } from '../../acl/ports.js';
import { COPIED_TABLES, type CopiedTable, type CopySource } from '../copied-tables.js';
import { parseAddress } from './address.js';
import { compareRows, insertRows } from './copied-rows.js';
import { PostgresDatabase, type Transaction } from './database.js';
import {
  claim,
  finish,
  type Reached,
  type ReachedTables,
  reach,
  refuseOtherVersion,
  refuseUsed,
  removeHalfCopied,
  truncate,
} from './half-copied.js';
import { migrate, schemaVersion } from './migrate.js';
import { record, revisionsChannel } from './revisions.js';
import { isHalfCopied } from './schema.js';

export interface CopiedFacts {
  /** By the name of the table. */
  readonly rows: Readonly<Record<string, number>>;
  readonly revision: number;
}

/** `sent` and `compared` are inside of a transaction, the others behind a commit. */
export type CopyStep = 'begun' | 'sent' | 'committed' | 'compared' | 'cleared' | 'finished';

export interface CopyOptions {
  /** `anew`: what an unfinished migration has copied is removed. */
  readonly begin: 'where-it-was' | 'anew';
  /** Rows written, those of earlier runs among them, and read back: each of them once, or again where it differed. */
  readonly onProgress: (rows: number) => void;
  /** What a person should know. */
  readonly onNote: (message: string) => void;
  readonly onStep?: (step: CopyStep) => Awaitable<void>;
  /** Of one batch. */
  readonly rowsMax?: number;
}

const ROWS_MAX = 5_000;
/** The first comparison finds what has changed since a table was copied; the next one must find nothing. */
const COMPARISONS_MAX = 2;

/** @throws CopyRefused; StoreBusy, NotKnown: the same again goes on where it was */
export async function copyIntoPostgres(
  url: string,
  source: CopySource,
  options: CopyOptions,
): Promise<CopiedFacts> {
  const database = new PostgresDatabase(parseAddress(url));
  try {
    if (options.begin === 'anew' && (await database.read(schemaVersion)) > 0) {
      await database.migrate(removeHalfCopied);
    }
    const found = await database.read(schemaVersion);
    if (isHalfCopied(found)) refuseOtherVersion(found);
    else await migrate(database);
    return await new Copy(database, source, options).run();
  } finally {
    await database.close();
  }
}

class Copy {
  readonly #database: PostgresDatabase;
  readonly #source: CopySource;
  readonly #options: CopyOptions;
  readonly #rowsMax: number;
  #tables: ReachedTables = {};
  #run = '';

  constructor(database: PostgresDatabase, source: CopySource, options: CopyOptions) {
    this.#database = database;
    this.#source = source;
    this.#options = options;
    this.#rowsMax = options.rowsMax ?? ROWS_MAX;
  }

  async run(): Promise<CopiedFacts> {
    const { run, tables, finished, changedSince } = await this.#database.migrate((tx) =>
      claim(tx, this.#source),
    );
    await this.#step('begun');
    if (finished !== undefined) return this.#sameAsBefore(finished);
    this.#run = run;
    this.#tables = tables;
    this.#tellWhere(changedSince);
    for (let comparisons = 1; ; comparisons += 1) {
      for (const table of COPIED_TABLES) await this.#copy(table);
      const facts = await this.#compareAll(comparisons);
      if (facts !== undefined) return facts;
    }
  }

  #tellWhere(changedSince: number | undefined): void {
    const { onNote, onProgress } = this.#options;
    const rows = Object.values(this.#tables).reduce((sum, reached) => sum + reached.rows, 0);
    onProgress(rows);
    if (rows > 0) onNote(`goes on with the migration that was begun: ${rows} rows are there`);
    if (changedSince === undefined) return;
    onNote(
      `${this.#source.place} has changed since (revision ${changedSince}): what differs is copied again`,
    );
  }

  async #copy(table: CopiedTable): Promise<void> {
    let reached: Reached = this.#tables[table.name] ?? { rows: 0, isWhole: false };
    while (!reached.isWhole) {
      const batch = this.#source.batchAfter(table, reached.last, this.#rowsMax);
      const rows = batch?.rows.length ?? 0;
      const next: Reached = {
        rows: reached.rows + rows,
        isWhole: rows < this.#rowsMax,
        ...(batch !== undefined && { last: batch.last }),
      };
      const tables = { ...this.#tables, [table.name]: next };
      const isFirst = reached.last === undefined;
      await this.#database.migrate(async (tx) => {
        await reach(tx, this.#run, tables);
        if (isFirst) await tx.run(`DELETE FROM ${table.name}`); // what triggers have counted for another table
        if (batch !== undefined) await insertRows(tx, table, batch);
        await this.#step('sent');
      });
      this.#tables = tables;
      reached = next;
      this.#options.onProgress(rows);
      await this.#step('committed');
    }
  }

  /** `undefined`: some were not the same, and are to be copied again. */
  async #compareAll(comparisons: number): Promise<CopiedFacts | undefined> {
    const { tables, facts } = await this.#database.migrate(async (tx, schema) => {
      await reach(tx, this.#run, this.#tables);
      const { rows, differing } = await this.#differing(tx);
      if (differing.length > 0) {
        if (comparisons === COMPARISONS_MAX) throw notTheSame(differing);
        return { tables: await this.#clear(tx, differing), facts: undefined };
      }
      await finish(tx, this.#source, this.#source.revision + 1);
      const { revision } = await record(tx, [TOUCHED_ALL], revisionsChannel(schema));
      await tx.run('ANALYZE');
      await this.#step('compared');
      return { tables: this.#tables, facts: { rows, revision } };
    });
    this.#tables = tables;
    await this.#step(facts === undefined ? 'cleared' : 'finished');
    return facts;
  }

  async #clear(tx: Transaction, differing: readonly Difference[]): Promise<ReachedTables> {
    const found = new Set(differing.map(({ name }) => name));
    const again = COPIED_TABLES.filter(({ name, follows = '' }) => found.has(name) || found.has(follows));
    const names = again.map(({ name }) => name);
    this.#options.onNote(`not the same as in ${this.#source.place}, and copied again: ${names.join(', ')}`);
    await truncate(tx, names);
    const kept = Object.entries(this.#tables).filter(([name]) => !names.includes(name));
    const tables = Object.fromEntries(kept);
    await reach(tx, this.#run, tables);
    return tables;
  }

  async #differing(tx: Transaction) {
    await tx.run('SET LOCAL enable_seqscan = on'); // whole tables are read
    const rows: Record<string, number> = {};
    const differing: Difference[] = [];
    const { onProgress } = this.#options;
    for (const table of COPIED_TABLES) {
      const { there, here } = await compareRows(tx, table, this.#source, {
        rowsMax: this.#rowsMax,
        onProgress,
      });
      rows[table.name] = here.rows;
      if (`${there}` !== `${here}`) differing.push({ name: table.name, there: `${there}`, here: `${here}` });
    }
    return { rows, differing };
  }

  /** It had been finished by a run that could not say so any more; or it is in use. */
  async #sameAsBefore(revision: number): Promise<CopiedFacts> {
    const { rows, differing } = await this.#database.migrate((tx) => this.#differing(tx));
    if (differing.length > 0) refuseUsed();
    this.#options.onNote('was copied before, and is the same: nothing was to be done');
    return { rows, revision };
  }

  async #step(step: CopyStep): Promise<void> {
    await this.#options.onStep?.(step);
  }
}

interface Difference {
  readonly name: string;
  readonly there: string;
  readonly here: string;
}

function notTheSame(differing: readonly Difference[]): Error {
  const told = differing.map(
    ({ name, there, here }) => `table ${name} is not the same in PostgreSQL (${there}; there ${here})`,
  );
  return new Error(`${told.join(', ')}: it is no store`);
}
