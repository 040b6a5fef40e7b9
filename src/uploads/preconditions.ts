/**
 * If-Match, If-None-Match and If-Unmodified-Since of a write (RFC 9110 §13.1), against the validators that
 * nginx gives the file. What cannot be read is refused: passing it over would overwrite what it was to protect.
 */

import { UploadProblem } from './problem.js';
import type { FoundFile } from './storage-root.js';

/** The headers as they came. */
export interface Preconditions {
  readonly ifMatch: string | undefined;
  readonly ifNoneMatch: string | undefined;
  readonly ifUnmodifiedSince: string | undefined;
}

/** Whatever is there, or nothing. */
export const UNCONDITIONAL: Preconditions = Object.freeze({
  ifMatch: undefined,
  ifNoneMatch: undefined,
  ifUnmodifiedSince: undefined,
});

/** Only where nothing is. */
export const NEVER_OVERWRITE: Preconditions = Object.freeze({ ...UNCONDITIONAL, ifNoneMatch: '*' });

/** nginx's own entity tag (ngx_http_set_etag): hexadecimal seconds of the last change, hexadecimal bytes. */
export function entityTag(file: { readonly modifiedSeconds: number; readonly bytes: number }): string {
  return `"${file.modifiedSeconds.toString(16)}-${file.bytes.toString(16)}"`;
}

/** @throws UploadProblem `precondition-failed`, or `bad-request` for a header that cannot be read */
export function checkPreconditions(conditions: Preconditions, found: FoundFile | undefined): void {
  const { ifMatch, ifNoneMatch, ifUnmodifiedSince } = conditions;
  const file = found?.kind === 'file' ? found : undefined;
  const current = file && entityTag(file);
  if (ifMatch !== undefined && !matches('If-Match', ifMatch, current)) throw changed(current);
  // RFC 9110 §13.1.4: not beside If-Match, which is the more exact.
  if (ifMatch === undefined && ifUnmodifiedSince !== undefined) {
    const since = parseDate(ifUnmodifiedSince);
    if (file === undefined || file.modifiedSeconds > since) throw changed(current);
  }
  if (ifNoneMatch !== undefined && matches('If-None-Match', ifNoneMatch, current)) {
    throw new UploadProblem(
      'precondition-failed',
      'There is a file already, and it is not to be replaced (If-None-Match, or refuse); choose another name, or send it without.',
    );
  }
}

function changed(current: string | undefined): UploadProblem {
  return new UploadProblem(
    'precondition-failed',
    current === undefined
      ? 'A version is required, but there is no file; send it without If-Match and If-Unmodified-Since to make one.'
      : `The file has changed since you read it: it is now ${current}; read it again, then decide.`,
  );
}

/** RFC 9110 §8.8.3, with the one separator or the end behind it (§5.6.1: empty elements are passed over). */
const ENTITY_TAG = /[ \t,]*(?<weak>W\/)?(?<tag>"[\x21\x23-\x7e\x80-\xff]*")[ \t]*(?:,[ \t,]*|$)/gy;

/** If-Match compares strongly, If-None-Match weakly (RFC 9110 §8.8.3.2); nginx's own tag is a strong one. */
function matches(name: 'If-Match' | 'If-None-Match', header: string, current: string | undefined): boolean {
  if (header.trim() === '*') return current !== undefined;
  let matched = false;
  let end = 0;
  for (const { groups, index, 0: text } of header.matchAll(ENTITY_TAG)) {
    const comparable = name === 'If-None-Match' || groups?.weak === undefined;
    if (comparable && groups?.tag === current) matched = true;
    end = index + text.length;
  }
  if (end > 0 && end === header.length) return matched;
  throw new UploadProblem(
    'bad-request',
    `${name} is '*' or quoted entity tags, such as "65530a00-a"; mend it.`,
  );
}

/** An IMF-fixdate in whole seconds, the one form that is sent (RFC 9110 §5.6.7). */
function parseDate(text: string): number {
  const instant = Date.parse(text);
  if (new Date(instant).toString() !== 'Invalid Date' && new Date(instant).toUTCString() === text) {
    return instant / 1000;
  }
  throw new UploadProblem(
    'bad-request',
    `If-Unmodified-Since is a date such as '${new Date(0).toUTCString()}'; mend it.`,
  );
}
