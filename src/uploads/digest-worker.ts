/** The thread of `file-digests.ts`: reads one file after another and answers with its digests. Nothing else. */

import { closeSync, openSync, readSync } from 'node:fs';
import { setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { type DigestAlgorithm, RunningDigests } from './digests.js';

export interface ThreadData {
  /** Of the thread alone; absent: as the rest of the process. */
  readonly niceness?: number;
}

export interface DigestJob {
  /** Its name, or a descriptor, which is left open. */
  readonly file: string | number;
  readonly algorithms: readonly DigestAlgorithm[];
}

const CHUNK_BYTES = 256 * 1024;

const chunk = Buffer.allocUnsafe(CHUNK_BYTES);

const { niceness } = workerData as ThreadData;
// setpriority(2): on Linux a thread has its own. Elsewhere it would be that of the whole service.
if (niceness !== undefined && process.platform === 'linux') setPriority(niceness);

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
  if (typeof file === 'number') return digestsBehind(file, algorithms);
  const descriptor = openSync(file, 'r');
  try {
    return digestsBehind(descriptor, algorithms);
  } finally {
    closeSync(descriptor);
  }
}

function digestsBehind(descriptor: number, algorithms: readonly DigestAlgorithm[]) {
  const running = new RunningDigests(algorithms);
  for (let position = 0; ; ) {
    const bytes = readSync(descriptor, chunk, 0, CHUNK_BYTES, position);
    if (bytes === 0) return running.finish();
    running.update(chunk.subarray(0, bytes));
    position += bytes;
  }
}
