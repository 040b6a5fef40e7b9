/** The thread of `file-digests.ts`: reads one file after another and answers with its digests. Nothing else. */

import { closeSync, openSync, readSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import { type DigestAlgorithm, RunningDigests } from './digests.js';

export interface DigestJob {
  readonly file: string;
  readonly algorithms: readonly DigestAlgorithm[];
}

const CHUNK_BYTES = 256 * 1024;

const chunk = Buffer.allocUnsafe(CHUNK_BYTES);

parentPort?.on('message', (job: DigestJob) => {
  try {
    parentPort?.postMessage({ digests: digestsOf(job) });
  } catch (error) {
    // An error loses its code between threads.
    const { message, code } = error as NodeJS.ErrnoException;
    parentPort?.postMessage({ failure: { message, code } });
  }
});

function digestsOf({ file, algorithms }: DigestJob) {
  const running = new RunningDigests(algorithms);
  const descriptor = openSync(file, 'r');
  try {
    for (;;) {
      const bytes = readSync(descriptor, chunk, 0, CHUNK_BYTES, null);
      if (bytes === 0) return running.finish();
      running.update(chunk.subarray(0, bytes));
    }
  } finally {
    closeSync(descriptor);
  }
}
