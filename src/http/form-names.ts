/**
 * Where a file of a form goes. A browser that sends a folder (`webkitdirectory`) names each file with the folders that
 * it lies in, `photos/may/1.jpg`: they become folders here. What would lead elsewhere is refused, never cut off.
 */

import { isFolder, parseResourcePath, pathProblem, type ResourcePath } from '../acl/resource-path.js';
import { BadRequest } from './problem.js';

/** Each folder is made, and made durable: this is how many one file of a stranger may ask for. */
export const NAME_FOLDERS_MAX = 32;

/** @param name as it came @throws BadRequest */
export function formPath(folder: ResourcePath, name: string): ResourcePath {
  if (name === '') throw new BadRequest('A file has no name; name it, or leave it out.');
  if (name.split('/').length - 1 > NAME_FOLDERS_MAX) {
    throw new BadRequest(
      `A file of a form may lie ${NAME_FOLDERS_MAX} folders deep; send the inner ones apart.`,
    );
  }
  const path = parseResourcePath(folder + name);
  if (path !== undefined && !isFolder(path)) return path;
  const why = pathProblem(folder + name) ?? 'it is a folder';
  throw new BadRequest(`${JSON.stringify(name)} cannot be a file's name: ${why}; rename it.`);
}
