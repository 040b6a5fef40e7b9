/**
 * A database that another store is being copied into, and how far that came: one row, which each step of the copy changes
 * in its own transaction. Until the last one the schema has a number that nobody opens (`schema.ts`).
 */

import { randomUUID } from 'node:crypto';
import { COPIED_TABLES, CopyRefused, type CopySource, type Row } from '../copied-tables.js';
import { HALF_COPIED, isHalfCopied, SCHEMA_VERSION } from './schema.js';
import type { Transaction } from './transaction.js';

/** Of one table. What has no entry is to be copied from its beginning. */
export interface Reached {
  readonly rows: number;
  readonly last?: Row;
  readonly isWhole: boolean;
}
export type ReachedTables = Readonly<Record<string, Reached>>;

export interface Claim {
  readonly run: string;
  readonly tables: ReachedTables;
  /** It is one now, with this revision; `undefined`: it is under way. */
  readonly finished: number | undefined;
  /** What the source was at when it was last copied from, where that is another revision. */
  readonly changedSince: number | undefined;
}

interface MigrationRow {
  readonly source: string;
  readonly revision: number;
  readonly mark: number;
  readonly tables: string;
  readonly finished: number | null;
}

const IN_USE = 'the store in PostgreSQL is in use already; name an empty database, or another schema=';
const RESTART = 'or begin anew with --restart';

/** Begins, or goes on; whoever did so before can do no more. @throws CopyRefused */
export async function claim(tx: Transaction, source: CopySource): Promise<Claim> {
  const [state] = await tx.rows<{ schema: number; revision: number }>('SELECT schema, revision FROM state');
  const [row] = await tx.rows<MigrationRow>('SELECT source, revision, mark, tables, finished FROM migration');
  const run = randomUUID();
  const known = row !== undefined && source.wasAt(row.revision, row.mark);
  const isAsItWas = row?.revision === source.revision && row.mark === source.mark;
  if (!isHalfCopied(state?.schema)) {
    if (row?.finished != null && isAsItWas && row.finished === state?.revision) {
      return { run, tables: {}, finished: row.finished, changedSince: undefined };
    }
    await refuseFilled(tx);
    await begin(tx, source, run);
    return { run, tables: {}, finished: undefined, changedSince: undefined };
  }
  if (!known) {
    throw new CopyRefused(
      `this database holds an unfinished migration of another store, or of one that was restored: ${row?.source}, revision ${row?.revision}; name that one, ${RESTART}`,
    );
  }
  const values = [run, source.place, source.revision, source.mark];
  await tx.run('UPDATE migration SET run = $1, source = $2, revision = $3, mark = $4', values);
  return {
    run,
    tables: JSON.parse(row.tables) as ReachedTables,
    finished: undefined,
    changedSince: isAsItWas ? undefined : row.revision,
  };
}

/** Begun by another version, whose tables may be others. @throws CopyRefused */
export function refuseOtherVersion(schema: number): void {
  if (schema === HALF_COPIED + SCHEMA_VERSION) return;
  throw new CopyRefused(
    `this database holds an unfinished migration by another version of Latchkey; go on with that one, ${RESTART}`,
  );
}

/** @throws CopyRefused when another process has taken the migration over */
export async function reach(tx: Transaction, run: string, tables: ReachedTables): Promise<void> {
  const mine = await tx.run('UPDATE migration SET tables = $2 WHERE run = $1', [run, JSON.stringify(tables)]);
  if (mine === 0) throw new CopyRefused("another 'latchkey migrate' has taken this migration over");
}

/** From the commit on it is a store. @param revision the one that it will have */
export async function finish(tx: Transaction, source: CopySource, revision: number): Promise<void> {
  await tx.run('UPDATE migration SET finished = $1', [revision]);
  await tx.run(
    `UPDATE state SET revision = $1, trimmed = $1, grant_id = $2, schema = schema - ${HALF_COPIED}`,
    [source.revision, source.lastGrantId],
  );
}

/** Removes what an unfinished migration has copied, and nothing else. */
export async function removeHalfCopied(tx: Transaction): Promise<void> {
  const [state] = await tx.rows<{ schema: number }>('SELECT schema FROM state');
  if (state === undefined || !isHalfCopied(state.schema)) return;
  if (state.schema > HALF_COPIED + SCHEMA_VERSION) {
    throw new CopyRefused(
      'this database holds an unfinished migration by a newer Latchkey: go on, or begin anew, with that one',
    );
  }
  await truncate(
    tx,
    COPIED_TABLES.map(({ name }) => name),
  );
  await tx.run('DELETE FROM migration');
  await tx.run(`UPDATE state SET schema = schema - ${HALF_COPIED}`);
}

/** No trigger counts what goes so. Of an older schema some may not be there. */
export async function truncate(tx: Transaction, names: readonly string[]): Promise<void> {
  const there = await tx.rows<{ name: string }>(
    'SELECT name FROM unnest($1::text[]) AS name WHERE to_regclass(name) IS NOT NULL',
    [names],
  );
  if (there.length > 0) await tx.run(`TRUNCATE ${there.map(({ name }) => name).join(', ')}`);
}

async function begin(tx: Transaction, { place, revision, mark }: CopySource, run: string): Promise<void> {
  await tx.run('DELETE FROM migration');
  await tx.run(
    "INSERT INTO migration (one, source, revision, mark, run, tables) VALUES (1, $1, $2, $3, $4, '{}')",
    [place, revision, mark, run],
  );
  await tx.run(`UPDATE state SET schema = schema + ${HALF_COPIED}`);
}

/** Quotas, records and digests take no number. */
async function refuseFilled(tx: Transaction): Promise<void> {
  const some = COPIED_TABLES.map(({ name }) => `EXISTS (SELECT 1 FROM ${name})`);
  const [state] = await tx.rows<{ filled: boolean }>(
    `SELECT revision > 0 OR ${some.join(' OR ')} AS filled FROM state`,
  );
  if (state?.filled !== false) throw new CopyRefused(IN_USE);
}

/** A store that has been copied from this one, and was written to since. */
export function refuseUsed(): never {
  throw new CopyRefused(IN_USE);
}
