/** The paths of one commit beside each other: all of them can be there at once, or none is committed. */

import { pathChain, type ResourcePath } from '../acl/resource-path.js';
import { UploadProblem } from './problem.js';

/** @throws UploadProblem `conflict` */
export function refuseClashes(paths: readonly ResourcePath[]): void {
  const files = new Set<string>(paths);
  if (files.size !== paths.length) {
    throw new UploadProblem('conflict', 'Two files of one form have the same name; rename one of them.');
  }
  const folders = paths.flatMap((path) => pathChain(path).slice(1));
  if (folders.some((folder) => files.has(folder.slice(0, -1)))) {
    throw new UploadProblem(
      'conflict',
      'A file of the form has the name of a folder of another; rename one of them.',
    );
  }
}
