/**
 * Why a link opens nothing for this visitor, as an error that a route throws, and the one mapping to what the visitor
 * is told. A link that ended says whom to ask, if its maker allows that; nothing here names a path or a token.
 */

import type { ShareLink } from '../../acl/share-link.js';
import type { Identified } from '../../credentials/credential.js';
import { humanInstant } from '../human-units.js';

export type ShareRefusalKind =
  | 'unknown'
  | 'missing'
  | 'revoked'
  | 'expired'
  | 'authority'
  | 'used-up'
  | 'full'
  | 'crowded'
  | 'takes-only'
  | 'early'
  | 'elsewhere'
  | 'not-signed-in'
  | 'not-recipient'
  | 'password'
  | 'wrong-password'
  | 'too-many'
  | 'limited'
  | 'cross-site';

export interface RefusalDetails {
  /** Of `too-many` and `limited`. */
  readonly waitSeconds?: number;
  /** Of `not-signed-in`: what became of the credentials that came. */
  readonly failure?: Identified['failure'];
}

export class ShareRefused extends Error {
  override readonly name = 'ShareRefused';
  readonly kind: ShareRefusalKind;
  readonly link: ShareLink | undefined;
  readonly more: RefusalDetails;

  constructor(kind: ShareRefusalKind, link?: ShareLink, more: RefusalDetails = {}) {
    super(kind);
    this.kind = kind;
    this.link = link;
    this.more = more;
  }
}

/** As a page or as problem+json says it. */
export interface Told {
  readonly status: 401 | 403 | 404 | 410 | 429 | 503;
  /** Of the problem's type. */
  readonly code: string;
  readonly title: string;
  readonly text: string;
}

type Wording = (refused: ShareRefused) => Told;

const told = (status: Told['status'], code: string, title: string, text: string): Told => {
  return { status, code, title, text };
};

const ended = (why: string): Wording => {
  return ({ link }) => told(410, 'link-ended', 'This link has ended', `${why} ${askFor('a new link', link)}`);
};

const TOLD: Readonly<Record<ShareRefusalKind, Wording>> = {
  unknown: () =>
    told(
      404,
      'not-found',
      'There is no such link',
      'Check that it was copied whole, or ask whoever sent it to you.',
    ),
  missing: ({ link }) =>
    told(
      404,
      'not-found',
      'There is nothing here',
      `The link is good, but the file that it names is not there. ${askFor('it', link)}`,
    ),
  revoked: ended('It was taken back.'),
  authority: ended('It was taken back.'),
  expired: ended('Its time is over.'),
  'used-up': ended('All of its downloads are used up.'),
  full: ended('It has all the files that were asked for.'),
  crowded: () =>
    told(
      503,
      'too-busy',
      'Please try again',
      'Others are sending files right now, and there may be no room for more. Try again in a moment.',
    ),
  'takes-only': () =>
    told(
      404,
      'not-found',
      'There is nothing to see here',
      'This link takes files and shows none. Open it without a name behind it to send some.',
    ),
  early: ({ link }) =>
    told(403, 'link-early', 'This link is not open yet', `It opens on ${instantOf(link)}.`),
  elsewhere: ({ link }) =>
    told(
      403,
      'link-elsewhere',
      'This link does not open from here',
      `It opens from certain networks only, and you are in none of them. ${askFor('help', link)}`,
    ),
  'not-signed-in': () =>
    told(
      401,
      'unauthenticated',
      'Please sign in',
      'This link is for certain people of this site. Sign in, then open it again.',
    ),
  'not-recipient': () =>
    told(
      403,
      'forbidden',
      'This link is for somebody else',
      'You are signed in, but you are not among those whom it is for. Ask whoever sent it to you, and name the request.',
    ),
  password: () =>
    told(401, 'link-password', 'This link has a password', 'You have it from whoever sent you the link.'),
  'wrong-password': () =>
    told(401, 'link-password', 'This link has a password', 'That is not the password. Try again.'),
  'too-many': ({ more: { waitSeconds = 1 } }) =>
    told(429, 'limited', 'Too many attempts', `Wait ${waitText(waitSeconds)}, then try the password again.`),
  limited: ({ more: { waitSeconds = 1 } }) =>
    told(
      429,
      'limited',
      'Too many attempts',
      `Too many credentials that are not valid came from here. Wait ${waitText(waitSeconds)}, then try again.`,
    ),
  'cross-site': () =>
    told(
      403,
      'cross-site',
      'Another site sent this',
      'A password is taken from the page of the link alone. Open the link itself.',
    ),
};

export function toldOf(refused: ShareRefused): Told {
  return TOLD[refused.kind](refused);
}

function askFor(what: string, link: ShareLink | undefined): string {
  const contact = link?.terms.contact ?? '';
  return `Ask ${contact === '' ? 'whoever sent it to you' : contact} for ${what}.`;
}

function instantOf(link: ShareLink | undefined): string {
  return humanInstant(link?.terms.notBefore ?? 0);
}

function waitText(seconds: number): string {
  if (seconds < 100) return seconds === 1 ? 'a second' : `${seconds} seconds`;
  return `${Math.ceil(seconds / 60)} minutes`;
}
