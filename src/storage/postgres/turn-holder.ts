/**
 * Who has the turn of writers, so that a writer that has waited for it in vain can be told for whom. A transaction that may
 * keep it for long says by its connection's name what it is doing. Where that cannot be found out nothing is said.
 */

import type { Connection } from './connections.js';

/** As `pg_stat_activity` shows the connection, from when it waits for its turn until its transaction ends. */
const IMPORTING = 'latchkey import';

export const SAY_IMPORTING = `SET LOCAL application_name = '${IMPORTING}'`;

/** A lock by one number is kept as its two halves. */
const HOLDER = `
  SELECT application_name AS name FROM pg_locks JOIN pg_stat_activity USING (pid)
  WHERE locktype = 'advisory' AND granted AND objsubid = 1
    AND pg_locks.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND (classid::bigint << 32) | objid::bigint = $1::bigint`;

/** Such as `an import is under way`. */
export async function describeHolder(connection: Connection, key: string): Promise<string | undefined> {
  const [row] = await connection.rows<{ name: string | null }>(HOLDER, [key]);
  return row?.name === IMPORTING ? 'an import is under way' : undefined;
}
