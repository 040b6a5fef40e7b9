/**
 * Whether a request was made by another site in the visitor's browser: Sec-Fetch-Site where the browser sends it,
 * else Origin (Fetch, W3C Fetch Metadata). No browser lets a page write either. A client that sends neither is no
 * browser of the last years, and nobody can make it send what it does not mean to.
 */

import type { IncomingHttpHeaders } from 'node:http';

/** @param publicUrl scheme and host of this site, where they are configured */
export function isFromAnotherSite(headers: IncomingHttpHeaders, publicUrl: string | undefined): boolean {
  const site = headers['sec-fetch-site'];
  // `none`: typed, or from a bookmark. `same-site` is another host of the same domain, which is not us.
  if (site !== undefined) return site !== 'same-origin' && site !== 'none';
  const { origin } = headers;
  if (origin === undefined || origin === publicUrl) return false;
  return !URL.canParse(origin) || new URL(origin).host !== ownHost(headers);
}

/** The host, with a port where it is no default one, as the browser named it. */
function ownHost(headers: IncomingHttpHeaders): string | undefined {
  const host = headers['x-latchkey-host'];
  return typeof host === 'string' ? host.toLowerCase() : undefined;
}
