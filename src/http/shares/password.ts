/**
 * The password of a link: a form without scripts, and the ticket that its right answer is. The ticket is good for
 * that link and that password alone; whoever brings it is judged like everybody else.
 *
 * A wrong password takes as long as one for a link that nobody knows.
 */

import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ShareLink } from '../../acl/share-link.js';
import { passwordMark, verifyPassword } from '../../links/password.js';
import { isFromAnotherSite } from '../cross-site.js';
import { cookiePath } from './address.js';
import { tell } from './admission.js';
import { givenCookies, setLinkCookie } from './cookies.js';
import type { ShareDeps } from './deps.js';
import { ShareRefused } from './refusal.js';

/** Bytes of the form: a password of the greatest length, each of its bytes percent-encoded, and its name. */
export const PASSWORD_FORM_BYTES_MAX = 2048;

const COOKIE = 'latchkey-password';
const TICKET_SECONDS = 60 * 60;
/** Stands for all links that nobody knows: to guess at one must not make those wait who have it. */
const NO_LINK = '-';

/** @throws ShareRefused unless the password was given before, or there is none */
export function requirePassword(
  { tickets, clock }: ShareDeps,
  request: FastifyRequest,
  link: ShareLink,
): void {
  const { passwordHash } = link.terms;
  if (passwordHash === undefined) return;
  const mark = passwordMark(passwordHash);
  const use = { purpose: 'password', linkId: link.id } as const;
  const now = clock();
  const given = givenCookies(request, COOKIE).some((text) => tickets.read(text, use, now)?.value === mark);
  if (given) return;
  tell(request, 'unauthenticated', link);
  throw new ShareRefused('password', link);
}

/** A page of another site may not try passwords in somebody's browser. @throws ShareRefused */
export function requireOwnForm({ visitor }: ShareDeps, { headers }: FastifyRequest): void {
  if (isFromAnotherSite(headers, visitor.publicUrl)) throw new ShareRefused('cross-site');
}

/**
 * Whether it is the password of the link. @param link `undefined`: there is no such link
 * @throws ShareRefused when it was tried too often, TooBusy, NotKnown when it is not known how often
 */
export async function tryPassword(
  { attempts }: ShareDeps,
  text: string,
  link: ShareLink | undefined,
  address: string | undefined,
): Promise<boolean> {
  const attempt = { linkId: link?.id ?? NO_LINK, address };
  const waitMs = await attempts.reserve(attempt);
  if (waitMs > 0) throw new ShareRefused('too-many', link, { waitSeconds: Math.ceil(waitMs / 1000) });
  const right = await verifyPassword(text, link?.terms.passwordHash).catch(async (error: unknown) => {
    // Where that fails it stays counted, which harms nobody for long.
    await attempts.takeBack(attempt).catch(() => undefined);
    throw error;
  });
  if (right) await attempts.succeeded(attempt);
  return right;
}

export function givePasswordTicket(
  { tickets, clock, visitor }: ShareDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  token: string,
  link: ShareLink,
): void {
  const value = tickets.issue({
    purpose: 'password',
    linkId: link.id,
    value: passwordMark(link.terms.passwordHash ?? ''),
    expiresAt: clock() + TICKET_SECONDS * 1000,
  });
  const cookie = { name: COOKIE, value, path: cookiePath(request, token), seconds: TICKET_SECONDS };
  setLinkCookie(request, reply, cookie, visitor.publicUrl);
}
