/**
 * Grants as lines of a file, for import and export: CSV with a header, or JSON Lines, with the same names.
 *
 * Reading is strict: a column or key that is not known is a bad line, since a misspelt `expiresAt` that was
 * ignored would be a grant for ever.
 */

import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { type Info, parse } from 'csv-parse';
import { parseAction } from '../acl/action.js';
import { type Grant, type GrantDraft, parseEffect, windowProblem } from '../acl/grant.js';
import { grantJson } from '../acl/grant-json.js';
import { isInstant, parseInstant } from '../acl/instant.js';
import { parsePrincipal } from '../acl/principal.js';
import { parseResourcePath, pathProblem } from '../acl/resource-path.js';

export const FORMATS = ['csv', 'jsonl'] as const;
export type Format = (typeof FORMATS)[number];

const REQUIRED = ['principal', 'action', 'path'] as const;
const COLUMNS = [...REQUIRED, 'effect', 'notBefore', 'expiresAt'] as const;
type Column = (typeof COLUMNS)[number];

type Fields = Readonly<Partial<Record<Column, unknown>>>;

/** Characters of one record; a path of 4 KiB, percent signs and all, fits. */
const RECORD_LENGTH_MAX = 64 * 1024;

/** One record of the file: its grant, or what is wrong with it. Lines are counted from 1. */
export type Line =
  | { readonly line: number; readonly draft: GrantDraft }
  | { readonly line: number; readonly problem: string };

/** In blocks of about a chunk of the input: a wait for each line would cost more than the line. */
export function readLines(input: Readable, format: Format): AsyncIterable<readonly Line[]> {
  return format === 'csv' ? readCsv(input) : readJsonLines(input);
}

async function* readCsv(input: Readable): AsyncIterable<readonly Line[]> {
  let lines: Line[] = [];
  let columns: readonly Column[] | undefined;
  let refused = false;
  const parser = parse({
    bom: true,
    info: true,
    skip_empty_lines: true,
    max_record_size: RECORD_LENGTH_MAX,
    on_record: (given: unknown) => {
      // With `info`, a record comes with what is known about it; the package's types know only the record.
      const { record, info } = given as { record: string[]; info: Info };
      if (columns !== undefined) {
        lines.push(lineOf(info.lines, fieldsOf(columns, record)));
        return null;
      }
      const problem = headerProblem(record);
      columns = record as Column[];
      refused = problem !== undefined;
      if (problem !== undefined) lines.push({ line: info.lines, problem });
      return null;
    },
  });
  let broken: { code?: string; lines?: number; message: string } | undefined;
  parser.on('error', (error) => {
    broken = error;
  });
  for await (const chunk of input) {
    await new Promise((resolve) => parser.write(chunk, resolve));
    if (broken !== undefined || refused) break;
    yield lines;
    lines = [];
  }
  if (broken === undefined && !refused) {
    await new Promise<void>((resolve) => parser.on('close', resolve).end().resume());
  }
  if (broken !== undefined) {
    if (broken.code?.startsWith('CSV_') !== true) throw broken;
    lines.push({ line: broken.lines ?? 0, problem: `${broken.message}; what follows was not read` });
  }
  yield lines;
}

function fieldsOf(columns: readonly Column[], record: readonly string[]): Fields {
  const fields: Partial<Record<Column, unknown>> = {};
  for (let i = 0; i < columns.length; i++) fields[columns[i] as Column] = record[i];
  return fields;
}

function headerProblem(names: readonly string[]): string | undefined {
  const unknown = names.find((name) => !COLUMNS.some((column) => column === name));
  if (unknown !== undefined) return `'${unknown}' is no column; the header is ${COLUMNS.join(',')}`;
  const missing = REQUIRED.find((column) => !names.includes(column));
  if (missing !== undefined) return `the column '${missing}' is missing; the header is ${COLUMNS.join(',')}`;
  return new Set(names).size === names.length ? undefined : 'a column is named twice';
}

async function* readJsonLines(input: Readable): AsyncIterable<readonly Line[]> {
  const decoder = new StringDecoder('utf8');
  let line = 0;
  let rest = '';
  for await (const chunk of input) {
    const texts = (rest + decoder.write(chunk)).split('\n');
    rest = texts.pop() ?? '';
    yield texts.flatMap((text) => jsonLine(++line, text));
    if (rest.length > RECORD_LENGTH_MAX) {
      yield [{ line: line + 1, problem: `${TOO_LONG}; what follows was not read` }];
      return;
    }
  }
  yield jsonLine(line + 1, rest + decoder.end());
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
