/**
 * Grants as lines of a file, for import and export: CSV with a header, or JSON Lines, with the same names.
 *
 * Reading is strict: a column or key that is not known is a bad line, since a misspelt `expiresAt` that was
 * ignored would be a grant for ever.
 */

import type { Readable } from 'node:stream';
import { parseAction } from '../acl/action.js';
import { type Grant, type GrantDraft, parseEffect, windowProblem } from '../acl/grant.js';
import { grantJson } from '../acl/grant-json.js';
import { isInstant, parseInstant } from '../acl/instant.js';
import { parsePrincipal } from '../acl/principal.js';
import { parseResourcePath, pathProblem } from '../acl/resource-path.js';
import { RECORD_LENGTH_MAX, readCsv } from './csv-lines.js';
import { Utf8Lines } from './utf8-lines.js';

export const FORMATS = ['csv', 'jsonl'] as const;
export type Format = (typeof FORMATS)[number];

const REQUIRED = ['principal', 'action', 'path'] as const;
const COLUMNS = [...REQUIRED, 'effect', 'notBefore', 'expiresAt'] as const;
type Column = (typeof COLUMNS)[number];

type Fields = Readonly<Partial<Record<Column, unknown>>>;

/** One record of the file: its grant, or what is wrong with it. Lines are counted from 1. */
export type Line =
  | { readonly line: number; readonly draft: GrantDraft }
  | { readonly line: number; readonly problem: string };

/** In blocks of about a chunk of the input: a wait for each line would cost more than the line. */
export async function* readLines(input: Readable, format: Format): AsyncIterable<readonly Line[]> {
  const source = new Utf8Lines(input);
  yield* format === 'csv' ? readCsvLines(source) : readJsonLines(source);
}

async function* readCsvLines(source: Utf8Lines): AsyncIterable<readonly Line[]> {
  let columns: readonly Column[] | undefined;
  for await (const records of readCsv(source)) {
    const lines: Line[] = [];
    for (const record of records) {
      if ('problem' in record) {
        lines.push({ line: record.line, problem: `${record.problem}; what follows was not read` });
      } else if (columns === undefined) {
        const problem = headerProblem(record.fields);
        if (problem !== undefined) return yield [{ line: record.line, problem }];
        columns = record.fields as readonly Column[];
      } else {
        lines.push(csvLine(record.line, columns, record.fields));
      }
    }
    yield lines;
  }
}

function csvLine(line: number, columns: readonly Column[], values: readonly string[]): Line {
  if (values.length !== columns.length) {
    return { line, problem: `the header has ${columns.length} fields, and this line ${values.length}` };
  }
  const fields: Partial<Record<Column, unknown>> = {};
  for (let i = 0; i < columns.length; i++) fields[columns[i] as Column] = values[i];
  return lineOf(line, fields);
}

function headerProblem(names: readonly string[]): string | undefined {
  const unknown = names.find((name) => !COLUMNS.some((column) => column === name));
  if (unknown !== undefined) return `'${unknown}' is no column; the header is ${COLUMNS.join(',')}`;
  const missing = REQUIRED.find((column) => !names.includes(column));
  if (missing !== undefined) return `the column '${missing}' is missing; the header is ${COLUMNS.join(',')}`;
  return new Set(names).size === names.length ? undefined : 'a column is named twice';
}

async function* readJsonLines(source: Utf8Lines): AsyncIterable<readonly Line[]> {
  let line = 0;
  for await (const block of source.blocks()) {
    const texts = block.toString().split('\n');
    if (texts.at(-1) === '') texts.pop();
    if (line === 0) texts[0] = texts[0]?.replace(/^\uFEFF/, '') ?? '';
    yield texts.flatMap((text) => jsonLine(++line, text));
  }
  const { problem } = source;
  if (problem !== undefined) yield [{ line: line + 1, problem: `${problem}; what follows was not read` }];
}

const TOO_LONG = `it has more than ${RECORD_LENGTH_MAX} characters`;

/** One line, or none where it is empty. */
function jsonLine(line: number, text: string): readonly Line[] {
  if (text.trim() === '') return [];
  return [text.length > RECORD_LENGTH_MAX ? { line, problem: TOO_LONG } : parsedLine(line, text)];
}

function parsedLine(line: number, text: string): Line {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { line, problem: 'it is no JSON' };
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { line, problem: 'it is no JSON object' };
  }
  const { id: _id, ...fields } = value as Record<string, unknown>; // what export wrote may come back
  const unknown = Object.keys(fields).find((key) => !COLUMNS.some((column) => column === key));
  if (unknown !== undefined)
    return { line, problem: `'${unknown}' is no key; the keys are ${COLUMNS.join(', ')}` };
  return lineOf(line, fields);
}

function lineOf(line: number, fields: Fields): Line {
  const given = draftOf(fields);
  return typeof given === 'string' ? { line, problem: given } : { line, draft: given };
}

/** The grant, or what is wrong. */
function draftOf(fields: Fields): GrantDraft | string {
  const principal = parsePrincipal(textOf(fields.principal));
  if (principal === undefined) {
    return `'${textOf(fields.principal)}' is no principal: user:NAME, group:NAME, authenticated or anyone`;
  }
  const action = parseAction(textOf(fields.action));
  if (action === undefined) return `'${textOf(fields.action)}' is no action: read, write, manage`;
  const path = parseResourcePath(textOf(fields.path));
  if (path === undefined) {
    return `'${textOf(fields.path)}' is no resource path: ${pathProblem(textOf(fields.path))}`;
  }
  const effect = isAbsent(fields.effect) ? 'allow' : parseEffect(textOf(fields.effect));
  if (effect === undefined) return `'${textOf(fields.effect)}' is no effect: allow, deny`;
  const notBefore = instantOf(fields.notBefore);
  const expiresAt = instantOf(fields.expiresAt);
  if (notBefore === 'wrong')
    return `notBefore is no ISO 8601 time with a zone: '${textOf(fields.notBefore)}'`;
  if (expiresAt === 'wrong')
    return `expiresAt is no ISO 8601 time with a zone: '${textOf(fields.expiresAt)}'`;
  const problem = windowProblem(notBefore, expiresAt);
  if (problem !== undefined) return `its window of time is wrong: ${problem}`;
  return { principal, action, path, effect, notBefore, expiresAt };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : value === undefined ? '' : JSON.stringify(value);
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null || value === '';
}

/** ISO 8601, or UTC milliseconds as a number. */
function instantOf(value: unknown): number | undefined | 'wrong' {
  if (isAbsent(value)) return undefined;
  if (typeof value === 'number') return isInstant(value) ? value : 'wrong';
  return parseInstant(textOf(value)) ?? 'wrong';
}

export function headerLine(format: Format): string {
  return format === 'csv' ? `${COLUMNS.join(',')}\n` : '';
}

export function writeLine(grant: Grant, format: Format): string {
  const { id: _id, ...json } = grantJson(grant);
  if (format === 'jsonl') return `${JSON.stringify(json)}\n`;
  return `${COLUMNS.map((column) => csvField(json[column] ?? '')).join(',')}\n`;
}

/** RFC 4180 §2, rules 6 and 7. */
function csvField(text: string): string {
  return /^[^",\r\n]*$/.test(text) ? text : `"${text.replaceAll('"', '""')}"`;
}
