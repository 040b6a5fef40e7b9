/**
 * Copies a whole store into an empty one in PostgreSQL, in one transaction, and reads back what is there before it is
 * committed: all of it is there and the same, or nothing is there at all.
 */

import { TOUCHED_ALL } from '../../acl/ports.js';
import { COPIED_TABLES, type CopiedTable, type CopySource, type Row, TableDigest } from '../copied-tables.js';
import { parseAddress } from './address.js';
import type { Value } from './connections.js';
import { PostgresDatabase, type Transaction } from './database.js';
import { migrate } from './migrate.js';

export interface CopiedFacts {
  /** By the name of the table. */
  readonly rows: Readonly<Record<string, number>>;
  readonly revision: number;
}

/** There is a store already, and it is not overwritten. */
export class NotEmpty extends Error {
  override readonly name = 'NotEmpty';
}

const ROWS_MAX = 5_000;

/**
 * @param onProgress rows written and read back, each of them once
 * @throws NotEmpty; StoreBusy, NotKnown: nothing was changed, unless it says that it is not known
 */
export async function copyIntoPostgres(
  url: string,
  source: CopySource,
  onProgress: (rows: number) => void,
): Promise<CopiedFacts> {
  const database = new PostgresDatabase(parseAddress(url));
  try {
    await migrate(database);
    const { revision, value } = await database.writeLong(async (tx) => {
      await tx.turn();
      await refuseFilled(tx);
      const rows: Record<string, number> = {};
      for (const table of COPIED_TABLES) rows[table.name] = await copyTable(tx, table, source, onProgress);
      const state = [source.revision, source.lastGrantId];
      await tx.run('UPDATE state SET revision = $1, trimmed = $1, grant_id = $2', state);
      await tx.run('ANALYZE');
      return { value: rows, touched: [TOUCHED_ALL] };
    });
    return { rows: value, revision };
  } finally {
    await database.close();
  }
}

/** Quotas, records and digests take no number. */
async function refuseFilled(tx: Transaction): Promise<void> {
  const some = COPIED_TABLES.map(({ name }) => `EXISTS (SELECT 1 FROM ${name})`);
  const [state] = await tx.rows<{ filled: boolean }>(
    `SELECT revision > 0 OR ${some.join(' OR ')} AS filled FROM state`,
  );
  if (state?.filled === false) return;
  throw new NotEmpty('the store in PostgreSQL is in use already; name an empty database, or another schema=');
}

async function copyTable(
  tx: Transaction,
  table: CopiedTable,
  source: CopySource,
  onProgress: (rows: number) => void,
): Promise<number> {
  const { name, columns } = table;
  await tx.run(`DELETE FROM ${name}`); // what triggers have counted for another table
  const given = new TableDigest();
  const types = columns.map(([, type], i) => `$${i + 1}::${type === 'text' ? 'text' : 'bigint'}[]`);
  const values = columns.map(([column, type]) => (type === 'boolean' ? `${column} = 1` : column));
  const names = columns.map(([column]) => column).join(', ');
  const insert = `INSERT INTO ${name} (${names}) SELECT ${values.join(', ')} FROM unnest(${types.join(', ')}) AS given (${names})`;
  for (const batch of source.batches(table, ROWS_MAX)) {
    await tx.run(
      insert,
      columns.map((_, i): Value => batch.map((row) => row[i] ?? null)),
    );
    given.add(batch);
    onProgress(batch.length);
  }
  const found = await digestOf(tx, table, onProgress);
  if (`${found}` !== `${given}`) {
    throw new Error(
      `table ${name} is not the same in PostgreSQL (${given}; there ${found}): nothing was changed`,
    );
  }
  return found.rows;
}

/** Of what is there now, read back in pieces. */
async function digestOf(
  tx: Transaction,
  { name, columns }: CopiedTable,
  onProgress: (rows: number) => void,
): Promise<TableDigest> {
  const digest = new TableDigest();
  const values = columns.map(([column, type]) => (type === 'boolean' ? `${column}::int` : column));
  await tx.run(
    `DECLARE reading CURSOR FOR SELECT json_build_array(${values.join(', ')}) AS cells FROM ${name}`,
  );
  for (;;) {
    const rows = await tx.rows<{ cells: Row }>(`FETCH ${ROWS_MAX} FROM reading`);
    digest.add(rows.map(({ cells }) => cells));
    onProgress(rows.length);
    if (rows.length < ROWS_MAX) break;
  }
  await tx.run('CLOSE reading');
  return digest;
}
