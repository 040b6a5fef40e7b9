/**
 * The thread of `file-types.ts`: tells of one file after another what its bytes are. The parsers in here read what
 * strangers wrote for them: whoever asks gives up, and ends the thread, when it takes too long.
 */

import { open } from 'node:fs/promises';
import { parentPort } from 'node:worker_threads';
import { fileTypeFromFile, supportedMimeTypes } from 'file-type';
import { type FoundType, markupOf, typeOfText } from './media-types.js';

const HEAD_BYTES = 64 * 1024;

export interface TypeJob {
  readonly file: string;
  /** The type that its name stands for. */
  readonly named: string | undefined;
}

parentPort?.on('message', async ({ file, named }: TypeJob) => {
  try {
    const knowsNamed = named !== undefined && supportedMimeTypes.has(named);
    parentPort?.postMessage({ found: { ...(await typeOf(file)), knowsNamed } });
  } catch (error) {
    parentPort?.postMessage({ failure: (error as Error).message });
  }
});

async function typeOf(file: string): Promise<FoundType> {
  const head = await headOf(file);
  // A parser that stumbles over a file does not know it.
  const known = await fileTypeFromFile(file).catch(() => undefined);
  if (known === undefined) return typeOfText(head);
  const [type = ''] = known.mime.split(';');
  return (type === 'application/xml' ? markupOf(head.trimStart()) : undefined) ?? { type, ending: known.ext };
}

async function headOf(file: string): Promise<string> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return buffer.toString('latin1', 0, bytesRead);
  } finally {
    await handle.close();
  }
}
