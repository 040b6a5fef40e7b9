/** Opens a SQLite store: a writer with its schema brought up to date, and a reader for the decisions. */

import type { FailureStore } from '../../acl/count-ports.js';
import type { Store, UsageStore } from '../../acl/ports.js';
import { ChangeLog } from './change-log.js';
import { openWriter, waitForNobody } from './connection.js';
import { CountersFile } from './counters-file.js';
import { migrate } from './migrations.js';
import { SqliteAttempts, SqliteFailures } from './sqlite-counts.js';
import { SqliteCredentials, SqliteUsage } from './sqlite-credentials.js';
import { SqliteDigests } from './sqlite-digests.js';
import { SqliteExpiries } from './sqlite-expiries.js';
import { SqliteFacts } from './sqlite-facts.js';
import { SqliteFiles } from './sqlite-files.js';
import { SqliteLinkCounts } from './sqlite-link-counts.js';
import { SqliteMoves } from './sqlite-moves.js';
import { SqliteQuotas } from './sqlite-quotas.js';
import { SqliteShareLinks } from './sqlite-share-links.js';
import { SqliteSignedUrls } from './sqlite-signed-urls.js';
import { SqliteStore } from './sqlite-store.js';
import { SqliteTrash } from './sqlite-trash.js';
import { SqliteTree } from './sqlite-tree.js';
import { WRITER_PATIENCE_MS, WriteTurns } from './write-turns.js';

/**
 * @param file the database's path; its folder exists, the file is made where it is missing
 * @param patienceMs how long a write waits for those of other processes
 */
export function openSqliteStore(file: string, patienceMs = WRITER_PATIENCE_MS): Store {
  const db = openWriter(file);
  try {
    migrate(db);
    const facts = new SqliteFacts(file);
    waitForNobody(db);
    const turns = new WriteTurns(db, patienceMs);
    const log = new ChangeLog(db, turns);
    const quotas = new SqliteQuotas(db, turns);
    const counters = new CountersFile(file);
    return {
      acl: new SqliteStore(db, log),
      credentials: new SqliteCredentials(db, log),
      usage: new SqliteUsage(db, turns),
      signedUrls: new SqliteSignedUrls(db, log),
      shareLinks: new SqliteShareLinks(db, log),
      linkCounts: new SqliteLinkCounts(db, turns),
      files: new SqliteFiles(db, log, quotas),
      expiries: new SqliteExpiries(db, log),
      trash: new SqliteTrash(db, log),
      moves: new SqliteMoves(db, log, quotas),
      tree: new SqliteTree(db, log),
      quotas,
      digests: new SqliteDigests(db, turns),
      attempts: new SqliteAttempts(counters),
      failures: new SqliteFailures(counters),
      facts,
      close: async () => {
        facts.close();
        counters.close();
        db.close();
      },
    };
  } catch (error) {
    db.close();
    throw error;
  }
}

/** For the authorizer, which only reads: brings the schema up to date and keeps no connection that can write. */
export async function openSqliteFacts(file: string): Promise<SqliteFacts> {
  await openSqliteStore(file).close();
  return new SqliteFacts(file);
}

/**
 * Writes by a connection that is opened for each batch: between two of them the authorizer can write nothing. It
 * waits its turn without stopping the decisions.
 */
export function sqliteUsage(file: string): UsageStore {
  return {
    recordUses: async (uses) => {
      const db = openWriter(file);
      try {
        waitForNobody(db);
        await new SqliteUsage(db, new WriteTurns(db)).recordUses(uses);
      } finally {
        db.close();
      }
    },
  };
}

/** What the authorizer counts: in a file of its own, whose connection can write nothing else. */
export function sqliteFailures(file: string): FailureStore & { close(): void } {
  const counters = new CountersFile(file);
  const failures = new SqliteFailures(counters);
  return { join: (counted) => failures.join(counted), close: () => counters.close() };
}
