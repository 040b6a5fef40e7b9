/** What can be moved, and where to: everything that can refuse a move, before anything is changed. */

import { asName, overlap } from '../acl/path-range.js';
import { isFolder, PATH_BYTES_MAX, type ResourcePath, ROOT } from '../acl/resource-path.js';
import type { TreeStore } from '../acl/tree-ports.js';
import { isEmpty } from './disk-move.js';
import type { MoveRequest } from './mover.js';
import { UploadProblem } from './problem.js';
import type { FoundFile, StorageRoot } from './storage-root.js';

/** Records, grants and links of a folder that move in one transaction: it takes a second or so. */
export const MOVED_ROWS_MAX = 100_000;

/** @throws UploadProblem */
export function refuseShape(from: ResourcePath, to: ResourcePath): void {
  if (from === ROOT || to === ROOT)
    throw new UploadProblem('bad-request', 'The root stays where it is; name a folder in it.');
  if (isFolder(from) !== isFolder(to)) {
    throw new UploadProblem(
      'bad-request',
      isFolder(from)
        ? 'A folder becomes a folder: end the target in a slash, too.'
        : 'A file becomes a file: name it in the target, too, such as /archive/plan.pdf.',
    );
  }
  if (from === to)
    throw new UploadProblem('conflict', 'Source and target are the same; choose another target.');
  if (overlap(from, to)) {
    throw new UploadProblem(
      'conflict',
      'A folder cannot become a part of itself; choose a target outside of it.',
    );
  }
}

/** A number is for the name of a file: that of a folder is in the paths of all that is in it. @throws UploadProblem */
export function refuseNumbered(to: ResourcePath): void {
  if (!isFolder(to)) return;
  throw new UploadProblem('bad-request', 'keep-both is for files; choose another path for the folder.');
}

/** @throws UploadProblem */
export async function checkSource(
  root: StorageRoot,
  tree: TreeStore,
  from: ResourcePath,
  to: ResourcePath,
): Promise<FoundFile> {
  const found = await root.find(from);
  if (found === undefined) throw new UploadProblem('not-found', 'There is nothing at the source.');
  if (!isFolder(from)) {
    if (found.kind === 'file') return found;
    throw new UploadProblem(
      'conflict',
      found.kind === 'folder'
        ? 'The source is a folder; end both paths in a slash.'
        : 'Something that is no file is at the source, such as a link; ask the operator.',
    );
  }
  const { rows, pathBytesMax } = await tree.size(from);
  if (rows > MOVED_ROWS_MAX) {
    throw new UploadProblem(
      'conflict',
      `More than ${MOVED_ROWS_MAX} files, grants and links would move at once; move the folders in it one by one.`,
    );
  }
  const longer = Buffer.byteLength(root.diskPath(to)) - Buffer.byteLength(from);
  if (pathBytesMax + longer >= PATH_BYTES_MAX) {
    throw new UploadProblem(
      'bad-request',
      'A path in this folder would become too long; choose a shorter target.',
    );
  }
  return found;
}

/** What is there and will be replaced. @throws UploadProblem */
export async function checkTarget(
  root: StorageRoot,
  to: ResourcePath,
  onConflict: MoveRequest['onConflict'],
): Promise<FoundFile | undefined> {
  await root.checkFolders(to);
  const found = await root.find(to);
  if (isFolder(to)) {
    if (found === undefined && (await root.find(asName(to))) === undefined) return undefined;
    if (found !== undefined && (await isEmpty(root, to))) return found;
    throw new UploadProblem(
      'conflict',
      'There is something at the target, and folders are not merged; choose another path.',
    );
  }
  if (found === undefined) return undefined;
  if (found.kind !== 'file') {
    throw new UploadProblem('conflict', 'The target is a folder, or no file; choose another path.');
  }
  if (onConflict === 'replace') return found;
  throw new UploadProblem('conflict', 'There is a file at the target; choose another path, or replace it.');
}
