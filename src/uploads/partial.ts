/**
 * An upload under way: bytes from a stream into a file that nobody can reach, counted and made durable.
 * Whoever has a Partial either commits it or drops it.
 */

import { randomUUID } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { asUploadProblem, UploadProblem } from './problem.js';
import { FILE_MODE, type StorageRoot } from './storage-root.js';

export interface Partial {
  /** Its name in the folder of partials. */
  readonly name: string;
  readonly bytes: number;
}

/**
 * Writes a stream to a new partial and fsyncs it.
 *
 * @throws UploadProblem `too-large` as soon as the limit is passed, `no-space`; nothing is left behind
 */
export async function writePartial(root: StorageRoot, source: Readable, bytesMax: number): Promise<Partial> {
  const name = randomUUID();
  const handle = await open(root.partialPath(name), 'wx', FILE_MODE);
  let bytes = 0;
  try {
    // The source outlives an early end: it is a connection on which the refusal is still to be answered.
    for await (const chunk of source.iterator({ destroyOnReturn: false })) {
      bytes += chunk.length;
      if (bytes > bytesMax) throw tooLarge(bytesMax);
      await writeAll(handle, chunk);
    }
    await handle.sync();
    await handle.close();
    return { name, bytes };
  } catch (error) {
    await handle.close().catch(() => undefined);
    await root.dropPartial(name);
    throw asUploadProblem(error);
  }
}

async function writeAll(handle: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let rest = chunk; rest.length > 0; ) {
    const { bytesWritten } = await handle.write(rest);
    rest = rest.subarray(bytesWritten);
  }
}

export function tooLarge(bytesMax: number): UploadProblem {
  return new UploadProblem(
    'too-large',
    `The file is larger than ${bytesMax} bytes; send a smaller one, or ask the operator to raise LATCHKEY_UPLOAD_BYTES_MAX.`,
  );
}
