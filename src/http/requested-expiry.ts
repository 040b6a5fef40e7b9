/** When a file shall end, as a request says it: the header `X-Latchkey-Expires`, the field `expires`, or the API. */

import { parseDuration, parseInstant } from '../acl/instant.js';
import { BadRequest } from './problem.js';

/** A century: what is meant for longer is meant for ever. */
const AHEAD_MS_MAX = 100 * 366 * 24 * 60 * 60 * 1000;

/**
 * UTC milliseconds of a duration such as `7d`, or of an instant; `undefined` for nothing and for `never`.
 *
 * @throws BadRequest
 */
export function parseRequestedExpiry(text: string, now: number): number | undefined {
  const wanted = text.trim();
  if (wanted === '' || wanted === 'never') return undefined;
  const lasting = parseDuration(wanted);
  const expiresAt = lasting === undefined ? parseInstant(wanted) : now + lasting;
  if (expiresAt === undefined) {
    throw new BadRequest(
      "A file expires after a duration such as 7d, at an instant such as 2027-01-31T12:00Z, or 'never'.",
    );
  }
  if (expiresAt <= now) throw new BadRequest('A file expires in the future; to end it now, delete it.');
  if (expiresAt > now + AHEAD_MS_MAX) {
    throw new BadRequest("A file expires within a century; say 'never' for longer.");
  }
  return expiresAt;
}

/** As an upload has it. A duration counts from when its bytes are there. @throws BadRequest */
export function expiryFrom(text: string, now: number): { readonly expiresAt?: number } {
  const expiresAt = parseRequestedExpiry(text, now);
  return expiresAt === undefined ? {} : { expiresAt };
}
