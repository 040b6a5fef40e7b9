/**
 * Tickets: what the files service gives a client in a cookie, so that it knows the client when it comes again.
 * `1.KEY-ID.EXPIRES.VALUE.SIGNATURE`; purpose and link are signed and not written, since whoever reads it names them.
 *
 * Each has one spelling alone. A ticket opens nothing by itself: its link is judged each time as well.
 */

import { createHmac, timingSafeEqual } from 'node:crypto';
import { isLinkId, type LinkKey } from './signed-url.js';

/** `password`: it was known. `lease`: this client has begun a download. `files`: what a page of the link loads. */
export type TicketPurpose = 'password' | 'lease' | 'files';

/** What a ticket must be for; one for anything else is none. */
export interface TicketUse {
  readonly purpose: TicketPurpose;
  readonly linkId: string;
}

export interface TicketClaims {
  /** Up to 64 letters, digits, `_`, `-`. */
  readonly value: string;
  /** UTC milliseconds, exclusive. */
  readonly expiresAt: number;
}

/** The signature is as in signed-url.ts: 43 characters, and the last one has two bits that are zero. */
const TICKET =
  /^1\.([A-Za-z0-9_-]{1,64})\.(0|[1-9][0-9]{0,15})\.([A-Za-z0-9_-]{1,64})\.([A-Za-z0-9_-]{42}[AEIMQUYcgkosw048])$/;
const VALUE = /^[A-Za-z0-9_-]{1,64}$/;
/** Characters: all parts at their longest. */
const TICKET_LENGTH_MAX = 256;
const PURPOSES: readonly TicketPurpose[] = ['password', 'lease', 'files'];

type DerivedKeys = Readonly<Record<TicketPurpose, Buffer>>;

export class Tickets {
  #signingKeyId: string | undefined;
  #keys: ReadonlyMap<string, DerivedKeys>;

  /** @param keys the first of them signs */
  constructor(keys: readonly LinkKey[]) {
    this.#signingKeyId = keys[0]?.id;
    this.#keys = derivedFrom(keys);
  }

  /** The file of keys has changed. */
  replaceKeys(keys: readonly LinkKey[]): void {
    this.#signingKeyId = keys[0]?.id;
    this.#keys = derivedFrom(keys);
  }

  issue({ purpose, linkId, value, expiresAt }: TicketUse & TicketClaims): string {
    const keyId = this.#signingKeyId;
    const keys = keyId === undefined ? undefined : this.#keys.get(keyId);
    if (keyId === undefined || keys === undefined)
      throw new Error('no key of links is there to sign a ticket');
    if (!isLinkId(linkId) || !VALUE.test(value)) throw new RangeError('this cannot be in a ticket');
    if (!Number.isSafeInteger(expiresAt) || expiresAt < 0)
      throw new RangeError('a ticket ends at an instant');
    const signature = sign(keys[purpose], keyId, { purpose, linkId, value, expiresAt }).toString('base64url');
    return ['1', keyId, expiresAt, value, signature].join('.');
  }

  /** What a ticket of ours says that is for this use and good at `now`; `undefined`: this is none. */
  read(text: string, use: TicketUse, now: number): TicketClaims | undefined {
    if (text.length > TICKET_LENGTH_MAX) return undefined;
    const match = TICKET.exec(text);
    if (match === null) return undefined;
    const [, keyId = '', expires, value = '', signature = ''] = match;
    const claims = { value, expiresAt: Number(expires) };
    const key = this.#keys.get(keyId)?.[use.purpose];
    if (key === undefined || !Number.isSafeInteger(claims.expiresAt)) return undefined;
    const expected = sign(key, keyId, { ...use, ...claims });
    if (!timingSafeEqual(expected, Buffer.from(signature, 'base64url'))) return undefined;
    return now < claims.expiresAt ? claims : undefined;
  }
}

/** No part can hold a newline, so no two tickets have the same text. */
function sign(key: Buffer, keyId: string, ticket: TicketUse & TicketClaims): Buffer {
  const { purpose, linkId, value, expiresAt } = ticket;
  const text = ['latchkey ticket', '1', keyId, purpose, linkId, value, expiresAt].join('\n');
  return createHmac('sha256', key).update(text).digest();
}

/** One key a purpose, none of them the link key itself: what back ends sign with it can never pass for a ticket. */
function derivedFrom(keys: readonly LinkKey[]): ReadonlyMap<string, DerivedKeys> {
  return new Map(
    keys.map(({ id, secret }) => {
      const derived = PURPOSES.map((purpose) => [purpose, derive(secret, purpose)] as const);
      return [id, Object.fromEntries(derived) as DerivedKeys];
    }),
  );
}

function derive(secret: string, purpose: TicketPurpose): Buffer {
  return createHmac('sha256', secret).update(`latchkey ticket key\n1\n${purpose}`).digest();
}
