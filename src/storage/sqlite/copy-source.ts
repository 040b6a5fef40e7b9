/** A store in SQLite, read whole and as it is at one instant, to be copied into another database. It writes nothing. */

import type { CopiedTable, CopySource, Row } from '../copied-tables.js';
import { openReader } from './connection.js';
import { schemaProblem, schemaVersion } from './migrations.js';

/** @throws when it is of another schema: a copy would leave out what is new in it */
export function openCopySource(file: string): CopySource & { close(): void } {
  const db = openReader(file);
  try {
    db.exec('BEGIN');
    const problem = schemaProblem(schemaVersion(db));
    if (problem !== undefined) throw new Error(problem);
    const state = db
      .prepare<[], { revision: number; grant_id: number }>('SELECT revision, grant_id FROM state')
      .get();
    if (state === undefined) throw new Error('the store has no state row');
    return {
      revision: state.revision,
      lastGrantId: state.grant_id,
      count: ({ name }) => db.prepare<[], number>(`SELECT count(*) FROM ${name}`).pluck().get() ?? 0,
      batches: (table, max) =>
        batchesOf(
          db
            .prepare<[], Row>(`SELECT ${namesOf(table)} FROM ${table.name}`)
            .raw()
            .iterate(),
          max,
        ),
      close: () => db.close(),
    };
  } catch (error) {
    db.close();
    throw error;
  }
}

function namesOf({ columns }: CopiedTable): string {
  return columns.map(([name]) => name).join(', ');
}

function* batchesOf(rows: Iterable<Row>, max: number): Iterable<readonly Row[]> {
  let batch: Row[] = [];
  for (const row of rows) {
    batch.push(row);
    if (batch.length < max) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
