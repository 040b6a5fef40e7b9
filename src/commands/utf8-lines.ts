/**
 * The bytes of a text file in blocks of whole lines, as long as they are UTF-8. For import: a decoder would put
 * U+FFFD in place of every other byte, and a grant would then be somebody else's.
 */

import { isUtf8 } from 'node:buffer';

const NEWLINE = 0x0a;
const MIB = 1024 * 1024;
const LINE_BYTES_MAX = MIB;

export class Utf8Lines {
  readonly #input: AsyncIterable<Buffer>;
  #problem: string | undefined;

  constructor(input: AsyncIterable<Buffer>) {
    this.#input = input;
  }

  /** What is wrong with the line behind the last one that came: nothing more comes. */
  get problem(): string | undefined {
    return this.#problem;
  }

  async *blocks(): AsyncIterable<Buffer> {
    let rest: Buffer = Buffer.alloc(0);
    for await (const chunk of this.#input) {
      const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      const end = bytes.lastIndexOf(NEWLINE) + 1;
      rest = bytes.subarray(end);
      if (end > 0) yield this.#good(bytes.subarray(0, end));
      if (rest.length > LINE_BYTES_MAX) this.#problem ??= `it is longer than ${LINE_BYTES_MAX / MIB} MiB`;
      if (this.#problem !== undefined) return;
    }
    if (rest.length > 0) yield this.#good(rest);
  }

  /** All of it, or the lines before the first one that is broken. */
  #good(bytes: Buffer): Buffer {
    if (isUtf8(bytes)) return bytes;
    this.#problem = 'it is not UTF-8';
    let end = 0;
    for (let next = bytes.indexOf(NEWLINE) + 1; next > 0; next = bytes.indexOf(NEWLINE, end) + 1) {
      if (!isUtf8(bytes.subarray(end, next))) break;
      end = next;
    }
    return bytes.subarray(0, end);
  }
}
