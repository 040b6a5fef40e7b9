/** Opens a PostgreSQL store: its connections, with its schema brought up to date. */

import type { Store, UsageStore } from '../../acl/ports.js';
import { parseAddress } from './address.js';
import { PostgresDatabase, WRITER_PATIENCE_MS } from './database.js';
import { migrate } from './migrate.js';
import { PostgresAcl } from './postgres-acl.js';
import { PostgresCredentials, PostgresUsage } from './postgres-credentials.js';
import { PostgresFacts } from './postgres-facts.js';
import { PostgresLinkCounts } from './postgres-link-counts.js';
import { PostgresShareLinks } from './postgres-share-links.js';
import { PostgresSignedUrls } from './postgres-signed-urls.js';
import { PublishingDatabase } from './publishing-database.js';

export interface StoreOptions {
  /** How long a write waits for those of others. */
  readonly patienceMs?: number;
  /** Told of every revision that is written by this store. */
  readonly onCommitted?: ((revision: number) => void) | undefined;
}

export async function openPostgresStore(
  url: string,
  { patienceMs = WRITER_PATIENCE_MS, onCommitted = () => {} }: StoreOptions = {},
): Promise<Store> {
  const database = await opened(new PublishingDatabase(parseAddress(url), patienceMs, onCommitted));
  return {
    acl: new PostgresAcl(database),
    credentials: new PostgresCredentials(database),
    usage: new PostgresUsage(database),
    signedUrls: new PostgresSignedUrls(database),
    shareLinks: new PostgresShareLinks(database),
    linkCounts: new PostgresLinkCounts(database),
    facts: new PostgresFacts(database),
    ...notYet(),
    close: () => database.close(),
  };
}

/** For the authorizer, which reads, and notes when keys were used. */
export async function openPostgresFacts(url: string): Promise<{
  readonly facts: PostgresFacts;
  readonly usage: UsageStore;
  close(): Promise<void>;
}> {
  const database = await opened(new PostgresDatabase(parseAddress(url), WRITER_PATIENCE_MS));
  return {
    facts: new PostgresFacts(database),
    usage: new PostgresUsage(database),
    close: () => database.close(),
  };
}

async function opened(database: PostgresDatabase): Promise<PostgresDatabase> {
  try {
    await migrate(database);
    return database;
  } catch (error) {
    await database.close();
    throw error;
  }
}

/** The ports of files: what follows implements them. */
function notYet(): Pick<Store, 'files' | 'expiries' | 'trash' | 'moves' | 'tree' | 'quotas'> {
  const port = new Proxy(
    {},
    { get: (_, name) => () => Promise.reject(new Error(`${String(name)}: not yet`)) },
  );
  return { files: port, expiries: port, trash: port, moves: port, tree: port, quotas: port } as never;
}
