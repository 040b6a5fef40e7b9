/** A scan by a service of the operator's: it is sent the bytes, and its status is the answer. */

import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { NotKnown } from '../acl/errors.js';
import { encodeResourcePath } from '../acl/resource-path.js';
import { reasonIn, SAID_BYTES_MAX, type ScannedFile, type Verdict } from './scan.js';

export interface ScanUrl {
  readonly url: string;
  readonly timeoutMs: number;
}

const NO = 422;

/** 2xx is yes, 422 is no, and everything else is not knowing. @throws NotKnown */
export async function scanByUrl({ url, timeoutMs }: ScanUrl, scanned: ScannedFile): Promise<Verdict> {
  const bytes = createReadStream(scanned.file);
  try {
    const answer = await fetch(url, {
      method: 'POST',
      body: Readable.toWeb(bytes) as ReadableStream,
      duplex: 'half',
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
      headers: {
        'content-type': 'application/octet-stream',
        'x-latchkey-scan-path': encodeResourcePath(scanned.path),
        'x-latchkey-scan-bytes': String(scanned.bytes),
        'x-latchkey-scan-owner': encodeURIComponent(scanned.owner ?? ''),
      },
    });
    const said = await startOf(answer);
    if (answer.ok) return { kind: 'yes' };
    if (answer.status === NO) return { kind: 'no', reason: reasonIn(said) };
    throw new Error(`it answered ${answer.status}: ${reasonIn(said)}`);
  } catch (error) {
    const { message, cause } = error as Error;
    const why = cause instanceof Error ? `${message}: ${cause.message}` : message;
    throw new NotKnown('scan-unavailable', `the scan of ${scanned.path} by LATCHKEY_SCAN_URL: ${why}`, {
      cause: error,
    });
  } finally {
    bytes.destroy();
  }
}

async function startOf({ body }: Response): Promise<string> {
  let said = Buffer.alloc(0);
  for await (const chunk of body ?? []) {
    said = Buffer.concat([said, chunk]);
    if (said.length >= SAID_BYTES_MAX) break;
  }
  return said.toString('utf8', 0, SAID_BYTES_MAX);
}
