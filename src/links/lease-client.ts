/**
 * The names under which a client comes again to a download that it has begun: that of its ticket, and for one that
 * keeps no cookies, its address with its user agent. They are digests, so that the store holds no addresses, and no
 * name of one link says anything about another.
 */

import { randomBytes } from 'node:crypto';
import { digestName } from './digest-name.js';

export interface LeaseClient {
  readonly linkId: string;
  /** The value of its ticket for this link, or the one that it is about to be given. */
  readonly ticket: string | undefined;
  readonly address: string | undefined;
  readonly userAgent: string | undefined;
}

const TICKET_BYTES = 16;
/** Characters. Nobody's real one is longer, and only the beginning of a longer one counts. */
const USER_AGENT_LENGTH_MAX = 512;

/** The value of a new ticket. */
export function newLeaseTicket(): string {
  return randomBytes(TICKET_BYTES).toString('base64url');
}

/** The surer name first. */
export function leaseClients({ linkId, ticket, address, userAgent }: LeaseClient): readonly string[] {
  const byAddress = digestName([
    'address',
    linkId,
    address ?? '',
    userAgent?.slice(0, USER_AGENT_LENGTH_MAX) ?? '',
  ]);
  return ticket === undefined ? [byAddress] : [digestName(['ticket', linkId, ticket]), byAddress];
}
