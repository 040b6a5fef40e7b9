/** The authorizers that decide by this store, as they tell of themselves. Each writes its own row, and nothing else. */

import type { AnnouncedAuthorizer, Announcements, AuthorizerName, Followed } from '../../acl/fleet-ports.js';
import type { Value } from './connections.js';
import type { PostgresDatabase } from './database.js';

// A revision that the store does not have, by its number and its mark, is of another one, such as was there before a backup
// was restored: whoever knows that one decides by none of ours.
const ANNOUNCE = `
  INSERT INTO authorizers (id, name, place, pid, staleness_max_ms, seen_at, revision)
  SELECT $1, $2, $3, $4, $5, clock_timestamp(),
    CASE WHEN (revision = $6::bigint AND mark = $7::bigint)
      OR EXISTS (SELECT FROM changes WHERE revision = $6::bigint AND mark = $7::bigint) THEN $6::bigint ELSE -1 END
  FROM state
  ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at, revision = excluded.revision`;

/** The same on every connection, however its server writes a time. */
const ANNOUNCEMENT = '(extract(epoch FROM seen_at) * 1000000)::bigint::text';

// One that is still to come was made before the clock was set back: it is no younger than one from before it was set ahead.
const LIST = `
  SELECT id, name, place, pid, staleness_max_ms AS "stalenessMaxMs", revision,
    abs(round(extract(epoch FROM clock_timestamp() - seen_at) * 1000))::bigint AS "unseenMs",
    ${ANNOUNCEMENT} AS announcement
  FROM authorizers ORDER BY name, id`;

const FORGET = `
  DELETE FROM authorizers USING unnest($1::text[], $2::text[]) AS gone (id, announcement)
  WHERE authorizers.id = gone.id AND ${ANNOUNCEMENT} = gone.announcement`;

export class PostgresAuthorizers implements Announcements {
  readonly #database: PostgresDatabase;

  constructor(database: PostgresDatabase) {
    this.#database = database;
  }

  async announce(self: AuthorizerName, { revision, mark }: Followed): Promise<void> {
    const { id, name, place, pid, stalenessMaxMs } = self;
    await this.#rows(ANNOUNCE, [id, name, place, pid, stalenessMaxMs, revision, mark ?? null]);
  }

  async withdraw(id: string): Promise<void> {
    await this.#rows('DELETE FROM authorizers WHERE id = $1', [id]);
  }

  async forget(gone: readonly Pick<AnnouncedAuthorizer, 'id' | 'announcement'>[]): Promise<void> {
    await this.#rows(FORGET, [gone.map(({ id }) => id), gone.map(({ announcement }) => announcement)]);
  }

  async authorizers(): Promise<readonly AnnouncedAuthorizer[]> {
    return this.#rows<AnnouncedAuthorizer>(LIST);
  }

  /** With the patience of a decision: whoever waits for a receipt, or ends, waits for no store that is away. */
  #rows<R>(sql: string, values: readonly Value[] = []): Promise<readonly R[]> {
    return this.#database.facts((connection) => connection.rows<R>(sql, values));
  }
}
