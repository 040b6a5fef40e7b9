/**
 * The partials of one request, from their first byte until the committer takes them over. Together they may be
 * as large as one upload, which is also nginx's limit of a request; what is never committed is dropped.
 */

import type { Readable } from 'node:stream';
import type { Committed, Committer, Upload } from './committer.js';
import { type Partial, writePartial } from './partial.js';
import type { StorageRoot } from './storage-root.js';

export interface ReceiveOptions {
  /** Of this one alone. */
  readonly fileBytesMax?: number | undefined;
  /** Is told each piece of it, in order. */
  readonly onChunk?: (chunk: Uint8Array) => void;
}

export class Staging {
  readonly #root: StorageRoot;
  readonly #bytesMax: number;
  #partials: readonly Partial[] = [];
  #isOver = false;

  constructor(root: StorageRoot, bytesMax: number) {
    this.#root = root;
    this.#bytesMax = bytesMax;
  }

  /** @throws UploadProblem as `writePartial` does */
  async receive(source: Readable, options: ReceiveOptions = {}): Promise<Partial> {
    const { fileBytesMax = this.#bytesMax, onChunk } = options;
    const bytesBefore = this.#partials.reduce((sum, { bytes }) => sum + bytes, 0);
    const limit = { bytesMax: this.#bytesMax, bytesBefore, fileBytesMax };
    const partial = await writePartial(this.#root, source, limit, onChunk);
    this.add(partial);
    return partial;
  }

  /** A partial that came another way, and within the limit. */
  add(partial: Partial): void {
    this.#partials = [...this.#partials, partial];
    // Its request was refused while it came.
    if (this.#isOver) void this.dropRest();
  }

  /** Hands all of them over: the committer drops what it does not commit. */
  async commit(committer: Committer, uploads: readonly Upload[]): Promise<readonly Committed[]> {
    this.#partials = [];
    return committer.commit(uploads);
  }

  async dropRest(): Promise<void> {
    this.#isOver = true;
    await this.#root.tryDropPartials(this.#partials);
  }
}
