/**
 * An upload under way: bytes from a stream into a file that nobody can reach, counted and made durable.
 * Whoever has a Partial either commits it or drops it.
 */

import { randomUUID } from 'node:crypto';
import { open } from 'node:fs/promises';
import { type Readable, Transform, type TransformCallback } from 'node:stream';
import { pipeline } from 'node:stream/promises';
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
  const counter = new ByteCounter(bytesMax);
  try {
    // autoClose off: the handle is synced before it is closed.
    await pipeline(source, counter, handle.createWriteStream({ autoClose: false }));
    await handle.sync();
    await handle.close();
    return { name, bytes: counter.bytes };
  } catch (error) {
    await handle.close().catch(() => undefined);
    await root.dropPartial(name);
    throw asUploadProblem(error);
  }
}

export function tooLarge(bytesMax: number): UploadProblem {
  return new UploadProblem(
    'too-large',
    `The file is larger than ${bytesMax} bytes; send a smaller one, or ask the operator to raise LATCHKEY_UPLOAD_BYTES_MAX.`,
  );
}

class ByteCounter extends Transform {
  bytes = 0;
  readonly #bytesMax: number;

  constructor(bytesMax: number) {
    super();
    this.#bytesMax = bytesMax;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.bytes += chunk.length;
    if (this.bytes > this.#bytesMax) done(tooLarge(this.#bytesMax));
    else done(null, chunk);
  }
}
