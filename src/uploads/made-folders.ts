/** The folders that are made for uploads: where those are not to be, they go again. */

import { rmdir } from 'node:fs/promises';

/** @param work adds to `made` each folder that it makes, on the disk and the highest first */
export async function withFolders<T>(work: (made: string[]) => Promise<T>): Promise<T> {
  const made: string[] = [];
  try {
    return await work(made);
  } catch (error) {
    // One in which somebody has put something meanwhile stays.
    for (const folder of made.toReversed()) await rmdir(folder).catch(() => undefined);
    throw error;
  }
}
