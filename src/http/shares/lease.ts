/**
 * Counts a download of a link that has a limit: once for each client and lease, so that a resume, a retry and a range
 * are free. A client is known again by the ticket that it is given here, or by its address and user agent.
 */

import type { FastifyReply, FastifyRequest } from 'fastify';
import type { LeaseRequest } from '../../acl/link-ports.js';
import type { ShareLink } from '../../acl/share-link.js';
import { leaseClients, newLeaseTicket } from '../../links/lease-client.js';
import { cookiePath } from './address.js';
import { tell } from './admission.js';
import { givenCookies, setLinkCookie } from './cookies.js';
import type { ShareDeps } from './deps.js';
import { ShareRefused } from './refusal.js';

const COOKIE = 'latchkey-lease';

/** Begins a download, or goes on with one. @throws ShareRefused when all are used up */
export async function requireLease(
  deps: ShareDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  token: string,
  link: ShareLink,
  address: string | undefined,
): Promise<void> {
  const { downloadsMax } = link.terms;
  if (downloadsMax === undefined) return;
  const { tickets, counts, leaseMs, visitor } = deps;
  const known = knownTicket(deps, request, link);
  const ticket = known ?? newLeaseTicket();
  const asked = leaseRequest(deps, request, link, { ticket, address, downloadsMax });
  const lease = await counts.lease(asked);
  if (lease === 'exhausted') throw usedUp(request, link);
  // Held by its address alone: the store knows no ticket made now, which would replace the one of an earlier answer.
  if (known !== undefined || lease === 'held') return;
  const value = tickets.issue({ purpose: 'lease', linkId: link.id, value: ticket, expiresAt: asked.until });
  const seconds = Math.ceil(leaseMs / 1000);
  const cookie = { name: COOKIE, value, path: cookiePath(request, token), seconds };
  setLinkCookie(request, reply, cookie, visitor.publicUrl);
}

/** For what is not counted, such as the page of a folder: nobody is shown it whose download would be refused. */
export async function requireRoom(
  deps: ShareDeps,
  request: FastifyRequest,
  link: ShareLink,
  address: string | undefined,
): Promise<void> {
  const { downloadsMax } = link.terms;
  if (downloadsMax === undefined) return;
  const ticket = knownTicket(deps, request, link);
  const asked = leaseRequest(deps, request, link, { ticket, address, downloadsMax });
  if ((await deps.counts.wouldLease(asked)) === 'exhausted') throw usedUp(request, link);
}

function knownTicket({ tickets, clock }: ShareDeps, request: FastifyRequest, link: ShareLink) {
  const use = { purpose: 'lease', linkId: link.id } as const;
  const now = clock();
  return givenCookies(request, COOKIE)
    .map((text) => tickets.read(text, use, now)?.value)
    .find((value) => value !== undefined);
}

interface Client {
  readonly ticket: string | undefined;
  readonly address: string | undefined;
  readonly downloadsMax: number;
}

function leaseRequest(
  { clock, leaseMs }: ShareDeps,
  { headers }: FastifyRequest,
  { id: linkId }: ShareLink,
  { ticket, address, downloadsMax }: Client,
): LeaseRequest {
  const now = clock();
  const clients = leaseClients({ linkId, ticket, address, userAgent: headers['user-agent'] });
  return { linkId, clients, now, until: now + leaseMs, downloadsMax };
}

function usedUp(request: FastifyRequest, link: ShareLink): ShareRefused {
  tell(request, 'forbidden', link);
  return new ShareRefused('used-up', link);
}
