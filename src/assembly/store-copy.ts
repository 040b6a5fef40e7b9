/**
 * From a store in SQLite to one in PostgreSQL. Called by `latchkey migrate`; no service may work by then. Nobody writes to
 * the store in SQLite until it has returned.
 */

import { resolve } from 'node:path';
import { NotKnown, StoreBusy } from '../acl/errors.js';
import { COPIED_TABLES } from '../storage/copied-tables.js';
import type { CopyOptions } from '../storage/postgres/copy-in.js';
import { openCopySource } from '../storage/sqlite/copy-source.js';

export { CopyRefused } from '../storage/copied-tables.js';

export interface StoreCopyOptions extends Omit<CopyOptions, 'onProgress'> {
  /** Rows of `total` that are done; each is written, and read back. */
  readonly onProgress: (done: number, total: number) => void;
}

/** @throws CopyRefused; StoreBusy; and everything after which the same again goes on where this has stopped */
export async function copyStore(file: string, url: string, options: StoreCopyOptions) {
  const { copyIntoPostgres } = await import('../storage/postgres/copy-in.js');
  const source = openSource(file);
  try {
    const rows = COPIED_TABLES.reduce((sum, table) => sum + source.count(table), 0);
    let done = 0;
    return await copyIntoPostgres(url, source, {
      ...options,
      onProgress: (more) => {
        done += more;
        options.onProgress(done, 2 * rows);
      },
    });
  } catch (error) {
    if (!(error instanceof NotKnown) || error.code !== 'store-unavailable') throw error;
    const remedy = 'run the same again, and it goes on where it was';
    throw new NotKnown(error.code, `${error.message}; ${remedy}`, { cause: error });
  } finally {
    source.close();
  }
}

function openSource(file: string) {
  try {
    return openCopySource(file);
  } catch (error) {
    const told = `the store ${resolve(file)} cannot be read: ${(error as Error).message}`;
    throw error instanceof StoreBusy ? new StoreBusy(told) : new Error(told, { cause: error });
  }
}
