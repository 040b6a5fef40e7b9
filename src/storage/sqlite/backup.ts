/**
 * One file with the whole store of one instant, while others go on writing. The copy holds no lock that a writer
 * waits for, and is made again from the start by nothing: a read transaction keeps its snapshot until the end.
 */

import { closeSync, fsyncSync, openSync } from 'node:fs';
import SQLite from 'better-sqlite3';
import { openReader } from './connection.js';

/** At 8 KiB a page some milliseconds of copying, so that a signal is heard and progress is told. */
const PAGES_AT_A_TIME = 1_000;

export interface BackupFacts {
  readonly bytes: number;
  /** The last change that is in it. */
  readonly revision: number;
}

/**
 * @param target the file, which is made (mode 0600) or written over; its folder exists
 * @param onProgress done and total, in bytes
 * @throws when what was written is no whole store
 */
export async function backUp(
  file: string,
  target: string,
  onProgress: (doneBytes: number, totalBytes: number) => void,
): Promise<BackupFacts> {
  closeSync(openSync(target, 'w', 0o600)); // SQLite would make it as the umask says
  const db = openReader(file);
  try {
    db.exec('BEGIN');
    db.prepare('SELECT revision FROM state').get(); // the snapshot is taken by the first read
    const pageBytes = db.pragma('page_size', { simple: true }) as number;
    await db.backup(target, {
      progress: ({ totalPages, remainingPages }) => {
        onProgress((totalPages - remainingPages) * pageBytes, totalPages * pageBytes);
        return PAGES_AT_A_TIME;
      },
    });
  } finally {
    db.close();
  }
  return checked(target);
}

/** Reads it as a restore would, and leaves one file that is on the disk. */
function checked(target: string): BackupFacts {
  const copy = new SQLite(target);
  let facts: BackupFacts;
  try {
    copy.pragma('journal_mode = DELETE'); // else a reader of it needs two files beside it
    const found = copy.pragma('quick_check(1)', { simple: true });
    if (found !== 'ok') throw new Error(`the copy is damaged: ${String(found)}`);
    const revision = copy.prepare<[], number>('SELECT revision FROM state').pluck().get() ?? 0;
    const pages = copy.pragma('page_count', { simple: true }) as number;
    facts = { bytes: pages * (copy.pragma('page_size', { simple: true }) as number), revision };
  } finally {
    copy.close();
  }
  const handle = openSync(target, 'r');
  fsyncSync(handle);
  closeSync(handle);
  return facts;
}
