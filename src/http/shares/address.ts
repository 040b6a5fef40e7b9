/**
 * The URL of a share link as it comes to the files service, `/_latchkey/s/<token>[/…]`, and how its answers point
 * elsewhere: always relatively. Nobody here knows by which prefix a site offers its links, and no answer repeats a
 * token.
 */

import type { FastifyRequest } from 'fastify';
import { encodeResourcePath, isFolder, nameOf, type ResourcePath } from '../../acl/resource-path.js';

export const SHARE_PREFIX = '/_latchkey/s';
/** nginx's internal location of what links lead to; behind it comes the file's URL. */
export const SERVE_LINK_PREFIX = '/_latchkey/serve-link';

export interface ShareAddress {
  readonly token: string;
  /** Percent-encoded: '', or what follows the token from its slash on. */
  readonly below: string;
  readonly query: URLSearchParams;
}

export function shareAddress(url: string): ShareAddress {
  const [path = '', query = ''] = url.split(/\?(.*)/s);
  const rest = path.slice(SHARE_PREFIX.length + 1);
  const slash = rest.indexOf('/');
  const [token, below] = slash === -1 ? [rest, ''] : [rest.slice(0, slash), rest.slice(slash)];
  return { token, below, query: new URLSearchParams(query) };
}

/** Characters. `/s`, `/_latchkey/s`, or what a site has made of it. */
const PREFIX_LENGTH_MAX = 200;

/**
 * Where the link's cookies belong, as the browser sees it: `/s/<token>`. `undefined`: its URL has the token in another
 * spelling; a cookie without a path then belongs to the folder of that URL (RFC 6265 §5.1.4), which is below the
 * token as well.
 */
export function cookiePath({ headers }: FastifyRequest, token: string): string | undefined {
  const uri = headers['x-latchkey-request-uri'];
  if (typeof uri !== 'string') return undefined;
  const [path = ''] = uri.split('?');
  const at = `${path}/`.indexOf(`/${token}/`);
  const prefix = path.slice(0, Math.max(0, at));
  const isPlain = prefix.length <= PREFIX_LENGTH_MAX && /^(?:\/[A-Za-z0-9._~-]+)+$/.test(prefix);
  return isPlain ? `${prefix}/${token}` : undefined;
}

/** Characters. nginx takes 4 KiB of headers; a stranger's URL may have twice as much. */
export const LOCATION_LENGTH_MAX = 2_000;

/**
 * From a URL below the token to another one below it, both percent-encoded. `undefined`: it would be too long, since
 * there are too many folders in between.
 */
export function relativeTo(below: string, target: string): string | undefined {
  const depth = below.split('/').length - 2;
  const location = `${depth > 0 ? '../'.repeat(depth) : './'}${target}`;
  return location.length > LOCATION_LENGTH_MAX ? undefined : location;
}

/** A path below a link's own root, percent-encoded, without a slash before it. */
export function encodedBelow(root: ResourcePath, path: ResourcePath): string {
  const shown = isFolder(root) ? path.slice(root.length) : nameOf(path);
  return encodeResourcePath(shown);
}
