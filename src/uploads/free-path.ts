/**
 * Paths for uploads that never overwrite: of the candidates the first at which there is nothing. Found without a
 * lock, so the committer looks again under its own.
 */

import type { ResourcePath } from '../acl/resource-path.js';
import type { Upload } from './committer.js';
import { UploadProblem } from './problem.js';
import type { StorageRoot } from './storage-root.js';

/** Looked for one after another, so this is also what a stranger can make us look at. */
const NUMBER_MAX = 1_000;

/** @throws UploadProblem `conflict` where all of its names are taken */
export async function placed(root: StorageRoot, uploads: readonly Upload[]): Promise<readonly Upload[]> {
  const used = new Set<ResourcePath>();
  const each: Upload[] = [];
  for (const upload of uploads) {
    const path = upload.candidate === undefined ? upload.path : await freePath(root, upload.candidate, used);
    used.add(path);
    // What is granted with a file is granted on that one, never on the one that has its name.
    each.push({ ...upload, path, grants: upload.grants.map((grant) => ({ ...grant, path })) });
  }
  return each;
}

/** @throws UploadProblem `conflict` where all candidates are taken */
export async function freePath(
  root: StorageRoot,
  candidate: (number: number) => Promise<ResourcePath | undefined>,
  used: ReadonlySet<ResourcePath> = new Set(),
): Promise<ResourcePath> {
  for (let number = 1; number <= NUMBER_MAX; number++) {
    const path = await candidate(number);
    if (path !== undefined && !used.has(path) && (await root.find(path)) === undefined) return path;
  }
  throw new UploadProblem('conflict', 'There are too many files of this name already; rename it.');
}
