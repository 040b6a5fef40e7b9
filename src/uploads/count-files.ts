/** How many files lie below a folder of the root, by their names alone: what a progress bar runs up to. */

import { opendir } from 'node:fs/promises';
import type { ResourcePath } from '../acl/resource-path.js';
import type { StorageRoot } from './storage-root.js';

const READ_AT_ONCE = 1_024;

/** What cannot be read is not counted: it is an estimate, and others report that. */
export async function countFiles(root: StorageRoot, folder: ResourcePath): Promise<number> {
  const folders = [Buffer.from(root.diskPath(folder))];
  let files = 0;
  for (let at = folders.pop(); at !== undefined; at = folders.pop()) {
    try {
      // Latin-1 keeps the bytes of names that are not UTF-8.
      const entries = await opendir(at, { encoding: 'latin1', bufferSize: READ_AT_ONCE });
      for await (const entry of entries) {
        if (entry.isFile()) files += 1;
        else if (entry.isDirectory())
          folders.push(Buffer.concat([at, Buffer.from(`${entry.name}/`, 'latin1')]));
      }
    } catch {
      // It is gone, or not to be read.
    }
  }
  return files;
}
