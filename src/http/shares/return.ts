/**
 * The way to a login page and back. The token does not go along, for it would stand in the log of whoever signs
 * people in: the return address has the link's public id in its place, and a cookie that belongs to that address
 * alone keeps the token in the browser.
 */

import type { FastifyReply, FastifyRequest } from 'fastify';
import { askedOf } from '../../credentials/presented.js';
import { readShareToken } from '../../links/share-token.js';
import { visitorHeaders } from '../visitor-answer.js';
import { cookiePath, relativeTo, type ShareAddress } from './address.js';
import { givenCookies, setLinkCookie } from './cookies.js';
import type { ShareDeps } from './deps.js';
import type { ShareRefused } from './refusal.js';

const COOKIE = 'latchkey-return';
/** To sign in takes some minutes. */
const RETURN_SECONDS = 30 * 60;

/** Where to sign in, with the way back; `undefined`: no login page is configured, or no page was asked for. */
export function loginLocation(
  { visitor }: ShareDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  { token, below }: ShareAddress,
  { link, more }: ShareRefused,
): string | undefined {
  if (link === undefined) return undefined;
  const path = cookiePath(request, token);
  const returnPath = path === undefined ? undefined : path.slice(0, -token.length) + link.id;
  const asked = { ...askedOf(request.headers), method: request.method, query: undefined };
  const decision = { outcome: 'unauthenticated', reason: { kind: 'share-link', id: link.id } } as const;
  const back = returnPath === undefined ? '/' : returnPath + below;
  const [name, location] = visitorHeaders(visitor, decision, { failure: more.failure }, asked, back);
  if (name !== 'X-Latchkey-Location') return undefined;
  if (returnPath !== undefined) {
    const cookie = { name: COOKIE, value: token, path: returnPath, seconds: RETURN_SECONDS };
    setLinkCookie(request, reply, cookie, visitor.publicUrl);
  }
  return location;
}

/** The link that a return address stands for, relative to it; `undefined`: it is none of this browser's. */
export function returnedTo(request: FastifyRequest, { token: id, below }: ShareAddress): string | undefined {
  const token = givenCookies(request, COOKIE).find((text) => readShareToken(text)?.id === id);
  // One folder further up than the link's own root, since the token stands there.
  return token === undefined ? undefined : relativeTo(`/${id}${below}`, `${token}${below}`);
}
