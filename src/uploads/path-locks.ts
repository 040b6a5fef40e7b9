/**
 * Work on one path runs one after another, on different paths side by side. Whoever holds a folder, `/team/`, holds
 * all below it.
 */

import { pathChain, type ResourcePath } from '../acl/resource-path.js';

export class PathLocks {
  readonly #tails = new Map<string, Promise<void>>();

  /** Runs `work` when nobody else holds any of the paths. */
  async run<T>(paths: readonly string[], work: () => Promise<T>): Promise<T> {
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    // Taken all at once, without a wait between them: two callers cannot each hold what the other wants.
    const before = paths.flatMap((path) => [...this.#above(path), ...this.#below(path)]);
    for (const path of paths) this.#tails.set(path, released);
    try {
      await Promise.all(before);
      return await work();
    } finally {
      release();
      for (const path of paths) {
        if (this.#tails.get(path) === released) this.#tails.delete(path);
      }
    }
  }

  /** Whether `run` would begin at once. */
  isFree(path: string): boolean {
    return [...this.#above(path), ...this.#below(path)].every((tail) => tail === undefined);
  }

  /** Who holds the path or a folder above it. */
  #above(path: string): readonly (Promise<void> | undefined)[] {
    return pathChain(path as ResourcePath).map((level) => this.#tails.get(level));
  }

  /** Moves and removals of folders are rare: all that is held is looked at. */
  #below(path: string): readonly Promise<void>[] {
    if (!path.endsWith('/')) return [];
    return [...this.#tails].filter(([held]) => held.startsWith(path)).map(([, tail]) => tail);
  }
}
