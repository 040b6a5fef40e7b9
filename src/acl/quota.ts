/**
 * Quotas: how much a user's files, or the files below a folder, may be. What a change of files adds to whom is computed
 * here, once for every store; the store counts, and looks at the limits in the transaction that writes.
 */

import type { FileRecord } from './ports.js';
import type { Principal } from './principal.js';
import { pathChain, type ResourcePath } from './resource-path.js';

/** A user, or a folder with all below it. They cannot be mistaken: a path begins with a slash. */
export type QuotaSubject = Principal | ResourcePath;

export function isFolderSubject(subject: QuotaSubject): subject is ResourcePath {
  return subject.startsWith('/');
}

export interface Amount {
  readonly bytes: number;
  readonly files: number;
}

/** `undefined`: no limit. */
export interface QuotaLimits {
  readonly bytesMax: number | undefined;
  readonly filesMax: number | undefined;
}

export interface Quota extends QuotaLimits {
  readonly subject: QuotaSubject;
}

export interface QuotaUse extends Quota {
  readonly used: Amount;
}

export const UNLIMITED: QuotaLimits = { bytesMax: undefined, filesMax: undefined };

/** A change that a quota has no room for. Nothing was written. */
export class QuotaExceeded extends Error {
  override readonly name = 'QuotaExceeded';
  readonly use: QuotaUse;
  readonly growth: Amount;

  constructor(use: QuotaUse, growth: Amount) {
    super(`the quota of ${use.subject} has no room`);
    this.use = use;
    this.growth = growth;
  }
}

/** By subject. */
export type Growth = ReadonlyMap<QuotaSubject, Amount>;

export interface Replacement {
  readonly old: FileRecord | undefined;
  readonly next: FileRecord;
}

/**
 * What the replacements may add at most, whether they are carried through or given up: room is kept for both. A file
 * counts for its owner, and for every folder above it.
 */
export function growthOf(replacements: readonly Replacement[]): Growth {
  return sumOf(replacements.map(({ old, next }) => reservationOf(old, next)));
}

/** @throws QuotaExceeded for the first one that has no room. What adds nothing is never refused. */
export function refuseExcess(growth: Growth, useOf: (subject: QuotaSubject) => QuotaUse | undefined): void {
  for (const [subject, added] of growth) {
    const use = useOf(subject);
    if (use !== undefined && !hasRoom(use, added)) throw new QuotaExceeded(use, added);
  }
}

/** Above a path, the root included; a folder is above itself. */
export function foldersAbove(path: ResourcePath): readonly ResourcePath[] {
  return pathChain(path).filter((one) => one.endsWith('/'));
}

function hasRoom({ used, bytesMax, filesMax }: QuotaUse, added: Amount): boolean {
  const fits = (now: number, more: number, most = Number.POSITIVE_INFINITY) =>
    more <= 0 || now + more <= most;
  return fits(used.bytes, added.bytes, bytesMax) && fits(used.files, added.files, filesMax);
}

/**
 * By how much each subject of `other` counts more there: what is to be kept free while it can still come.
 *
 * @param standing the record that stands meanwhile
 * @param other the one that may come, or come back
 */
export function reservationOf(standing: FileRecord | undefined, other: FileRecord | undefined): Growth {
  const before = new Set(subjectsOf(standing));
  const growth = new Map<QuotaSubject, Amount>();
  for (const subject of subjectsOf(other)) {
    const counted = before.has(subject);
    const bytes = Math.max(0, (other?.bytes ?? 0) - (counted ? (standing?.bytes ?? 0) : 0));
    if (bytes > 0 || !counted) growth.set(subject, { bytes, files: counted ? 0 : 1 });
  }
  return growth;
}

function subjectsOf(record: FileRecord | undefined): readonly QuotaSubject[] {
  if (record === undefined) return [];
  const folders = foldersAbove(record.path);
  return record.owner === undefined ? folders : [record.owner, ...folders];
}

function sumOf(all: readonly Growth[]): Growth {
  const sum = new Map<QuotaSubject, Amount>();
  for (const growth of all) {
    for (const [subject, { bytes, files }] of growth) {
      const before = sum.get(subject);
      sum.set(subject, { bytes: (before?.bytes ?? 0) + bytes, files: (before?.files ?? 0) + files });
    }
  }
  return sum;
}
