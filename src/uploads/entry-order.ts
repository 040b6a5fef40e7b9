/**
 * The order of a listing, and where a page of it ends: by the last entry itself, so that what comes and goes between
 * two pages neither repeats an entry nor leaves one out.
 */

import { UploadProblem } from './problem.js';
import type { ListedEntry } from './storage-root.js';

export const SORT_KEYS = ['name', 'size', 'date'] as const;
export type SortKey = (typeof SORT_KEYS)[number];

export interface Order {
  readonly sort: SortKey;
  readonly order: 'asc' | 'desc';
}

/** What an entry is sorted by. */
type Place = Pick<ListedEntry, 'kind' | 'name' | 'bytes' | 'modifiedSeconds'>;

/** As a person counts: `plan 9` before `plan 10`. */
const byWords = new Intl.Collator('en', { numeric: true });

const COMPARE: Readonly<Record<SortKey, (a: Place, b: Place) => number>> = {
  name: byName,
  size: (a, b) => told(a, a.bytes) - told(b, b.bytes),
  date: (a, b) => told(a, a.modifiedSeconds) - told(b, b.modifiedSeconds),
};

/** Folders first, in each order; of equal ones, by name. */
export function comparing({ sort, order }: Order): (a: Place, b: Place) => number {
  const turned = order === 'desc' ? -1 : 1;
  return (a, b) =>
    Number(a.kind === 'file') - Number(b.kind === 'file') || turned * COMPARE[sort](a, b) || byName(a, b);
}

/** A folder's size and date tell of what is in it, and not all of that is for whoever asks. */
function told({ kind }: Place, value: number): number {
  return kind === 'file' ? value : 0;
}

/** Names that a person takes for the same are still in one order. */
function byName(a: Place, b: Place): number {
  return byWords.compare(a.name, b.name) || Number(a.name > b.name) - Number(a.name < b.name);
}

export function cursorOf(place: Place): string {
  const { kind, name, bytes, modifiedSeconds } = place;
  const cursor = [kind, name, told(place, bytes), told(place, modifiedSeconds)];
  return Buffer.from(JSON.stringify(cursor)).toString('base64url');
}

/** @throws UploadProblem `bad-request` */
export function placeAt(cursor: string): Place {
  try {
    const place: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    const [kind, name, bytes, modifiedSeconds] = Array.isArray(place) ? (place as unknown[]) : [];
    const isKind = kind === 'file' || kind === 'folder';
    if (
      isKind &&
      typeof name === 'string' &&
      typeof bytes === 'number' &&
      typeof modifiedSeconds === 'number'
    ) {
      return { kind, name, bytes, modifiedSeconds };
    }
  } catch {}
  throw new UploadProblem('bad-request', "'after' is what an earlier page has as 'next'; begin without it.");
}
