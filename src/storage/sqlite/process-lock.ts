/**
 * A lock that one process holds and that ends with it, however it ends: an exclusive transaction, never
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
