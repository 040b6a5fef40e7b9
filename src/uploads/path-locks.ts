/** Commits on one path run one after another, on different paths side by side. */

export class PathLocks {
  readonly #tails = new Map<string, Promise<void>>();

  /** Runs `work` when nobody else holds any of the paths. */
  async run<T>(paths: readonly string[], work: () => Promise<T>): Promise<T> {
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    // Taken all at once, without a wait between them: two callers cannot each hold what the other wants.
    const before = paths.map((path) => this.#tails.get(path));
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
}
