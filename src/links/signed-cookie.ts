/**
 * Signed cookies: the token of a signed URL in a cookie of the folder that it covers. What a page or a playlist loads
 * from there then needs no token in its own URL. Any back end may set one; we set it where a signed URL opens such a
 * file (RFC 6265).
 */

import { encodeResourcePath, isFolder, type ResourcePath } from '../acl/resource-path.js';
import { cookieValues } from './cookie-values.js';
import type { SignedUrlClaims } from './signed-url.js';

export const SIGNED_COOKIE = 'latchkey-link';
/** Of several folders, one within the other; a stranger may send any number. */
const TOKENS_MAX = 4;

/** The tokens in a Cookie header. */
export function tokensInCookie(header: string): readonly string[] {
  return cookieValues(header, SIGNED_COOKIE, TOKENS_MAX);
}

/** What loads more from beside itself: playlists of HLS and DASH, and pages. */
const LOADS_MORE = /\.(?:m3u8|mpd|html?)$/i;

/** Whether whoever opens this file by a link that covers `covered` needs its cookie to see all of it. */
export function needsCookie(path: ResourcePath, covered: ResourcePath): boolean {
  return isFolder(covered) && LOADS_MORE.test(path);
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
  return `${SIGNED_COOKIE}=${token}; Path=${path}; Max-Age=${seconds}; HttpOnly; SameSite=Lax${secure}`;
}
