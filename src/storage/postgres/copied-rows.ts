/** The rows of one table, as they come from another store and as they are read back. */

import { type Batch, type CopiedTable, type CopySource, type Row, TableDigest } from '../copied-tables.js';
import type { Value } from './connections.js';
import type { Transaction } from './transaction.js';

export async function insertRows(
  tx: Transaction,
  { name, columns }: CopiedTable,
  { rows }: Batch,
): Promise<void> {
  const types = columns.map(([, type], i) => `$${i + 1}::${type === 'text' ? 'text' : 'bigint'}[]`);
  const values = columns.map(([column, type]) => (type === 'boolean' ? `${column} = 1` : column));
  const names = columns.map(([column]) => column).join(', ');
  await tx.run(
    `INSERT INTO ${name} (${names}) SELECT ${values.join(', ')} FROM unnest(${types.join(', ')}) AS given (${names})`,
    columns.map((_, i): Value => rows.map((row) => row[i] ?? null)),
  );
}

export interface Compared {
  readonly there: TableDigest;
  readonly here: TableDigest;
}

/** Both read in pieces, by turns: the transaction never waits for long for the other store. */
export async function compareRows(
  tx: Transaction,
  table: CopiedTable,
  source: CopySource,
  { rowsMax, onProgress }: { readonly rowsMax: number; readonly onProgress: (rows: number) => void },
): Promise<Compared> {
  const there = new TableDigest();
  const here = new TableDigest();
  const values = table.columns.map(([column, type]) => (type === 'boolean' ? `${column}::int` : column));
  await tx.run(
    `DECLARE reading CURSOR FOR SELECT json_build_array(${values.join(', ')}) AS cells FROM ${table.name}`,
  );
  let batch: Batch | undefined;
  for (let isMore = true; isMore; ) {
    batch = source.batchAfter(table, batch?.last, rowsMax);
    if (batch !== undefined) there.add(batch.rows);
    const rows = await tx.rows<{ cells: Row }>(`FETCH ${rowsMax} FROM reading`);
    here.add(rows.map(({ cells }) => cells));
    onProgress(rows.length);
    isMore = batch !== undefined || rows.length > 0;
  }
  await tx.run('CLOSE reading');
  return { there, here };
}
