/**
 * Digests of an upload's bytes (RFC 9530), while they stream or of a file. The two algorithms are those that the
 * registry of the RFC names for use against tampering; the others there are checksums, or broken.
 */

import { createHash, type Hash } from 'node:crypto';

export const DIGEST_ALGORITHMS = ['sha-256', 'sha-512'] as const;
export type DigestAlgorithm = (typeof DIGEST_ALGORITHMS)[number];

/** In base64, by the algorithm. */
export type Digests = ReadonlyMap<DigestAlgorithm, string>;

/** The SHA-256 among them, in hexadecimal, as it is stored. */
export function sha256Of(digests: Digests): string | undefined {
  const digest = digests.get('sha-256');
  return digest && Buffer.from(digest, 'base64').toString('hex');
}

export function isDigestAlgorithm(name: string): name is DigestAlgorithm {
  return (DIGEST_ALGORITHMS as readonly string[]).includes(name);
}

/** Of bytes that come one after another. */
export class RunningDigests {
  readonly #hashes: readonly (readonly [DigestAlgorithm, Hash])[];

  constructor(algorithms: readonly DigestAlgorithm[]) {
    this.#hashes = algorithms.map((algorithm) => [algorithm, createHash(algorithm.replace('-', ''))]);
  }

  update(bytes: Uint8Array): void {
    for (const [, hash] of this.#hashes) hash.update(bytes);
  }

  /** Once, at the end. */
  finish(): Digests {
    return new Map(this.#hashes.map(([algorithm, hash]) => [algorithm, hash.digest('base64')]));
  }
}
