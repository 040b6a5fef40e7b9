/**
 * A path together with all that lies below it, where it is a folder: what a move, a removal and a lock are about. The
 * boundary is exact: `/team/` holds `/team/a` and itself, and neither `/team` nor `/teams/a`.
 */

import { isFolder, parseResourcePath, type ResourcePath } from './resource-path.js';

/** Whether `path` is `range`, or below it. */
export function isIn(path: ResourcePath, range: ResourcePath): boolean {
  return path === range || (isFolder(range) && path.startsWith(range));
}

/** Whether some path is in both. */
export function overlap(a: ResourcePath, b: ResourcePath): boolean {
  return isIn(a, b) || isIn(b, a);
}

/** Where a path of `from` is when that has become `to`. Both are files, or both folders. */
export function moved(path: ResourcePath, from: ResourcePath, to: ResourcePath): ResourcePath {
  return (to + path.slice(from.length)) as ResourcePath;
}

/** A folder as a name in the folder above it: without its slash. A file is one already; of `/` there is none. */
export function asName(path: ResourcePath): ResourcePath {
  const name = isFolder(path) ? parseResourcePath(path.slice(0, -1)) : path;
  if (name === undefined) throw new Error('the root has no name');
  return name;
}

/** The first text behind all of the range, byte for byte: no path has a control character, and `0` follows `/`. */
export function beyond(range: ResourcePath): string {
  return isFolder(range) ? `${range.slice(0, -1)}0` : `${range}\u0001`;
}
