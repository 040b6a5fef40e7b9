/**
 * Grants as lines of a file, for import and export: CSV with a header, or JSON Lines, with the same names.
 *
 * Reading is strict: a column or key that is not known is a bad line, since a misspelt `expiresAt` that was
 * ignored would be a grant for ever.
 */

import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { type Info, parse } from 'csv-parse';
import { parseAction } from '../acl/action.js';
import { type Grant, type GrantDraft, parseEffect, windowProblem } from '../acl/grant.js';
import { grantJson } from '../acl/grant-json.js';
import { parseInstant } from '../acl/instant.js';
import { parsePrincipal } from '../acl/principal.js';
import { parseResourcePath, pathProblem } from '../acl/resource-path.js';

export const FORMATS = ['csv', 'jsonl'] as const;
export type Format = (typeof FORMATS)[number];

const REQUIRED = ['principal', 'action', 'path'] as const;
const COLUMNS = [...REQUIRED, 'effect', 'notBefore', 'expiresAt'] as const;
type Column = (typeof COLUMNS)[number];

/** Characters of one record; a path of 4 KiB, percent signs and all, fits. */
const RECORD_LENGTH_MAX = 64 * 1024;

/** One record of the file: its grant, or what is wrong with it. Lines are counted from 1. */
export type Line =
  | { readonly line: number; readonly draft: GrantDraft }
  | { readonly line: number; readonly problem: string };

export function readLines(input: Readable, format: Format): AsyncIterable<Line> {
  return format === 'csv' ? readCsv(input) : readJsonLines(input);
}

async function* readCsv(input: Readable): AsyncIterable<Line> {
  const parser = input.pipe(
    parse({ bom: true, info: true, skip_empty_lines: true, max_record_size: RECORD_LENGTH_MAX }),
  );
  input.on('error', (error) => parser.destroy(error));
  let columns: readonly Column[] | undefined;
  let line = 1;
  try {
    for await (const { record, info } of parser as AsyncIterable<{ record: string[]; info: Info }>) {
      line = info.lines;
      if (columns === undefined) {
        const problem = headerProblem(record);
        if (problem !== undefined) return yield { line, problem };
        columns = record as Column[];
      } else {
        yield lineOf(line, Object.fromEntries(columns.map((column, i) => [column, record[i]])));
      }
    }
  } catch (error) {
    const { code, lines } = error as { code?: string; lines?: number };
    if (code?.startsWith('CSV_') !== true) throw error;
    yield { line: lines ?? line, problem: `${(error as Error).message}; what follows was not read` };
  }
}

function headerProblem(names: readonly string[]): string | undefined {
  const unknown = names.find((name) => !COLUMNS.some((column) => column === name));
  if (unknown !== undefined) return `'${unknown}' is no column; the header is ${COLUMNS.join(',')}`;
  const missing = REQUIRED.find((column) => !names.includes(column));
  if (missing !== undefined) return `the column '${missing}' is missing; the header is ${COLUMNS.join(',')}`;
  return new Set(names).size === names.length ? undefined : 'a column is named twice';
}

async function* readJsonLines(input: Readable): AsyncIterable<Line> {
  let line = 0;
  for await (const text of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    line += 1;
    if (text.trim() === '') continue;
    if (text.length > RECORD_LENGTH_MAX) yield { line, problem: `it is longer than ${RECORD_LENGTH_MAX}` };
    else yield jsonLine(line, text);
  }
}

function jsonLine(line: number, text: string): Line {
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
  return lineOf(line, fields as Record<Column, unknown>);
}

function lineOf(line: number, fields: Partial<Record<Column, unknown>>): Line {
  const given = draftOf(fields);
  return typeof given === 'string' ? { line, problem: given } : { line, draft: given };
}

/** The grant, or what is wrong. */
function draftOf(fields: Partial<Record<Column, unknown>>): GrantDraft | string {
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
  if (typeof value === 'number') return Number.isSafeInteger(value) ? value : 'wrong';
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
