/**
 * A lock that one process holds, or several share, and that ends with them, however they end: a transaction, never
 * finished, on a SQLite file that stays empty. Node has no flock(2); SQLite's locks are the kernel's as well.
 */

import SQLite from 'better-sqlite3';

export interface ProcessLock {
  release(): void;
}

/** `undefined`: another process holds it. @param file in a folder that is there; it is made, and never removed */
export function takeLock(file: string): ProcessLock | undefined {
  const db = new SQLite(file, { timeout: 0 });
  try {
    db.exec('BEGIN EXCLUSIVE');
    return { release: () => void db.close() };
  } catch (error) {
    db.close();
    if ((error as { code?: string }).code === 'SQLITE_BUSY') return undefined;
    throw error;
  }
}

/** Who has it alone keeps it for a moment only. */
const SHARED_PATIENCE_MS = 5_000;

/** With others, who have it in the same way; nobody has it alone meanwhile. @param file as above */
export function takeSharedLock(file: string): ProcessLock {
  const db = new SQLite(file, { timeout: SHARED_PATIENCE_MS });
  try {
    db.exec('BEGIN; SELECT 1 FROM sqlite_schema');
    return { release: () => void db.close() };
  } catch (error) {
    db.close();
    throw error;
  }
}
