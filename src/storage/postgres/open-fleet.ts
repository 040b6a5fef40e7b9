/** What a fleet needs of PostgreSQL beside its store: where authorizers announce themselves, and a feed without Redis. */

import type { Announcements } from '../../acl/fleet-ports.js';
import { parseAddress } from './address.js';
import { PostgresDatabase } from './database.js';
import { PostgresAuthorizers } from './postgres-authorizers.js';

export { ListenFeed } from './listen-feed.js';

/** On connections of its own: it waits behind nobody's reading. It connects when there is something to say. */
export function openPostgresAuthorizers(url: string): { authorizers: Announcements; close(): Promise<void> } {
  const database = new PostgresDatabase(parseAddress(url));
  return { authorizers: new PostgresAuthorizers(database), close: () => database.close() };
}
