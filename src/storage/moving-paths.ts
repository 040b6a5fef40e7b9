/** What must not be written while it is being moved: whatever has a path in common with a move under way. */

import { NotKnown } from '../acl/errors.js';
import { overlap } from '../acl/path-range.js';
import type { ResourcePath } from '../acl/resource-path.js';

export interface MovePaths {
  readonly source: ResourcePath;
  readonly target: ResourcePath;
}

/** Of these paths, the ones that no move has to do with. */
export function notMoving(
  paths: readonly ResourcePath[],
  moves: readonly MovePaths[],
): ReadonlySet<ResourcePath> {
  const moving = moves.flatMap(({ source, target }) => [source, target]);
  return new Set(paths.filter((path) => !moving.some((busy) => overlap(path, busy))));
}

/** @throws NotKnown `committing` where a move has to do with one of them */
export function refuseMoving(paths: readonly ResourcePath[], moves: readonly MovePaths[]): void {
  for (const { source, target } of moves) {
    const path = paths.find((one) => overlap(one, source) || overlap(one, target));
    if (path !== undefined) throw new NotKnown('committing', `${path} is being moved`);
  }
}
