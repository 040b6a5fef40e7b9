/**
 * Opens SQLite with every option that matters said aloud. The only file that names pragmas beside the
 * migrations.
 */

import SQLite, { type Database } from 'better-sqlite3';

/** How long a writer waits for another one. An import of a million rows holds the lock for some seconds. */
const WRITER_BUSY_TIMEOUT_MS = 15_000;
/** WAL readers wait for nobody but a recovery after a crash. */
const READER_BUSY_TIMEOUT_MS = 1_000;
/** Twice SQLite's own: rows with long paths, and imports for a little less CPU (docs/decisions/0008-import.md). */
const PAGE_BYTES = 8192;
const SWITCH_RETRY_MS = 20;
const WRITER_CACHE_KIB = 256 * 1024;
const READER_CACHE_KIB = 32 * 1024;

/**
 * A connection that may write. WAL with synchronous=FULL: what has returned survives a power cut.
 *
 * @param busyTimeoutMs how long a write stands still behind another writer, and this process with it
 */
export function openWriter(file: string, busyTimeoutMs = WRITER_BUSY_TIMEOUT_MS): Database {
  const db = new SQLite(file, { timeout: busyTimeoutMs });
  db.pragma(`page_size = ${PAGE_BYTES}`); // of a file that is new
  switchToWal(db);
  db.pragma('synchronous = FULL');
  db.pragma('foreign_keys = ON');
  db.pragma('trusted_schema = OFF');
  db.pragma(`cache_size = -${WRITER_CACHE_KIB}`);
  return db;
}

/** A connection that never writes; `data_version` on it moves with every commit by any other connection. */
export function openReader(file: string): Database {
  const db = new SQLite(file, { timeout: READER_BUSY_TIMEOUT_MS, fileMustExist: true });
  db.pragma('query_only = ON');
  db.pragma('trusted_schema = OFF');
  db.pragma(`cache_size = -${READER_CACHE_KIB}`);
  return db;
}

/** The first two processes on a new file may want to switch at once; SQLite tells the second one at once. */
function switchToWal(db: Database): void {
  const deadline = performance.now() + WRITER_BUSY_TIMEOUT_MS;
  while (db.pragma('journal_mode', { simple: true }) !== 'wal') {
    try {
      db.pragma('journal_mode = WAL');
    } catch (error) {
      if ((error as { code?: string }).code !== 'SQLITE_BUSY' || performance.now() > deadline) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, SWITCH_RETRY_MS);
    }
  }
}
