/**
 * Counts a download of a link that has a limit: once for each client and lease, so that a resume, a retry and a range
 * are free. A client is known again by the ticket that it is given here, or by its address and user agent.
 */

import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ShareLink } from '../../acl/share-link.js';
import { leaseClients, newLeaseTicket } from '../../links/lease-client.js';
import { cookiePath } from './address.js';
import { tell } from './admission.js';
import { givenCookies, setLinkCookie } from './cookies.js';
import type { ShareDeps } from './deps.js';
import { ShareRefused } from './refusal.js';

const COOKIE = 'latchkey-lease';

/** @throws ShareRefused when all are used up */
export async function requireLease(
  { tickets, counts, clock, leaseMs, visitor }: ShareDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  token: string,
  link: ShareLink,
  address: string | undefined,
): Promise<void> {
  const { downloadsMax } = link.terms;
  if (downloadsMax === undefined) return;
  const now = clock();
  const use = { purpose: 'lease', linkId: link.id } as const;
  const known = givenCookies(request, COOKIE)
    .map((text) => tickets.read(text, use, now)?.value)
    .find((value) => value !== undefined);
  const ticket = known ?? newLeaseTicket();
  const until = now + leaseMs;
  const userAgent = request.headers['user-agent'];
  const clients = leaseClients({ linkId: link.id, ticket, address, userAgent });
  const lease = await counts.lease({ linkId: link.id, clients, now, until, downloadsMax });
  if (lease === 'exhausted') {
    tell(request, 'forbidden', link);
    throw new ShareRefused('used-up', link);
  }
  if (known !== undefined) return;
  const value = tickets.issue({ ...use, value: ticket, expiresAt: until });
  const seconds = Math.ceil(leaseMs / 1000);
  setLinkCookie(
    request,
    reply,
    { name: COOKIE, value, path: cookiePath(request, token), seconds },
    visitor.publicUrl,
  );
}
