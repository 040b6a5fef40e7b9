/**
 * An upload under way: bytes from a stream into a file that nobody can reach, and counted. Whoever has a
 * Partial either commits it, which also makes it durable, or drops it.
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

export interface PartialLimit {
  readonly bytesMax: number;
  /** What counts towards the limit already. */
  readonly bytesBefore: number;
  /** Of this one alone. */
  readonly fileBytesMax?: number;
}

/**
 * Writes a stream to a new partial.
 *
 * @param onChunk is told each piece of it, in order
 * @throws UploadProblem `too-large` as soon as the limit is passed, `no-space`, `incomplete` when the stream
 * breaks off; nothing is left behind
 */
export async function writePartial(
  root: StorageRoot,
  source: Readable,
  limit: PartialLimit,
  onChunk: (chunk: Uint8Array) => void = () => undefined,
): Promise<Partial> {
  const name = randomUUID();
  try {
    const handle = await open(root.partialPath(name), 'wx', FILE_MODE);
    try {
      return { name, bytes: await receive(handle, source, limit, onChunk) };
    } finally {
      await handle.close();
    }
  } catch (error) {
    await root.tryDropPartials([{ name }]);
    throw asUploadProblem(error);
  }
}

async function receive(
  handle: FileHandle,
  source: Readable,
  { bytesMax, bytesBefore, fileBytesMax = bytesMax }: PartialLimit,
  onChunk: (chunk: Uint8Array) => void,
): Promise<number> {
  let bytes = 0;
  for await (const chunk of chunksOf(source)) {
    bytes += chunk.length;
    if (bytesBefore + bytes > bytesMax) throw tooLarge(bytesMax);
    if (bytes > fileBytesMax) throw fileTooLarge(fileBytesMax);
    onChunk(chunk);
    await writeAll(handle, chunk);
  }
  return bytes;
}

/** An error of the source is the sender's: it is told apart from those of the disk. */
async function* chunksOf(source: Readable): AsyncGenerator<Uint8Array> {
  try {
    // The source outlives an early end: it is a connection on which the refusal is still to be answered.
    yield* source.iterator({ destroyOnReturn: false });
  } catch (error) {
    throw new UploadProblem('incomplete', 'The upload broke off before its end; send it again.', {
      cause: error,
    });
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
    `The upload is larger than ${bytesMax} bytes; send a smaller one, or ask the operator to raise LATCHKEY_UPLOAD_BYTES_MAX.`,
  );
}

/** The limit of whoever asked for the file. */
export function fileTooLarge(bytesMax: number): UploadProblem {
  return new UploadProblem(
    'too-large',
    `A file may have at most ${bytesMax} bytes here; send a smaller one.`,
  );
}
