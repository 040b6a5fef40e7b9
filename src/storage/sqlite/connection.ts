/**
 * Opens SQLite with every option that matters said aloud. The only file that names pragmas beside the
 * migrations.
 */

import SQLite, { type Database } from 'better-sqlite3';

/** Opening may wait: nothing is served yet. Afterwards `WriteTurns` waits, without stopping the process. */
const OPENING_TIMEOUT_MS = 15_000;
/** WAL readers wait for nobody but a recovery after a crash. */
const READER_BUSY_TIMEOUT_MS = 1_000;
/** Twice SQLite's own: rows with long paths, and imports for a little less CPU (docs/decisions/0008-import.md). */
const PAGE_BYTES = 8192;
const SWITCH_RETRY_MS = 20;
const WRITER_CACHE_KIB = 256 * 1024;
const READER_CACHE_KIB = 32 * 1024;
/** Of counters, which are opened while requests are served: whoever else opens them is done in a millisecond. */
const COUNTERS_TIMEOUT_MS = 200;
const COUNTERS_CACHE_KIB = 4 * 1024;

/** A connection that may write; it waits for no lock once `waitForNobody` was called. WAL with synchronous=FULL: what has returned survives a power cut. */
export function openWriter(file: string): Database {
  const db = new SQLite(file, { timeout: OPENING_TIMEOUT_MS });
  db.pragma(`page_size = ${PAGE_BYTES}`); // of a file that is new
  switchToWal(db);
  db.pragma('synchronous = FULL');
  db.pragma('foreign_keys = ON');
  db.pragma('trusted_schema = OFF');
  db.pragma(`cache_size = -${WRITER_CACHE_KIB}`);
  return db;
}

/**
 * For what is counted beside the store. A commit waits for no disk: what a process has written outlives it, and a power cut
 * may take the last of it.
 */
export function openCountersFile(file: string): Database {
  const db = new SQLite(file, { timeout: COUNTERS_TIMEOUT_MS });
  switchToWal(db, COUNTERS_TIMEOUT_MS);
  db.pragma('synchronous = NORMAL');
  db.pragma('trusted_schema = OFF');
  db.pragma(`cache_size = -${COUNTERS_CACHE_KIB}`);
  return db;
}

/** From now on a lock that is held is an error at once: SQLite's waiting would stop the process. */
export function waitForNobody(db: Database): void {
  db.pragma('busy_timeout = 0');
}

/** A connection that never writes; `data_version` on it moves with every commit by any other connection. */
export function openReader(file: string): Database {
  const db = new SQLite(file, { timeout: READER_BUSY_TIMEOUT_MS, fileMustExist: true });
  db.pragma('query_only = ON');
  db.pragma('trusted_schema = OFF');
  db.pragma(`cache_size = -${READER_CACHE_KIB}`);
  return db;
}

/** A connection that only reads, while nobody at all can write: it has the lock of writers until it is closed. */
export function openHeld(file: string): Database {
  const db = new SQLite(file, { timeout: READER_BUSY_TIMEOUT_MS, fileMustExist: true });
  try {
    db.exec('BEGIN IMMEDIATE');
    db.pragma('query_only = ON');
    db.pragma('trusted_schema = OFF');
    db.pragma(`cache_size = -${READER_CACHE_KIB}`);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** The first two processes on a new file may want to switch at once; SQLite tells the second one at once. */
function switchToWal(db: Database, patienceMs = OPENING_TIMEOUT_MS): void {
  const deadline = performance.now() + patienceMs;
  while (db.pragma('journal_mode', { simple: true }) !== 'wal') {
    try {
      db.pragma('journal_mode = WAL');
    } catch (error) {
      if ((error as { code?: string }).code !== 'SQLITE_BUSY' || performance.now() > deadline) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, SWITCH_RETRY_MS);
    }
  }
}
