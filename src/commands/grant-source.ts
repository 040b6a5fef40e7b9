/**
 * A file of grants that is read: where it comes from, how far it is, and each bad line told. For import, and for adopt
 * with grants.
 */

import { once } from 'node:events';
import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import type { GrantDraft } from '../acl/grant.js';
import { type Output, RefusedError, UsageError } from './command.js';
import { FORMATS, type Format, type Line, readLines } from './grant-lines.js';
import { Progress } from './progress.js';

export interface Source {
  readonly stream: Readable;
  readonly format: Format;
  readonly bytes: number | undefined;
}

/** To be opened before the working directory and the user change. @param wanted '--format', where it is given */
export async function openSource(name: string, wanted?: string): Promise<Source> {
  const format = FORMATS.find((known) => known === wanted);
  if (wanted !== undefined && format === undefined)
    throw new UsageError(`--format takes ${FORMATS.join(' or ')}, not '${wanted}'`);
  if (name === '-')
    return { stream: process.stdin, format: format ?? (await sniff(process.stdin)), bytes: undefined };
  try {
    const file = await open(name);
    const found = await file.stat();
    if (found.isDirectory()) throw new Error('it is a folder');
    const stream = file.createReadStream({ highWaterMark: 256 * 1024 });
    return {
      stream,
      format: format ?? (await sniff(stream)),
      bytes: found.isFile() ? found.size : undefined,
    };
  } catch (error) {
    throw new UsageError(`${name} cannot be read: ${(error as Error).message}`);
  }
}

/** JSON Lines begin with a brace. */
async function sniff(stream: Readable): Promise<Format> {
  if (stream.readableLength === 0 && !stream.readableEnded) await once(stream, 'readable');
  const chunk: Buffer | null = stream.read();
  if (chunk !== null) stream.unshift(chunk);
  return /^\uFEFF?\s*\{/.test(chunk?.subarray(0, 1024).toString() ?? '') ? 'jsonl' : 'csv';
}

/** Batches of the grants of a source; a bad line is reported, and after the last line refuses the whole. */
export class Reading {
  readonly #source: Source;
  readonly #output: Output;
  readonly #progress: Progress;
  readonly #began = performance.now();
  #bytes = 0;
  #rows = 0;
  #bad = 0;

  constructor(source: Source, output: Output) {
    this.#source = source;
    this.#output = output;
    this.#progress = new Progress(source.bytes);
  }

  get seconds(): number {
    return (performance.now() - this.#began) / 1000;
  }

  end(): void {
    this.#progress.end();
  }

  async *batches(): AsyncIterable<readonly GrantDraft[]> {
    const { stream, format } = this.#source;
    stream.on('data', (chunk: Buffer) => {
      this.#bytes += chunk.length;
    });
    for await (const lines of readLines(stream, format)) {
      const batch = lines.map((line) => this.#take(line)).filter((draft) => draft !== undefined);
      this.#progress.update(this.#bytes, this.#rows);
      if (this.#bad === 0) yield batch;
    }
    if (this.#bad > 0)
      throw new RefusedError(`nothing was written: ${this.#bad} of ${this.#rows} lines are bad`);
  }

  #take(line: Line): GrantDraft | undefined {
    this.#rows += 1;
    if ('draft' in line) return line.draft;
    this.#bad += 1;
    this.#progress.end();
    this.#output.note(`line ${line.line}: ${line.problem}`);
    return undefined;
  }
}
