/** The records of a CSV file, each with the line that it begins on. What the fields mean is grant-lines' affair. */

import { CsvError, type Info, parse } from 'csv-parse';
import type { Utf8Lines } from './utf8-lines.js';

/** Characters of one record; a path of 4 KiB, percent signs and all, fits. */
export const RECORD_LENGTH_MAX = 64 * 1024;

/** Lines are counted from 1. */
export type CsvRecord =
  | { readonly line: number; readonly fields: readonly string[] }
  | { readonly line: number; readonly problem: string };

/** In blocks of about a chunk of the input. After a record that is broken nothing more comes. */
export async function* readCsv(source: Utf8Lines): AsyncIterable<readonly CsvRecord[]> {
  let records: CsvRecord[] = [];
  const lines = new LineCounter();
  const parser = parse({
    bom: true,
    info: true,
    skip_empty_lines: true,
    relax_column_count: true, // a row with a field too few is one bad line, not the end of the reading
    max_record_size: RECORD_LENGTH_MAX,
    on_record: (given: unknown) => {
      // With `info`, a record comes with what is known about it; the package's types know only the record.
      const { record, info } = given as { record: string[]; info: Info };
      records.push({ line: lines.beginOf(record, info.lines), fields: record });
      return null;
    },
  });
  let broken: Error | undefined;
  parser.on('error', (error) => {
    broken = error;
  });
  for await (const block of source.blocks()) {
    await new Promise((resolve) => parser.write(block, resolve));
    if (broken !== undefined) break;
    yield records;
    records = [];
  }
  if (broken === undefined) {
    await new Promise<void>((resolve) => parser.on('close', resolve).end().resume());
  }
  const problem = source.problem ?? (broken === undefined ? undefined : inWords(broken));
  if (problem !== undefined) records.push({ line: lines.next, problem });
  yield records;
}

function inWords(error: Error): string {
  if (!(error instanceof CsvError)) throw error;
  switch (error.code) {
    case 'CSV_QUOTE_NOT_CLOSED':
      return 'it opens a quote that is never closed';
    case 'CSV_MAX_RECORD_SIZE':
      return `it has more than ${RECORD_LENGTH_MAX} characters: is a quote not closed?`;
    case 'CSV_INVALID_CLOSING_QUOTE':
      return 'behind a closing quote it goes on without a comma';
    default:
      return 'a quote stands within a field that does not begin with one';
  }
}

/** csv-parse counts the line that a record ends on, and within quotes it counts CR LF as two. */
class LineCounter {
  #seen = 0;
  #excess = 0;

  /** Where the next record begins, blank lines aside. */
  get next(): number {
    return this.#seen - this.#excess + 1;
  }

  beginOf(fields: readonly string[], seen: number): number {
    const isOneLine = seen - this.#seen === 1;
    this.#seen = seen;
    if (isOneLine) return seen - this.#excess;
    const text = fields.join('');
    const breaks = text.match(/\r\n|\r|\n/g)?.length ?? 0;
    this.#excess += text.match(/\r\n/g)?.length ?? 0;
    return seen - this.#excess - breaks;
  }
}
