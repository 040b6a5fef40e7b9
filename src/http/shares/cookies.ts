/**
 * The cookies of a link: each is a ticket of ours, and belongs to that link's own path. No page can read one, and no
 * other site's form sends one.
 */

import { stringifySetCookie } from 'cookie';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { cookieValues } from '../../links/cookie-values.js';

export interface LinkCookie {
  readonly name: string;
  readonly value: string;
  /** Of the browser's URL; `undefined`: the folder of the URL that was asked for. */
  readonly path: string | undefined;
  readonly seconds: number;
}

/** Of one name, which may be there once for each path: each is looked at. */
const VALUES_MAX = 8;

/** Each value that came under a name. */
export function givenCookies({ headers }: FastifyRequest, name: string): readonly string[] {
  return cookieValues(headers.cookie ?? '', name, VALUES_MAX);
}

export function setLinkCookie(
  request: FastifyRequest,
  reply: FastifyReply,
  { name, value, path, seconds }: LinkCookie,
  publicUrl: string | undefined,
): void {
  reply.header(
    'set-cookie',
    stringifySetCookie({
      name,
      value,
      ...(path !== undefined && { path }),
      maxAge: seconds,
      httpOnly: true,
      sameSite: 'lax',
      secure: isSecure(request, publicUrl),
    }),
  );
}

/** A client that lies about it keeps its own cookie from being sent, and no more. */
function isSecure({ headers }: FastifyRequest, publicUrl: string | undefined): boolean {
  const schemes = [headers['x-latchkey-scheme'], headers['x-forwarded-proto']];
  return publicUrl?.startsWith('https:') === true || schemes.includes('https');
}
