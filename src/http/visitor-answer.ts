/**
 * What a refused visitor is told beside the status, in headers that nginx acts on: where to sign in, to come back
 * later, or that there is nothing. Only 401 and 403 can pass through `auth_request`, so the rest is said by name.
 */

import type { Decision } from '../acl/decide.js';
import type { VisitorSettings } from '../config.js';
import type { Identified } from '../credentials/credential.js';
import type { Asked } from '../credentials/presented.js';

/** Characters. The header block has 4 KiB in nginx; a longer return address is cut down. */
const LOCATION_LENGTH_MAX = 2_000;

const NOTHING: readonly string[] = Object.freeze([]);
const TOO_MANY = Object.freeze(['X-Latchkey-Status', '429']);
const NOT_FOUND = Object.freeze(['X-Latchkey-Status', '404']);

/**
 * Flat name, value list.
 *
 * @param path the percent-encoded path that was judged, which begins with the mount: it can name no other host
 */
export function visitorHeaders(
  settings: VisitorSettings,
  { outcome }: Decision,
  { failure }: Identified,
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
  const site = loginUrl.startsWith('/') ? '' : publicUrl;
  const asked = query === undefined || query === '' ? path : `${path}?${query}`;
  const whole = before + encodeURIComponent(site + asked);
  if (whole.length <= LOCATION_LENGTH_MAX) return whole;
  const short = before + encodeURIComponent(site + path);
  return short.length <= LOCATION_LENGTH_MAX ? short : loginUrl;
}
