/**
 * Whether a link opens for this visitor, up to its password: the token and its terms, and whether the visitor is one
 * of those whom it is for. Whom it does not open for is refused here, by throwing.
 */

import type { FastifyRequest } from 'fastify';
import type { Decision } from '../acl/decide.js';
import { NOBODY, type Subject } from '../acl/principal.js';
import type { ShareLink } from '../acl/share-link.js';
import { askedOf } from '../credentials/presented.js';
import type { ShareJudgement } from '../links/share-links.js';
import type { ShareAddress } from './share-address.js';
import type { ShareDeps } from './share-deps.js';
import { ShareRefused } from './share-refusal.js';

/** What is known of a link that is good. */
export interface Admission {
  readonly link: ShareLink;
  readonly judgement: Extract<ShareJudgement, { readonly kind: 'open' | 'no-such-path' }>;
  /** The visitor's. */
  readonly address: string | undefined;
}

export function visitorAddress({ headers }: FastifyRequest): string | undefined {
  return askedOf(headers).address;
}

/** @throws ShareRefused, NotKnown */
export async function admit(
  deps: ShareDeps,
  request: FastifyRequest,
  { token, below }: ShareAddress,
): Promise<Admission> {
  const address = visitorAddress(request);
  const judgement = await deps.links.judge({ token, below, address });
  if (judgement.kind === 'unknown') throw new ShareRefused('unknown');
  const { link } = judgement;
  tell(request, 'forbidden', link, NOBODY); // until more is known
  switch (judgement.kind) {
    case 'ended':
      throw new ShareRefused(judgement.why, link);
    case 'early':
    case 'elsewhere':
      throw new ShareRefused(judgement.kind, link);
    case 'no-such-path':
    case 'open':
      await requireRecipient(deps, request, link);
      return { link, judgement, address };
    default:
      return judgement satisfies never;
  }
}

/** A link for certain people is for them when they have signed in. @throws ShareRefused, NotKnown */
async function requireRecipient(deps: ShareDeps, request: FastifyRequest, link: ShareLink): Promise<void> {
  if (link.terms.recipients.length === 0) return;
  const { subject, failure } = await deps.gate.identify(request);
  if (await deps.links.isRecipient(link, subject)) return tell(request, 'forbidden', link, subject);
  const outcome = subject.authenticated ? 'forbidden' : 'unauthenticated';
  tell(request, outcome, link, subject);
  throw new ShareRefused(subject.authenticated ? 'not-recipient' : 'not-signed-in', link, { failure });
}

/** For nginx's log, which names the link by its public id. */
export function tell(
  request: FastifyRequest,
  outcome: Decision['outcome'],
  { id }: ShareLink,
  subject: Subject = request.judged?.subject ?? NOBODY,
): void {
  request.judged = { decision: { outcome, reason: { kind: 'share-link', id } }, subject };
}
