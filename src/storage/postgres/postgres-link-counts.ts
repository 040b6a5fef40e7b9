/**
 * What is counted of share links, in PostgreSQL. Whoever counts locks the row of the link first, so that of ten who race
 * for the last download one gets it, on however many machines they are. Nobody waits for other links, or for an import.
 */

import type { Lease, LeaseRequest, LinkCountStore } from '../../acl/link-ports.js';
import type { Asking, PostgresDatabase, Transaction } from './database.js';

/** Leases that have ended, forgotten with each that is begun: more than there are begun. */
const FORGOTTEN_AT_ONCE = 100;

const KNOWN = `
  SELECT downloads < $3 AS has_room,
    EXISTS (SELECT 1 FROM link_leases WHERE link_id = $1 AND client = ANY ($2::text[]) AND expires_at > $4) AS holds
  FROM share_links WHERE id = $1`;

export class PostgresLinkCounts implements LinkCountStore {
  readonly #database: PostgresDatabase;

  constructor(database: PostgresDatabase) {
    this.#database = database;
  }

  async lease(request: LeaseRequest): Promise<Lease> {
    // Whoever resumes a download does not wait for writers: a lease is never taken back before its end. Nor does whoever
    // comes when all are used up: a count never falls, and strangers may ask as often as they like.
    const known = await look(this.#database, request);
    if (known !== undefined) return known;
    return this.#database.writeBeside((tx) => open(tx, request));
  }

  async wouldLease(request: LeaseRequest): Promise<Lease> {
    return (await look(this.#database, request)) ?? 'opened';
  }

  async uploads(linkId: string): Promise<number> {
    const [row] = await this.#database.rows<{ uploads: number }>(
      'SELECT uploads FROM share_links WHERE id = $1',
      [linkId],
    );
    return row?.uploads ?? 0;
  }

  async recordLinkUses(uses: ReadonlyMap<string, number>): Promise<void> {
    await this.#database.writeBeside((tx) =>
      tx.run(
        `UPDATE share_links SET last_used_at = at FROM unnest($1::text[], $2::bigint[]) AS used (link_id, at)
         WHERE id = link_id AND coalesce(last_used_at, 0) < at`,
        [[...uses.keys()], [...uses.values()]],
      ),
    );
  }
}

async function open(tx: Transaction, request: LeaseRequest): Promise<Lease> {
  const { linkId, clients, now, until } = request;
  // A statement of its own: the next one sees what whoever held the lock has counted.
  await tx.rows('SELECT 1 FROM share_links WHERE id = $1 FOR UPDATE', [linkId]);
  const known = await look(tx, request);
  if (known !== undefined) return known;
  await tx.run('UPDATE share_links SET downloads = downloads + 1 WHERE id = $1', [linkId]);
  // Others forget as well, each what nobody else is at.
  await tx.run(
    `DELETE FROM link_leases WHERE (link_id, client) IN (
       SELECT link_id, client FROM link_leases WHERE expires_at <= $1
       LIMIT ${FORGOTTEN_AT_ONCE} FOR UPDATE SKIP LOCKED)`,
    [now],
  );
  await tx.run(
    `INSERT INTO link_leases SELECT $1, client, $3 FROM unnest($2::text[]) AS client
     ON CONFLICT (link_id, client) DO UPDATE SET expires_at = excluded.expires_at`,
    [linkId, [...new Set(clients)], until],
  );
  return 'opened';
}

/** Without a write; `undefined`: there is room for another. */
async function look(tx: Asking, request: LeaseRequest): Promise<'held' | 'exhausted' | undefined> {
  const { linkId, clients, now, downloadsMax } = request;
  const [row] = await tx.rows<{ has_room: boolean; holds: boolean }>(KNOWN, [
    linkId,
    clients,
    downloadsMax,
    now,
  ]);
  if (row?.holds === true) return 'held';
  return row?.has_room === true ? undefined : 'exhausted';
}
