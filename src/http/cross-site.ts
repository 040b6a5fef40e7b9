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
  return !URL.canParse(origin) || isForeign(new URL(origin), headers, publicUrl);
}

function isForeign(from: URL, headers: IncomingHttpHeaders, publicUrl: string | undefined): boolean {
  if (!/^https?:$/.test(from.protocol)) return true; // an app's `capacitor://localhost`
  // Of our own name we know the scheme: what came over http may have been written on the way.
  if (publicUrl !== undefined && from.host === new URL(publicUrl).host) return from.origin !== publicUrl;
  return from.host !== ownHost(headers);
}

/** The host, with a port where it is no default one, as the browser named it. */
function ownHost(headers: IncomingHttpHeaders): string | undefined {
  const host = headers['x-latchkey-host'];
  return typeof host === 'string' ? host.toLowerCase() : undefined;
}
