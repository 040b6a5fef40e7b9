/**
 * `Content-Digest` and `Repr-Digest` (RFC 9530) of a request whose body is a form: they are of all of it, as it came,
 * with its boundaries. One of each file could only come in a header of its part, which RFC 7578 §4.8 forbids.
 */

import { finished } from 'node:stream/promises';
import type { FastifyRequest } from 'fastify';
import { RunningDigests } from '../uploads/digests.js';
import { algorithmsOf, checkDigests, type Integrity, parseIntegrity } from '../uploads/integrity.js';
import { integrityOf } from './write-request.js';

export class BodyDigests {
  readonly #request: FastifyRequest;
  readonly #integrity: Integrity;
  readonly #running: RunningDigests;

  /** @throws UploadProblem for a field that cannot be read */
  constructor(request: FastifyRequest) {
    this.#request = request;
    this.#integrity = { ...parseIntegrity(integrityOf(request)), wanted: undefined };
    this.#running = new RunningDigests(algorithmsOf(this.#integrity));
  }

  /** Beside whoever reads the body, and begins in this turn: from then on it flows. */
  watch(): void {
    if (this.#integrity.expected.length === 0) return;
    this.#request.raw.on('data', (chunk: Buffer) => this.#running.update(chunk));
  }

  /** When the form has ended; behind it may come what is no part of it. @throws UploadProblem `digest-mismatch` */
  async check(): Promise<void> {
    if (this.#integrity.expected.length === 0) return;
    const { raw } = this.#request;
    raw.resume();
    if (!raw.readableEnded) await finished(raw, { writable: false });
    checkDigests(this.#integrity, this.#running.finish());
  }
}
