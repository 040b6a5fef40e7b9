/** From a store in SQLite to one in PostgreSQL. Called by `latchkey migrate`; whoever writes has to be stopped by then. */

import { resolve } from 'node:path';
import { COPIED_TABLES } from '../storage/copied-tables.js';
import { openCopySource } from '../storage/sqlite/copy-source.js';

/** @param onProgress rows of `total` that are done; each is written, and read back */
export async function copyStore(
  file: string,
  url: string,
  onProgress: (done: number, total: number) => void,
) {
  const { copyIntoPostgres } = await import('../storage/postgres/copy-in.js');
  const source = openSource(file);
  try {
    const rows = COPIED_TABLES.reduce((sum, table) => sum + source.count(table), 0);
    let done = 0;
    return await copyIntoPostgres(url, source, (more) => {
      done += more;
      onProgress(done, 2 * rows);
    });
  } finally {
    source.close();
  }
}

function openSource(file: string) {
  try {
    return openCopySource(file);
  } catch (error) {
    throw new Error(`the store ${resolve(file)} cannot be read: ${(error as Error).message}`, {
      cause: error,
    });
  }
}
