/** The bytes of several files, one behind the other, as one stream; no more than a piece of them is in memory. */

import { open } from 'node:fs/promises';
import { ignoreMissing } from './found-file.js';
import { UploadProblem } from './problem.js';

const PIECE_BYTES = 256 * 1024;

/** @throws UploadProblem `not-found` when one has gone */
export async function* joined(files: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const file of files) {
    const handle = await open(file).catch(ignoreMissing);
    if (handle === undefined) {
      throw new UploadProblem('not-found', 'A part of this upload has ended; send the parts again.');
    }
    yield* handle.createReadStream({ highWaterMark: PIECE_BYTES });
  }
}
