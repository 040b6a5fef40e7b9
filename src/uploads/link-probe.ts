/**
 * Whether a file of one of the folders among the partials can be made a partial by a second name (a hard link), tried
 * with a file of its own. Whoever takes over bytes that way asks it at the start.
 */

import { randomUUID } from 'node:crypto';
import { link, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FILE_MODE, type StorageRoot } from './storage-root.js';

const CANNOT_LINK = new Set(['EXDEV', 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']);

/** @param uploads whose they are, for the operator: `where nginx writes uploads` */
export async function probeLinks(root: StorageRoot, folder: string, uploads: string): Promise<void> {
  const probe = randomUUID(); // a partial's name, so that the next start drops it if this one is killed
  const [from, to] = [root.partialPath(probe), join(folder, probe)];
  try {
    await writeFile(from, '', { flag: 'wx', mode: FILE_MODE });
    await link(from, to);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    // A disk that is full or may not be written is no reason to refuse the start.
    if (!CANNOT_LINK.has(code)) return;
    throw new Error(
      `${folder}, ${uploads}, is on another file system than the partials beside it, or on one without hard links (${code}): no upload could be taken over; make it a folder of the same file system`,
      { cause: error },
    );
  } finally {
    await Promise.allSettled([unlink(from), unlink(to)]);
  }
}
