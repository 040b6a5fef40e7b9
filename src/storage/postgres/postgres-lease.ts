/** Who changes files, in PostgreSQL: one row, which only its server's clock ends. */

import type { LeaseHolder, LeaseStore, LeaseWish, TakenLease, Taking } from '../../acl/lease-ports.js';
import type { PostgresDatabase } from './database.js';

const HOLDER = `
  SELECT holder AS id, name, lock, ceil(extract(epoch FROM expires_at - clock_timestamp()) * 1000)::bigint AS "restMs"
  FROM files_lease WHERE expires_at > clock_timestamp()`;

const END = `clock_timestamp() + $4 * interval '1 millisecond'`;

// The row is locked before its condition is looked at, and by then nobody has a transaction open that relies on it.
const TAKE = `
  INSERT INTO files_lease (one, epoch, holder, name, lock, expires_at) VALUES (1, 1, $1, $2, $3, ${END})
  ON CONFLICT (one) DO UPDATE SET epoch = files_lease.epoch + 1, holder = excluded.holder, name = excluded.name,
    lock = excluded.lock, expires_at = ${END}
  WHERE files_lease.expires_at <= clock_timestamp() OR files_lease.lock = excluded.lock
  RETURNING epoch`;

const RENEW = `
  UPDATE files_lease SET expires_at = clock_timestamp() + $3 * interval '1 millisecond'
  WHERE holder = $1 AND epoch = $2`;

export class PostgresLease implements LeaseStore {
  readonly #database: PostgresDatabase;

  constructor(database: PostgresDatabase) {
    this.#database = database;
  }

  async take(wish: LeaseWish, lengthMs: number): Promise<Taking> {
    const { id, name, lock } = wish;
    for (;;) {
      // Who only waits locks nothing.
      const holder = await this.holder();
      if (holder !== undefined && holder.lock !== lock) return { holder };
      const [row] = await this.#database.rows<{ epoch: number }>(TAKE, [id, name, lock, lengthMs]);
      if (row !== undefined) return { taken: { id, epoch: row.epoch } };
    }
  }

  /** With the patience of a decision: it is asked again before the lease ends. */
  async renew({ id, epoch }: TakenLease, lengthMs: number): Promise<boolean> {
    const renewed = await this.#database.facts((connection) => connection.run(RENEW, [id, epoch, lengthMs]));
    return renewed > 0;
  }

  async release({ id, epoch }: TakenLease): Promise<void> {
    await this.#database.rows(
      `UPDATE files_lease SET expires_at = '-infinity' WHERE holder = $1 AND epoch = $2`,
      [id, epoch],
    );
  }

  async holder(): Promise<LeaseHolder | undefined> {
    const [holder] = await this.#database.rows<LeaseHolder>(HOLDER);
    return holder;
  }
}
