/** What a scan is asked, and what it answers: the hook that must say yes before a file becomes visible. */

import type { Principal } from '../acl/principal.js';
import type { ResourcePath } from '../acl/resource-path.js';

/** Bytes that nobody writes to any more. */
export interface ScannedFile {
  /** On the disk, absolute. */
  readonly file: string;
  /** Where it is to be. */
  readonly path: ResourcePath;
  readonly bytes: number;
  readonly owner: Principal | undefined;
}

/** @param reason for the log: printable, and one line */
export type Verdict = { readonly kind: 'yes' } | { readonly kind: 'no'; readonly reason: string };

/** @throws NotKnown when it cannot be told: that is neither a yes nor a no */
export type Scan = (file: ScannedFile) => Promise<Verdict>;

/** Of what a scan says, this much is read, and of its first line this much is logged. */
export const SAID_BYTES_MAX = 4 * 1024;
const REASON_LENGTH_MAX = 200;

/** The first line of what somebody else's program has said, as something that can be logged. */
export function reasonIn(said: string): string {
  const line = said.split(/[\r\n]+/).find((text) => text.trim() !== '') ?? 'it gives no reason';
  return line
    .trim()
    .replaceAll(/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu, '?')
    .slice(0, REASON_LENGTH_MAX);
}
