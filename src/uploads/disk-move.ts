/**
 * What a move does on the disk: one rename, made durable in both folders, and whether it has happened. Where things lie
 * is `storage-root.ts`'s; nothing here looks at grants.
 */

import { readdir, rename, utimes } from 'node:fs/promises';
import { asName } from '../acl/path-range.js';
import type { ResourcePath } from '../acl/resource-path.js';
import type { MoveEntry } from '../acl/tree-ports.js';
import { UploadProblem } from './problem.js';
import type { StorageRoot } from './storage-root.js';

/** Other bytes of the same second and size would pass for the ones that they replace: a second more tells them apart. */
export async function setSecond(root: StorageRoot, path: ResourcePath, seconds: number): Promise<void> {
  root.requireHeld();
  await utimes(root.diskPath(path), seconds, seconds);
}

/** @throws UploadProblem `conflict` where the target cannot be taken, or is on another file system */
export async function renameEntry(root: StorageRoot, { from, to }: MoveEntry): Promise<void> {
  await root.makeFolders(asName(to));
  const paths = [from, to].map((path) => root.diskPath(asName(path))) as [string, string];
  root.requireHeld();
  await rename(...paths).catch(explain);
}

export async function makeDurable(root: StorageRoot, { from, to }: MoveEntry): Promise<void> {
  await root.syncFolderOf(asName(to));
  await root.syncFolderOf(asName(from));
}

/**
 * Whether the rename has happened. Nobody else touches either path while the entry is in the journal, and what is
 * replaced always differs from what comes in its size or its second.
 */
export async function hasMoved(root: StorageRoot, { from, to, file }: MoveEntry): Promise<boolean> {
  if ((await root.find(from)) !== undefined) return false;
  const found = await root.find(to);
  if (file === undefined) return found?.kind === 'folder';
  return (
    found?.kind === 'file' && found.bytes === file.bytes && found.modifiedSeconds === file.modifiedSeconds
  );
}

/** Of a folder that is there. What is no file of ours counts as well. */
export async function isEmpty(root: StorageRoot, folder: ResourcePath): Promise<boolean> {
  return (await readdir(root.diskPath(folder))).length === 0;
}

const IN_THE_WAY = new Set(['ENOTEMPTY', 'EEXIST', 'EISDIR', 'ENOTDIR']);

function explain(error: NodeJS.ErrnoException): never {
  const { code = '' } = error;
  if (code === 'ENOENT') throw new UploadProblem('not-found', 'It is not there any more.', { cause: error });
  if (IN_THE_WAY.has(code)) {
    throw new UploadProblem('conflict', 'Something came to the target meanwhile; choose another path.', {
      cause: error,
    });
  }
  if (code !== 'EXDEV') throw error;
  throw new UploadProblem(
    'conflict',
    'The target is on another file system; copy it there, then delete it here.',
    { cause: error },
  );
}
