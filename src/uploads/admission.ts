/**
 * What must be right of an upload before it may become visible, whichever way it came: the committer asks here first,
 * so that no way in gets round it. It changes nothing, and holds no path while it looks.
 */

import type { Upload } from './committer.js';
import { newPath } from './new-path.js';
import { UploadProblem } from './problem.js';
import type { StorageRoot } from './storage-root.js';

/** @throws UploadProblem */
export async function admitUploads(root: StorageRoot, uploads: readonly Upload[]): Promise<void> {
  for (const { path } of uploads) {
    if ((await newPath(root, path)) === path) continue;
    throw new UploadProblem('bad-request', 'A new name is composed (Unicode NFC); send it so.');
  }
}
