/** What a commit goes by, beside its order: when it has to wait, and what it cannot replace. */

import { setTimeout as wait } from 'node:timers/promises';
import { mayTakeAway } from '../acl/grant.js';
import type { CommitEntry } from '../acl/ports.js';
import type { Committed, Prepared, Upload } from './committer.js';
import { UploadProblem } from './problem.js';
import type { FoundFile } from './storage-root.js';

/**
 * nginx opens a file some microseconds after it was told that the visitor may have it. Between hiding a path
 * and exchanging its bytes we wait this long, so that an answer given under the old grants has been used up.
 */
export const HIDDEN_DRAIN_MS = 100;

/**
 * Resolves when nobody decides any more by what was before this revision, or the last one. Absent: everybody sees a
 * change at once.
 */
export type Followed = (revision: number | 'last') => Promise<unknown>;

/** When it resolves, no answer that rests on the grants from before `revision` opens anything any more. */
export async function usedUp(followed: Followed | undefined, revision: number | 'last'): Promise<void> {
  await followed?.(revision);
  await wait(HIDDEN_DRAIN_MS);
}

/**
 * Whether an answer that nginx was given a moment ago, under the old grants, could open what they do not allow: the
 * new bytes of a file that it knew, or of one that a new deny closes. Grants that only allow close nothing, where they
 * have no window: one may replace a wider one.
 */
export function mustDrain({
  entry: { visibility, grants },
  created,
}: {
  readonly entry: CommitEntry;
  readonly created: boolean;
}): boolean {
  return visibility === 'hidden' && (!created || grants.some(mayTakeAway));
}

/** Where one must, when nothing opens any more what they do not allow. @param hiddenAt the revision of their journal */
export async function drained(
  prepared: readonly Prepared[],
  followed: Followed | undefined,
  hiddenAt: number,
): Promise<void> {
  if (prepared.some(mustDrain)) await usedUp(followed, hiddenAt);
}

/** What an upload brings beside its bytes and grants, as it is journaled. */
export function broughtBy(
  { expiresAt, trashId, standingDenies, requested, sha256 }: Upload,
  keeping: 'its digest' | 'no digest',
): Pick<CommitEntry, 'expiresAt' | 'trashId' | 'standingDenies' | 'requested' | 'sha256'> {
  return {
    ...(expiresAt !== undefined && { expiresAt }),
    ...(trashId !== undefined && { trashId }),
    ...(standingDenies !== undefined && { standingDenies }),
    ...(requested !== undefined && { requested }),
    ...(keeping === 'its digest' && sha256 !== undefined && { sha256 }),
  };
}

export function committedOf({ entry, created, entityTag }: Prepared): Committed {
  return { path: entry.file.path, created, bytes: entry.file.bytes, entityTag };
}

/**
 * nginx's validators know whole seconds and bytes only, so two versions of one second and one size would pass
 * for the same: each version gets a later second than the one that it replaces.
 */
export function laterThan(found: FoundFile | undefined, seconds: number): number {
  return found === undefined ? seconds : Math.max(seconds, found.modifiedSeconds + 1);
}

export function notAFile(): UploadProblem {
  return new UploadProblem(
    'conflict',
    'Something that is no file is at this path, such as a link; ask the operator to remove it.',
  );
}

export function folderInTheWay(): UploadProblem {
  return new UploadProblem('conflict', 'This path is a folder; choose a name for the file in it.');
}
