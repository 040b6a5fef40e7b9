/**
 * The path that something new gets: each name of it that is not there yet is composed (NFC), and refused where a new
 * name may not be it. Every way to make a path asks here, and asks for the right to write at what it is told.
 */

import { composed, newNameProblem } from '../acl/new-name.js';
import {
  isFolder,
  parseResourcePath,
  pathChain,
  pathProblem,
  type ResourcePath,
} from '../acl/resource-path.js';
import { lookAt } from './found-file.js';
import { UploadProblem } from './problem.js';
import type { StorageRoot } from './storage-root.js';

/** Of a path that is there: itself, whatever its names. @throws UploadProblem `bad-request` */
export async function newPath(root: StorageRoot, path: ResourcePath): Promise<ResourcePath> {
  // Nearly every path: nobody looks at the disk for it.
  if (composed(path) === path && newNameProblem(path) === undefined) return path;
  const there = await nearestThere(root, path);
  const names = composed(path.slice(there.length));
  const problem = newNameProblem(names) ?? pathProblem(there + names);
  if (problem !== undefined)
    throw new UploadProblem('bad-request', `This name cannot be: ${problem}; rename it.`);
  return parseResourcePath(there + names) ?? path;
}

/** The path itself, or the nearest folder above it that is there; the root, where none is. One walk, however deep. */
async function nearestThere(root: StorageRoot, path: ResourcePath): Promise<string> {
  const [top = path, ...levels] = pathChain(path).reverse();
  let nearest = top;
  for (const level of levels) {
    const found = await lookAt(root.diskPath(level).replace(/\/$/, ''));
    if (found === undefined || (isFolder(level) && found.kind !== 'folder')) break;
    nearest = level;
  }
  return nearest;
}
