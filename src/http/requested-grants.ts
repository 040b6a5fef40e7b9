/**
 * Grants that an upload asks to be set with it, in the header `X-Latchkey-Grants` or the form field `grants`:
 *
 *     user:bob read, group:eng write, anyone deny read, user:eve read until=2027-01-01T00:00:00Z
 *
 * The words are the CLI's. Principals are percent-encoded, since a name may hold a space or a comma.
 */

import { parseAction } from '../acl/action.js';
import { type GrantDraft, windowProblem } from '../acl/grant.js';
import { parseInstant } from '../acl/instant.js';
import { parsePrincipal } from '../acl/principal.js';
import type { ResourcePath } from '../acl/resource-path.js';
import { BadRequest } from './problem.js';

/** An upload with more belongs into a folder with grants of its own. */
const GRANTS_MAX = 100;

/** @throws BadRequest naming the entry that is wrong */
export function parseRequestedGrants(text: string, path: ResourcePath): readonly GrantDraft[] {
  const entries = text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
  if (entries.length > GRANTS_MAX) {
    throw new BadRequest(
      `An upload may set ${GRANTS_MAX} grants, not ${entries.length}; grant on its folder.`,
    );
  }
  return entries.map((entry) => parseEntry(entry, path));
}

function parseEntry(entry: string, path: ResourcePath): GrantDraft {
  const [who = '', ...rest] = entry.split(/ +/);
  const principal = parsePrincipal(percentDecoded(who, entry));
  if (principal === undefined)
    throw wrong(entry, 'it begins with user:NAME, group:NAME, authenticated or anyone');
  const effect = rest[0] === 'deny' || rest[0] === 'allow' ? rest.shift() : 'allow';
  const action = parseAction(rest.shift() ?? '');
  if (action === undefined) throw wrong(entry, 'the action is read, write or manage');
  const window = parseWindow(rest, entry);
  const problem = windowProblem(window.notBefore, window.expiresAt);
  if (problem !== undefined) throw wrong(entry, problem);
  return { principal, path, action, effect: effect === 'deny' ? 'deny' : 'allow', ...window };
}

function parseWindow(words: readonly string[], entry: string) {
  let notBefore: number | undefined;
  let expiresAt: number | undefined;
  for (const word of words) {
    const [name, value = ''] = word.split(/=(.*)/s);
    const instant = parseInstant(value);
    if (instant === undefined || (name !== 'from' && name !== 'until')) {
      throw wrong(entry, `'${word}' is neither from=TIME nor until=TIME (ISO 8601 with a zone)`);
    }
    if (name === 'from') notBefore = instant;
    else expiresAt = instant;
  }
  return { notBefore, expiresAt };
}

function percentDecoded(text: string, entry: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw wrong(entry, 'its percent-encoding is broken');
  }
}

function wrong(entry: string, why: string): BadRequest {
  return new BadRequest(`The grant ${JSON.stringify(entry)} cannot be set: ${why}.`);
}
