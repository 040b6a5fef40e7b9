/** `Upload-Checksum: sha1 BASE64` (tus 1.0, checksum): what the bytes of one request must have. */

import { CHECKSUM_ALGORITHMS, type Checksum, type ChecksumAlgorithm } from '../../uploads/append.js';
import { BadRequest } from '../problem.js';

const DIGEST_BYTES: Readonly<Record<ChecksumAlgorithm, number>> = { sha1: 20, sha256: 32 };

/** @throws BadRequest */
export function parseChecksum(header: string | undefined): Checksum | undefined {
  if (header === undefined) return undefined;
  const [name = '', encoded = ''] = header.split(/ (.*)/s);
  const algorithm = CHECKSUM_ALGORITHMS.find((known) => known === name);
  if (algorithm === undefined) {
    throw new BadRequest(`Upload-Checksum may be of ${CHECKSUM_ALGORITHMS.join(' or ')}; send one of those.`);
  }
  const digest = Buffer.from(encoded, 'base64');
  if (digest.toString('base64') === encoded && digest.length === DIGEST_BYTES[algorithm]) {
    return { algorithm, digest };
  }
  throw new BadRequest(`Upload-Checksum has no ${algorithm} in base64; mend it.`);
}
