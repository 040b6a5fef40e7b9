/** The turn of a writer: an advisory lock that its transaction holds from its first statement to its end. */

import { createHash } from 'node:crypto';
import type { Connection } from './connections.js';

/** One for each schema: two Latchkeys in one database do not wait for each other. */
export function turnKey(schema: string): string {
  return createHash('sha256').update(`latchkey turn ${schema}`).digest().readBigInt64BE().toString();
}

export function takeTurn(key: string): string {
  return `SELECT pg_advisory_xact_lock(${key})`;
}

/**
 * Waits for its turn, and sees the store as the one before has left it: each in a statement of its own, since a statement
 * sees the store as it was when the statement began.
 *
 * @param first what comes before, such as BEGIN
 * @returns the schema that the store has now
 */
export async function beginTurn(
  connection: Connection,
  key: string,
  first: string,
): Promise<number | undefined> {
  const results = await connection.script(`${first}; ${takeTurn(key)}; SELECT schema FROM state`);
  return (results.at(-1)?.[0] as { schema: number } | undefined)?.schema;
}
