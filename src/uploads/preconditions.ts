/**
 * If-Match and If-None-Match of a write (RFC 9110 §13.1), against the validator that nginx gives the file.
 */

import { UploadProblem } from './problem.js';
import type { FoundFile } from './storage-root.js';

export interface Preconditions {
  readonly ifMatch: string | undefined;
  readonly ifNoneMatch: string | undefined;
}

/** nginx's own entity tag (ngx_http_set_etag): hexadecimal seconds of the last change, hexadecimal bytes. */
export function entityTag(file: { readonly modifiedSeconds: number; readonly bytes: number }): string {
  return `"${file.modifiedSeconds.toString(16)}-${file.bytes.toString(16)}"`;
}

/** @throws UploadProblem `precondition-failed` */
export function checkPreconditions(conditions: Preconditions, found: FoundFile | undefined): void {
  const { ifMatch, ifNoneMatch } = conditions;
  const current = found?.kind === 'file' ? entityTag(found) : undefined;
  if (ifMatch !== undefined && !matches(ifMatch, current, 'strong')) {
    throw new UploadProblem(
      'precondition-failed',
      current === undefined
        ? 'If-Match names a version, but there is no file; send it without If-Match to make one.'
        : `The file has changed since you read it: it is now ${current}; read it again, then decide.`,
    );
  }
  if (ifNoneMatch !== undefined && matches(ifNoneMatch, current, 'weak')) {
    throw new UploadProblem(
      'precondition-failed',
      'There is a file already, and If-None-Match forbids to replace it; choose another name, or send it without.',
    );
  }
}

const ENTITY_TAG = /(W\/)?("[\x21\x23-\x7e\x80-\xff]*")/g;

function matches(header: string, current: string | undefined, comparison: 'strong' | 'weak'): boolean {
  if (current === undefined) return false;
  if (header.trim() === '*') return true;
  for (const [, weak, tag] of header.matchAll(ENTITY_TAG)) {
    if (tag === current && (weak === undefined || comparison === 'weak')) return true;
  }
  return false;
}
