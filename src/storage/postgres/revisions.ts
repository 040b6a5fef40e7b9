/**
 * The number of a change (DESIGN §6): the last statement of a write takes it from the one row that has it, and logs what
 * was touched under it. The row stays locked until the commit, so numbers have no gaps and come in the order of commits.
 *
 * Each revision has a mark, drawn at random: after a backup was restored the numbers come again, and a reader tells by
 * the mark that they are not the ones that it knows.
 */

import { createHash } from 'node:crypto';
import { SCHEMA_DEFAULT } from './address.js';
import type { Asking, Transaction } from './transaction.js';

/** Revisions kept. A reader that missed more than these starts cold. */
const REVISIONS_KEPT = 100_000;

const CHANNEL = 'latchkey_revisions';
/** PostgreSQL's, of an identifier. */
const NAME_BYTES_MAX = 63;
const HASH_LENGTH = 16;

/**
 * Whoever listens there hears of every revision of this schema, as a number in digits: two Latchkeys in one database do
 * not wake each other. The name of the default one is older than the others: programs of before and after hear each other.
 */
export function revisionsChannel(schema: string): string {
  if (schema === SCHEMA_DEFAULT) return CHANNEL;
  const name = `${CHANNEL}_${schema}`;
  if (name.length <= NAME_BYTES_MAX) return name;
  return `${CHANNEL}__${createHash('sha256').update(schema).digest('hex').slice(0, HASH_LENGTH)}`;
}

export interface Recorded {
  readonly revision: number;
  /** `undefined`: it took no number. */
  readonly mark: number | undefined;
  /** The server's number of a transaction that wrote something, and took none of ours. */
  readonly transaction?: string;
}

// 48 bits of a random UUID: a number in JavaScript holds them.
const RECORD = `
  WITH bumped AS (
    UPDATE state SET revision = revision + 1, trimmed = greatest(trimmed, revision + 1 - ${REVISIONS_KEPT}),
      mark = ('x' || right(gen_random_uuid()::text, 12))::bit(48)::bigint
    RETURNING revision, trimmed, mark
  ), logged AS (
    INSERT INTO changes (revision, touched, mark)
    SELECT revision, key, mark FROM bumped, (SELECT DISTINCT key COLLATE "C" AS key FROM unnest($1::text[]) AS key) AS keys
  ), cut AS (
    DELETE FROM changes WHERE revision < (SELECT trimmed FROM bumped)
  )
  SELECT revision, mark, pg_notify($2, revision::text) FROM bumped`;

export async function record(
  tx: Transaction,
  touched: readonly string[],
  channel: string,
): Promise<Recorded> {
  if (touched.length === 0) return unnumbered(tx);
  const [row] = await tx.rows<{ revision: number; mark: number }>(RECORD, [touched, channel]);
  if (row === undefined) throw new Error('the store has no state row');
  return { revision: row.revision, mark: row.mark };
}

/** Such as the end of a commit whose file was seen at once: its line in the journal went. */
async function unnumbered(tx: Transaction): Promise<Recorded> {
  const [row] = await tx.rows<{ revision: number; written: string | null }>(
    'SELECT revision, pg_current_xact_id_if_assigned()::text AS written FROM state',
  );
  const { revision = 0, written = null } = row ?? {};
  return { revision, mark: undefined, ...(written !== null && { transaction: written }) };
}

export async function wasRecorded(tx: Transaction, recorded: Recorded): Promise<boolean> {
  const { revision, mark, transaction } = recorded;
  if (mark === undefined) {
    const [row] = await tx.rows<{ status: string | null }>('SELECT pg_xact_status($1::xid8) AS status', [
      transaction ?? null,
    ]);
    return row?.status === 'committed';
  }
  const found = await tx.rows('SELECT 1 FROM changes WHERE revision = $1 AND mark = $2 LIMIT 1', [
    revision,
    mark,
  ]);
  return found.length > 0;
}

export async function revisionOf(tx: Asking): Promise<number> {
  const [row] = await tx.rows<{ revision: number }>('SELECT revision FROM state');
  return row?.revision ?? 0;
}
