/** What uploads leave free of the disk, for everything else that writes there: the database, logs, nginx. */

import { statfs } from 'node:fs/promises';
import { UploadProblem } from './problem.js';

/** Of a small disk the setting would be all of it: no more than this part is kept free. */
const KEPT_PART_MAX = 1 / 20;

export interface FreeSpaceDeps {
  /** Where partials are: on the file system of the root. */
  readonly folder: string;
  /** 0: none. */
  readonly bytesMin: number;
}

export class FreeSpace {
  readonly #deps: FreeSpaceDeps;

  constructor(deps: FreeSpaceDeps) {
    this.#deps = deps;
  }

  /** @param bytes that are still to come; @throws UploadProblem `no-space` */
  async require(bytes: number): Promise<void> {
    const { folder, bytesMin } = this.#deps;
    if (bytesMin === 0) return;
    const { bavail, blocks, bsize } = await statfs(folder);
    const kept = Math.min(bytesMin, blocks * bsize * KEPT_PART_MAX);
    if (bavail * bsize - bytes >= kept) return;
    throw new UploadProblem(
      'no-space',
      'There is no space left for this file; free some, or ask the operator to.',
    );
  }
}
