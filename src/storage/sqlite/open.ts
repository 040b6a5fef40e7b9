/** Opens a SQLite store: a writer with its schema brought up to date, and a reader for the decisions. */

import type { Store, UsageStore } from '../../acl/ports.js';
import { ChangeLog } from './change-log.js';
import { openWriter } from './connection.js';
import { migrate } from './migrations.js';
import { SqliteCredentials, SqliteUsage } from './sqlite-credentials.js';
import { SqliteFacts } from './sqlite-facts.js';
import { SqliteFiles } from './sqlite-files.js';
import { SqliteStore } from './sqlite-store.js';

/** @param file the database's path; its folder exists, the file is made where it is missing */
export function openSqliteStore(file: string): Store {
  const db = openWriter(file);
  try {
    migrate(db);
    const facts = new SqliteFacts(file);
    const log = new ChangeLog(db);
    return {
      acl: new SqliteStore(db, log),
      credentials: new SqliteCredentials(db, log),
      usage: sqliteUsage(file),
      files: new SqliteFiles(db, log),
      facts,
      close: async () => {
        facts.close();
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

/** What it writes may as well be written a minute later; decisions may not wait for it. */
const USAGE_BUSY_TIMEOUT_MS = 20;

/** Writes by a connection that is opened for each batch: between two of them the authorizer can write nothing. */
export function sqliteUsage(file: string): UsageStore {
  return {
    recordUses: async (uses) => {
      const db = openWriter(file, USAGE_BUSY_TIMEOUT_MS);
      try {
        await new SqliteUsage(db).recordUses(uses);
      } finally {
        db.close();
      }
    },
  };
}
