/** Files that somebody may write while we run: whether they are as they were at the last look. */

import { readFileSync } from 'node:fs';

export class WatchedFiles {
  readonly #files: readonly string[];
  #seen: string;

  /** The first look. Make it before the files are read: a change between the two is seen at the next one. */
  constructor(files: readonly string[]) {
    this.#files = files;
    this.#seen = contents(files);
  }

  /** Whether anything has changed since the last look, a file that came or went among it. */
  changed(): boolean {
    const now = contents(this.#files);
    if (now === this.#seen) return false;
    this.#seen = now;
    return true;
  }
}

/**
 * All that is in the files, to be compared. They are small; and a time of change would not tell two changes of one
 * moment apart, nor one before the first look.
 */
function contents(files: readonly string[]): string {
  return JSON.stringify(
    files.map((file) => {
      try {
        return readFileSync(file, 'latin1');
      } catch (error) {
        return { code: (error as NodeJS.ErrnoException).code };
      }
    }),
  );
}
