/** The authorizers that decide by this store, as they tell of themselves. Each writes its own row, and nothing else. */

import type { AnnouncedAuthorizer, Announcements, AuthorizerName } from '../../acl/fleet-ports.js';
import type { PostgresDatabase } from './database.js';

/** Of one that went without a word nobody has to hear for longer: it has not decided from memory since. */
const FORGOTTEN_AFTER = '10 minutes';

// A number that the store does not have is of another one, which was there before a backup was restored.
const ANNOUNCE = `
  INSERT INTO authorizers (id, name, place, pid, staleness_max_ms, seen_at, revision)
  SELECT $1, $2, $3, $4, $5, clock_timestamp(), least($6, revision) FROM state
  ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at, revision = excluded.revision`;

const LIST = `
  SELECT id, name, place, pid, staleness_max_ms AS "stalenessMaxMs", revision,
    greatest(0, round(extract(epoch FROM clock_timestamp() - seen_at) * 1000))::bigint AS "unseenMs"
  FROM authorizers WHERE seen_at > clock_timestamp() - interval '${FORGOTTEN_AFTER}' ORDER BY name, id`;

export class PostgresAuthorizers implements Announcements {
  readonly #database: PostgresDatabase;

  constructor(database: PostgresDatabase) {
    this.#database = database;
  }

  async announce({ id, name, place, pid, stalenessMaxMs }: AuthorizerName, revision: number): Promise<void> {
    await this.#database.rows(ANNOUNCE, [id, name, place, pid, stalenessMaxMs, revision]);
  }

  async withdraw(id: string): Promise<void> {
    await this.#database.rows(
      `DELETE FROM authorizers WHERE id = $1 OR seen_at < clock_timestamp() - interval '${FORGOTTEN_AFTER}'`,
      [id],
    );
  }

  async authorizers(): Promise<readonly AnnouncedAuthorizer[]> {
    return this.#database.rows<AnnouncedAuthorizer>(LIST);
  }
}
