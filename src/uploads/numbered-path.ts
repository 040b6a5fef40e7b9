/** The path of a file beside another one: its name with a number, as a new name may be; and the first that is free. */

import { fileIn, folderOf, nameOf, type ResourcePath } from '../acl/resource-path.js';
import { numberedName } from '../acl/upload-name.js';
import { newPath } from './new-path.js';
import type { StorageRoot } from './storage-root.js';

/** Whether whoever asks may put a file there. Absent: anywhere. */
export type MayTake = (path: ResourcePath) => Promise<boolean>;

/** What the committer takes one by one; a number is passed over where it may not be taken. */
export function candidatesFrom(root: StorageRoot, path: ResourcePath, mayTake: MayTake = async () => true) {
  return async (number: number): Promise<ResourcePath | undefined> => {
    const next = number === 1 ? path : await numberedPath(root, path, number);
    return next !== undefined && (await mayTake(next)) ? next : undefined;
  };
}

/** `undefined`: it would be too long. @throws UploadProblem `bad-request` where it is no new name */
async function numberedPath(
  root: StorageRoot,
  path: ResourcePath,
  number: number,
): Promise<ResourcePath | undefined> {
  const next = fileIn(folderOf(path), numberedName(nameOf(path), [], number));
  return next && newPath(root, next);
}
