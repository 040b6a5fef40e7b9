/**
 * A store in SQLite, read whole to be copied into another database. It holds the lock of writers from its first moment to
 * its last: who would write meanwhile is refused, by name, and nothing that was written can be missing. It writes nothing.
 */

import { resolve } from 'node:path';
import type { Database } from 'better-sqlite3';
import { StoreBusy } from '../../acl/errors.js';
import type { Batch, CopiedTable, CopySource, Row } from '../copied-tables.js';
import { openHeld } from './connection.js';
import { lockHolder } from './lock-holder.js';
import { schemaProblem, schemaVersion } from './migrations.js';

/** @throws when it is of another schema: a copy would leave out what is new in it; StoreBusy */
export function openCopySource(file: string): CopySource & { close(): void } {
  const db = held(file);
  try {
    const problem = schemaProblem(schemaVersion(db));
    if (problem !== undefined) throw new Error(problem);
    const state = db
      .prepare<[], { revision: number; mark: number; grant_id: number }>(
        'SELECT revision, mark, grant_id FROM state',
      )
      .get();
    if (state === undefined) throw new Error('the store has no state row');
    const { revision, mark, grant_id: lastGrantId } = state;
    const logged = db.prepare<[number, number], number>(
      'SELECT 1 FROM changes WHERE revision = ? AND mark = ? LIMIT 1',
    );
    const readers = new Map<string, BatchReader>();
    return {
      place: resolve(file),
      revision,
      mark,
      lastGrantId,
      wasAt: (earlier, its) =>
        earlier === 0 || (earlier === revision && its === mark) || logged.get(earlier, its) !== undefined,
      count: ({ name }) => db.prepare<[], number>(`SELECT count(*) FROM ${name}`).pluck().get() ?? 0,
      batchAfter: (table, key, max) => {
        const reader = readers.get(table.name) ?? readerOf(db, table);
        readers.set(table.name, reader);
        return reader(key, max);
      },
      close: () => db.close(),
    };
  } catch (error) {
    db.close();
    throw error;
  }
}

function held(file: string): Database {
  try {
    return openHeld(file);
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    if (code === 'SQLITE_BUSY') {
      throw new StoreBusy(`${lockHolder(file) ?? 'another process'} writes to it; stop all services first`);
    }
    if (code !== 'SQLITE_READONLY') throw error;
    throw new Error(
      `${message}, and it has to be locked while it is copied; name a copy that you may write to`,
    );
  }
}

type BatchReader = (key: Row | undefined, max: number) => Batch | undefined;

function readerOf(db: Database, { name, columns }: CopiedTable): BatchReader {
  const keyed = db
    .prepare<[], string>(`SELECT name FROM pragma_table_info('${name}') WHERE pk > 0 ORDER BY pk`)
    .pluck()
    .all();
  if (keyed.length === 0) throw new Error(`table ${name} has no key to copy it by`);
  const names = columns.map(([column]) => column);
  const places = keyed.map((column) => names.indexOf(column));
  const key = keyed.join(', ');
  const select = `SELECT ${names.join(', ')} FROM ${name}`;
  const first = db.prepare<unknown[], Row>(`${select} ORDER BY ${key} LIMIT ?`).raw();
  const behind = db
    .prepare<unknown[], Row>(
      `${select} WHERE (${key}) > (${keyed.map(() => '?').join(', ')}) ORDER BY ${key} LIMIT ?`,
    )
    .raw();
  return (after, max) => {
    const rows = after === undefined ? first.all(max) : behind.all(...after, max);
    const last = rows.at(-1);
    return last && { rows, last: places.map((place) => last[place] ?? null) };
  };
}
