/**
 * What a refused visitor is told beside the status, in headers that nginx acts on: where to sign in, to come back
 * later, or that there is nothing. Only 401 and 403 can pass through `auth_request`, so the rest is said by name.
 */

import type { Decision } from '../acl/decide.js';
import type { VisitorSettings } from '../config.js';
import type { Identified } from '../credentials/credential.js';
import type { Asked } from '../credentials/presented.js';
import { withoutTokens } from '../links/signed-url.js';

/** Characters. The header block has 4 KiB in nginx; a longer return address is cut down. */
const LOCATION_LENGTH_MAX = 2_000;

const NOTHING: readonly string[] = Object.freeze([]);
const TOO_MANY = Object.freeze(['X-Latchkey-Status', '429']);
/** In place of `visitorHeaders`: a link opened this once, and has ended. */
export const GONE: readonly string[] = Object.freeze(['X-Latchkey-Status', '410']);
const NOT_FOUND = Object.freeze(['X-Latchkey-Status', '404']);

/**
 * Flat name, value list, for the authorizer's 401 or 403 and for the files service's.
 *
 * @param path the percent-encoded path that was judged, which begins with the mount: it can name no other host
 */
export function visitorHeaders(
  settings: VisitorSettings,
  { outcome }: Decision,
  { failure }: Pick<Identified, 'failure'>,
  asked: Asked,
  path: string,
): readonly string[] {
  if (outcome === 'allow') return NOTHING;
  if (outcome === 'forbidden') return settings.hideForbidden ? NOT_FOUND : NOTHING;
  if (failure === 'limited') return TOO_MANY;
  if (settings.loginUrl === undefined || asked.page !== 'yes' || !isSafe(asked.method)) return NOTHING;
  return ['X-Latchkey-Location', loginLocation(settings.loginUrl, settings, path, asked.query)];
}

function isSafe(method: string | undefined): boolean {
  return method === 'GET' || method === 'HEAD';
}

function loginLocation(
  loginUrl: string,
  { loginParameter, publicUrl = '' }: VisitorSettings,
  path: string,
  query: string | undefined,
): string {
  const before = `${loginUrl}${loginUrl.includes('?') ? '&' : '?'}${loginParameter}=`;
  // A login page of this site wants a path, one of another host the whole address.
  const site = (loginUrl.startsWith('/') ? '' : publicUrl) + escaped(path);
  // A link's token opens nothing here, and is nobody's business at the login page.
  const rest = query === undefined ? '' : withoutTokens(query);
  const whole = rest === '' ? site : `${site}?${escaped(rest)}`;
  for (const address of [whole, site]) {
    const location = before + encodeURIComponent(address);
    if (location.length <= LOCATION_LENGTH_MAX) return location;
  }
  return loginUrl;
}

/**
 * What a browser would read otherwise: a backslash, which it takes for a slash; a `#`; and bytes outside ASCII, one
 * a character here. nginx has escaped most of it in a path, and nothing in a query.
 */
function escaped(text: string): string {
  return text.replace(/[^\x21-\x7e]|[\\#]/g, (character) => {
    return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
  });
}
