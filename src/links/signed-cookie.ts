/**
 * Signed cookies: the token of a signed URL in a cookie of the folder that it covers. What a page or a playlist loads
 * from there then needs no token in its own URL. Any back end may set one; we set it where a signed URL opens such a
 * file (RFC 6265).
 */

import { encodeResourcePath, isFolder, type ResourcePath } from '../acl/resource-path.js';
import { SIGNED_TOKEN_LENGTH_MAX, type SignedUrlClaims } from './signed-url.js';

export const SIGNED_COOKIE = 'latchkey-link';
const PREFIX = `${SIGNED_COOKIE}=`;
/** Of several folders, one within the other; a stranger may send any number. */
const TOKENS_MAX = 4;

/** The tokens in a Cookie header, in their order, which is the longest path first; `undefined`: none. */
export function tokensInCookie(header: string): readonly string[] | undefined {
  if (!header.includes(PREFIX)) return undefined;
  const tokens: string[] = [];
  for (const part of header.split(';')) {
    const pair = part.trim();
    if (!pair.startsWith(PREFIX) || pair.length > PREFIX.length + SIGNED_TOKEN_LENGTH_MAX) continue;
    tokens.push(pair.slice(PREFIX.length));
    if (tokens.length === TOKENS_MAX) break;
  }
  return tokens.length === 0 ? undefined : tokens;
}

/** What loads more from beside itself: playlists of HLS and DASH, and pages. */
const LOADS_MORE = /\.(?:m3u8|mpd|html?)$/i;

/** Whether whoever opens this file by a token of these claims needs the cookie to see all of it. */
export function needsCookie(path: ResourcePath, claims: SignedUrlClaims): boolean {
  return isFolder(claims.path) && LOADS_MORE.test(path);
}

export interface CookieOptions {
  /** LATCHKEY_MOUNT. */
  readonly mount: string;
  /** `https:`: only over TLS. */
  readonly isSecure: boolean;
  /** UTC milliseconds. */
  readonly now: number;
}

/** The value of a Set-Cookie header: it ends with the token, and goes to the folder alone. */
export function signedCookie(token: string, claims: SignedUrlClaims, options: CookieOptions): string {
  const path = options.mount.slice(0, -1) + encodeResourcePath(claims.path);
  const seconds = Math.max(0, claims.expiresAt - Math.floor(options.now / 1000));
  const secure = options.isSecure ? '; Secure' : '';
  return `${PREFIX}${token}; Path=${path}; Max-Age=${seconds}; HttpOnly; SameSite=Lax${secure}`;
}
