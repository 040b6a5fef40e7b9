/** Opens a PostgreSQL store: its connections, with its schema brought up to date. */

import type { FailureStore } from '../../acl/count-ports.js';
import type { LeaseStore } from '../../acl/lease-ports.js';
import type { Store, UsageStore } from '../../acl/ports.js';
import { parseAddress } from './address.js';
import { WRITER_LIMITS, type WriterLimits } from './connection-limits.js';
import { PostgresDatabase } from './database.js';
import { type Fence, FencedDatabase } from './fenced-database.js';
import { migrate } from './migrate.js';
import { PostgresAcl } from './postgres-acl.js';
import { openPostgresFailures, PostgresAttempts } from './postgres-counts.js';
import { PostgresCredentials, PostgresUsage } from './postgres-credentials.js';
import { PostgresDigests } from './postgres-digests.js';
import { PostgresExpiries } from './postgres-expiries.js';
import { PostgresFacts } from './postgres-facts.js';
import { PostgresFiles } from './postgres-files.js';
import { PostgresLease } from './postgres-lease.js';
import { PostgresLinkCounts } from './postgres-link-counts.js';
import { PostgresMoves } from './postgres-moves.js';
import { PostgresQuotas } from './postgres-quotas.js';
import { PostgresShareLinks } from './postgres-share-links.js';
import { PostgresSignedUrls } from './postgres-signed-urls.js';
import { PostgresTrash } from './postgres-trash.js';
import { PostgresTree } from './postgres-tree.js';
import { PublishingDatabase } from './publishing-database.js';

/**
 * @param onCommitted told of every revision that is written by this store
 * @param fence of whoever changes files by it; absent: nobody does but beside whoever may
 */
export async function openPostgresStore(
  url: string,
  limits: WriterLimits = WRITER_LIMITS,
  onCommitted: (revision: number) => void = () => {},
  fence?: Fence,
): Promise<Store> {
  const database = await opened(new PublishingDatabase(parseAddress(url), limits, onCommitted));
  const failures = openPostgresFailures(url);
  const ofFiles = fence === undefined ? database : new FencedDatabase(database, fence);
  return {
    acl: new PostgresAcl(database),
    credentials: new PostgresCredentials(database),
    usage: new PostgresUsage(database),
    signedUrls: new PostgresSignedUrls(database),
    shareLinks: new PostgresShareLinks(database),
    linkCounts: new PostgresLinkCounts(database),
    facts: new PostgresFacts(database),
    files: new PostgresFiles(ofFiles),
    digests: new PostgresDigests(database),
    expiries: new PostgresExpiries(ofFiles),
    trash: new PostgresTrash(ofFiles),
    moves: new PostgresMoves(ofFiles),
    tree: new PostgresTree(ofFiles),
    quotas: new PostgresQuotas(database),
    attempts: new PostgresAttempts(database),
    failures,
    close: async () => {
      await Promise.all([failures.close(), database.close()]);
    },
  };
}

/** For the authorizer, which reads, notes when keys were used, and counts failures. */
export async function openPostgresFacts(url: string): Promise<{
  readonly facts: PostgresFacts;
  readonly usage: UsageStore;
  readonly failures: FailureStore;
  close(): Promise<void>;
}> {
  const database = await opened(new PostgresDatabase(parseAddress(url)));
  const failures = openPostgresFailures(url);
  return {
    facts: new PostgresFacts(database),
    usage: new PostgresUsage(database),
    failures,
    close: async () => {
      await Promise.all([failures.close(), database.close()]);
    },
  };
}

/** On connections of its own, which wait behind no write. */
export async function openPostgresLease(
  url: string,
): Promise<{ readonly store: LeaseStore; close(): Promise<void> }> {
  const database = await opened(new PostgresDatabase(parseAddress(url)));
  return { store: new PostgresLease(database), close: () => database.close() };
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
