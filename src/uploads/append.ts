/**
 * Writes a stream behind the bytes of a file that is there. What has come stays when the stream breaks off, and is
 * durable when it ends; where a checksum of the stream was sent, nothing of it stays unless it has that.
 */

import { createHash, timingSafeEqual } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { asUploadProblem, UploadProblem } from './problem.js';

export const CHECKSUM_ALGORITHMS = ['sha1', 'sha256'] as const;
export type ChecksumAlgorithm = (typeof CHECKSUM_ALGORITHMS)[number];

export interface Checksum {
  readonly algorithm: ChecksumAlgorithm;
  readonly digest: Buffer;
}

export interface Appended {
  readonly file: string;
  /** Where it ends now. */
  readonly offset: number;
  readonly source: AsyncIterable<Uint8Array>;
  readonly checksum: Checksum | undefined;
  /** @throws where they may be another process's by now: whoever that is takes off what was not compared */
  readonly requireHeld: () => void;
}

/** Answers where the file ends then. @throws UploadProblem `digest-mismatch`, `no-space`; and what the source does */
export async function append({ file, offset, source, checksum, requireHeld }: Appended): Promise<number> {
  const handle = await open(file, 'r+');
  try {
    return await write(handle, offset, source, checksum);
  } catch (error) {
    if (checksum !== undefined) {
      requireHeld();
      await handle.truncate(offset);
    }
    throw asUploadProblem(error);
  } finally {
    await handle.close();
  }
}

async function write(
  handle: FileHandle,
  offset: number,
  source: AsyncIterable<Uint8Array>,
  checksum: Checksum | undefined,
): Promise<number> {
  const hash = checksum && createHash(checksum.algorithm);
  let end = offset;
  for await (const chunk of source) {
    for (let rest = chunk; rest.length > 0; ) {
      const { bytesWritten } = await handle.write(rest, 0, rest.length, end);
      end += bytesWritten;
      rest = rest.subarray(bytesWritten);
    }
    hash?.update(chunk);
  }
  if (hash !== undefined && checksum !== undefined && !isSame(hash.digest(), checksum.digest)) {
    throw new UploadProblem(
      'digest-mismatch',
      'The bytes of this request do not have the checksum that came with them; send them again.',
    );
  }
  await handle.datasync();
  return end;
}

function isSame(a: Buffer, b: Buffer): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
