/**
 * The partial of a backup: under a name of its own beside FILE until it is whole. One that was killed leaves it, and the
 * next backup to the same FILE removes it; never one that somebody may be writing.
 */

import { lstatSync, readdirSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { takeLock, takeSharedLock } from '../storage/sqlite/process-lock.js';

/** In the data folder. Whoever writes a backup of it shares it; whoever has it alone knows that nobody does. */
const BACKUP_LOCK = 'run/backup.lock';

export interface BackupPartial {
  readonly path: string;
  /** Removes it, where it is there still. */
  end(): void;
}

/**
 * The data folder is the working directory.
 *
 * @param onLeft told of what is left and cannot be removed
 */
export function beginPartial(file: string, onLeft: (message: string) => void): BackupPartial {
  // One that runs has it shared: then nothing is removed, whoever has left what lies there.
  const alone = takeLock(BACKUP_LOCK);
  if (alone !== undefined) {
    try {
      removeLeft(file, onLeft);
    } finally {
      alone.release();
    }
  }
  const lock = takeSharedLock(BACKUP_LOCK);
  const path = `${file}${MARK}${process.pid}`;
  return {
    path,
    end: () => {
      for (const left of [path, `${path}${JOURNAL}`]) rmSync(left, { force: true });
      lock.release();
    },
  };
}

const MARK = '.partial-';
/** SQLite's, beside a file that it writes. */
const JOURNAL = '-journal';

function removeLeft(file: string, onLeft: (message: string) => void): void {
  const start = `${basename(file)}${MARK}`;
  for (const name of namesIn(dirname(file))) {
    const pid = name.startsWith(start)
      ? /^(\d+)(?:-journal)?$/.exec(name.slice(start.length))?.[1]
      : undefined;
    // Of another data folder, whose backup has the same FILE; or a number that was given again: then the next one removes it.
    if (pid === undefined || isSomebodyElse(Number(pid))) continue;
    const left = join(dirname(file), name);
    try {
      if (lstatSync(left).isFile()) rmSync(left);
    } catch (error) {
      onLeft(
        `a backup that was killed has left ${left}, which cannot be removed: ${(error as Error).message}`,
      );
    }
  }
}

/** Whether they may write there is found out by writing. */
function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function isSomebodyElse(pid: number): boolean {
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'; // EPERM: another user's
  }
}
