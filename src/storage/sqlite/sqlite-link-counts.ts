/**
 * What is counted of share links, in SQLite. Each count moves in the transaction that looks at it, so that of ten
 * who race for the last download one gets it, in however many processes they are.
 */

import type { Database } from 'better-sqlite3';
import type { Lease, LeaseRequest, LinkCountStore } from '../../acl/link-ports.js';
import type { WriteTurns } from './write-turns.js';

export class SqliteLinkCounts implements LinkCountStore {
  readonly #db: Database;
  readonly #turns: WriteTurns;

  constructor(db: Database, turns: WriteTurns) {
    this.#db = db;
    this.#turns = turns;
  }

  async lease(request: LeaseRequest): Promise<Lease> {
    // Whoever resumes a download does not wait for writers: a lease is never taken back before its end. Nor does whoever
    // comes when all are used up: a count never falls, and strangers may ask as often as they like.
    const known = this.#known(request);
    if (known !== undefined) return known;
    return this.#turns.write(() => {
      if (this.#holds(request)) return 'held';
      const { linkId, clients, now, until, downloadsMax } = request;
      const { changes } = this.#db
        .prepare('UPDATE share_links SET downloads = downloads + 1 WHERE id = ? AND downloads < ?')
        .run(linkId, downloadsMax);
      if (changes === 0) return 'exhausted';
      this.#db.prepare('DELETE FROM link_leases WHERE expires_at <= ?').run(now);
      const insert = this.#db.prepare('INSERT OR REPLACE INTO link_leases VALUES (?, ?, ?)');
      for (const client of clients) insert.run(linkId, client, until);
      return 'opened';
    });
  }

  async wouldLease(request: LeaseRequest): Promise<Lease> {
    return this.#known(request) ?? 'opened';
  }

  async uploads(linkId: string): Promise<number> {
    const uploads = this.#db
      .prepare<[string], number>('SELECT uploads FROM share_links WHERE id = ?')
      .pluck();
    return uploads.get(linkId) ?? 0;
  }

  async recordLinkUses(uses: ReadonlyMap<string, number>): Promise<void> {
    const update = this.#db.prepare(
      'UPDATE share_links SET last_used_at = ? WHERE id = ? AND coalesce(last_used_at, 0) < ?',
    );
    await this.#turns.write(() => {
      for (const [id, at] of uses) update.run(at, id, at);
    });
  }

  /** Without a write; `undefined`: there is room for another. */
  #known(request: LeaseRequest): 'held' | 'exhausted' | undefined {
    // The count first, so that the lease of whoever takes the last one meanwhile is seen.
    const hasRoom = this.#hasRoom(request);
    if (this.#holds(request)) return 'held';
    return hasRoom ? undefined : 'exhausted';
  }

  #hasRoom({ linkId, downloadsMax }: LeaseRequest): boolean {
    const link = this.#db.prepare('SELECT 1 FROM share_links WHERE id = ? AND downloads < ?');
    return link.get(linkId, downloadsMax) !== undefined;
  }

  #holds({ linkId, clients, now }: LeaseRequest): boolean {
    const lease = this.#db.prepare(
      'SELECT 1 FROM link_leases WHERE link_id = ? AND client = ? AND expires_at > ?',
    );
    return clients.some((client) => lease.get(linkId, client, now) !== undefined);
  }
}
