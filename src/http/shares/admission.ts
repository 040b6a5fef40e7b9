/**
 * Whether a link opens for this visitor, up to its password: the token and its terms, and whether the visitor is one
 * of those whom it is for. Whom it does not open for is refused here, by throwing.
 */

import type { FastifyRequest } from 'fastify';
import type { Decision } from '../../acl/decide.js';
import { NOBODY, type Subject } from '../../acl/principal.js';
import type { ShareLink } from '../../acl/share-link.js';
import { WINDOW_MS } from '../../credentials/failures.js';
import { askedOf } from '../../credentials/presented.js';
import type { ShareJudgement } from '../../links/share-links.js';
import type { ShareAddress } from './address.js';
import type { ShareDeps } from './deps.js';
import { ShareRefused } from './refusal.js';

/** What is known of a link that is good. */
export interface Admission {
  readonly link: ShareLink;
  readonly judgement: Extract<ShareJudgement, { readonly kind: 'open' | 'no-such-path' }>;
  /** The visitor's. */
  readonly address: string | undefined;
  /** Who the visitor is, where the link is for certain people. */
  readonly subject: Subject;
}

export function visitorAddress({ headers }: FastifyRequest): string | undefined {
  return askedOf(headers).address;
}

/** @throws ShareRefused, NotKnown */
export async function admit(
  deps: ShareDeps,
  request: FastifyRequest,
  address: ShareAddress,
): Promise<Admission> {
  const judged = await judge(deps, request, address);
  const subject = await requireRecipient(deps, request, judged.link);
  tell(request, 'allow', judged.link, subject);
  return { ...judged, subject };
}

/**
 * The same for a visitor who was admitted some time ago, as at the end of a long upload: that their token has ended
 * since does not unsay who they are, but whatever was revoked since counts.
 *
 * @throws ShareRefused, NotKnown
 */
export async function admitAgain(
  deps: ShareDeps,
  request: FastifyRequest,
  address: ShareAddress,
  { subject }: Admission,
): Promise<Admission> {
  const judged = await judge(deps, request, address);
  const isTheirs = await deps.links.isRecipient(judged.link, subject);
  tell(request, isTheirs ? 'allow' : 'forbidden', judged.link, subject);
  if (!isTheirs) throw new ShareRefused('not-recipient', judged.link);
  return { ...judged, subject };
}

async function judge(
  deps: ShareDeps,
  request: FastifyRequest,
  { token, below }: ShareAddress,
): Promise<Omit<Admission, 'subject'>> {
  const address = visitorAddress(request);
  const judgement = await deps.links.judge({ token, below, address });
  if (judgement.kind === 'unknown') throw new ShareRefused('unknown');
  const { link } = judgement;
  tell(request, 'forbidden', link, NOBODY); // until it turns out otherwise
  switch (judgement.kind) {
    case 'ended':
      throw new ShareRefused(judgement.why, link);
    case 'early':
    case 'elsewhere':
      throw new ShareRefused(judgement.kind, link);
    case 'no-such-path':
    case 'open':
      return { link, judgement, address };
    default:
      return judgement satisfies never;
  }
}

/** The visitor, where the link is for certain people, who then must have signed in. @throws ShareRefused, NotKnown */
async function requireRecipient(deps: ShareDeps, request: FastifyRequest, link: ShareLink): Promise<Subject> {
  if (link.terms.recipients.length === 0) return NOBODY;
  const { subject, failure } = await deps.gate.identify(request);
  if (await deps.links.isRecipient(link, subject)) return subject;
  if (subject.authenticated) {
    tell(request, 'forbidden', link, subject);
    throw new ShareRefused('not-recipient', link);
  }
  tell(request, 'unauthenticated', link, subject);
  if (failure === 'limited') throw new ShareRefused('limited', link, { waitSeconds: WINDOW_MS / 1000 });
  throw new ShareRefused('not-signed-in', link, { failure });
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
