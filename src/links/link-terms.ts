/**
 * The terms of a link, made of a request for them and of the terms before: the command line and the HTTP API both ask
 * here, so that neither takes what the other refuses. What it answers with is stored as it is.
 */

import { windowProblem } from '../acl/grant.js';
import { formatInstant, isInstant } from '../acl/instant.js';
import type { ChangeTerms } from '../acl/link-ports.js';
import type { LinkTerms, ShareLinkKind, UploadTerms } from '../acl/share-link.js';
import {
  addressesOf,
  COUNT_MAX,
  checkPassword,
  countOf,
  endingsOf,
  FILE_SECONDS_MAX,
  type LinkLifetime,
  LinkProblem,
  lineOf,
  RATE_MIN,
  recipientsOf,
} from './link-limits.js';
import { hashPassword } from './password.js';

/** Absent: as it was, or the default. `null`: taken away. Texts are as they came. */
export interface TermsRequest {
  /** UTC milliseconds, as the next. */
  readonly notBefore?: number | null | undefined;
  readonly expiresAt?: number | undefined;
  readonly password?: string | null | undefined;
  readonly recipients?: readonly string[] | undefined;
  readonly addresses?: readonly string[] | undefined;
  readonly downloadsMax?: number | null | undefined;
  readonly rateMax?: number | null | undefined;
  readonly disposition?: LinkTerms['disposition'] | undefined;
  readonly filesMax?: number | null | undefined;
  readonly bytesMax?: number | null | undefined;
  readonly endings?: readonly string[] | undefined;
  readonly filesExpireSeconds?: number | null | undefined;
  readonly note?: string | undefined;
  readonly contact?: string | undefined;
}

export interface TermsContext {
  readonly lifetime: LinkLifetime;
  /** UTC milliseconds. */
  readonly now: number;
}

const INITIAL: Omit<LinkTerms, 'expiresAt'> = {
  notBefore: undefined,
  passwordHash: undefined,
  recipients: [],
  addresses: [],
  downloadsMax: undefined,
  rateMax: undefined,
  disposition: 'attachment',
  upload: { filesMax: undefined, bytesMax: undefined, endings: [] },
  note: '',
  contact: '',
};

/** Of a link to be. @throws LinkProblem, TooBusy */
export async function newTerms(
  kind: ShareLinkKind,
  request: TermsRequest,
  context: TermsContext,
): Promise<LinkTerms> {
  const begin = Math.max(context.now, request.notBefore ?? context.now);
  const expiresAt = begin + context.lifetime.lifetimeMs;
  return changedTerms(kind, { ...INITIAL, expiresAt }, { expiresAt, ...defined(request) }, context);
}

/** Of a link that there is. @throws LinkProblem, TooBusy */
export async function changedTerms(
  kind: ShareLinkKind,
  before: LinkTerms,
  request: TermsRequest,
  context: TermsContext,
): Promise<LinkTerms> {
  return (await changeOfTerms(kind, before, request, context))(before);
}

/**
 * What is to be made of a link's terms, which may be others when it is written: a password takes some 100 ms. What it
 * makes throws LinkProblem where it does not go with those.
 *
 * @param before as they are now: what cannot be made of these is refused at once
 * @throws LinkProblem, TooBusy
 */
export async function changeOfTerms(
  kind: ShareLinkKind,
  before: LinkTerms,
  request: TermsRequest,
  context: TermsContext,
): Promise<ChangeTerms> {
  const { password } = request;
  refuseOtherKind(kind, request);
  if (typeof password === 'string') checkPassword(password);
  withoutPassword(before, request, context);
  // Last: it takes some 100 ms.
  const hash = typeof password === 'string' ? await hashPassword(password) : password;
  return (terms) => {
    const passwordHash = chosen(hash, terms.passwordHash);
    return { ...withoutPassword(terms, request, context), passwordHash };
  };
}

function withoutPassword(before: LinkTerms, request: TermsRequest, context: TermsContext) {
  const { recipients, addresses, note, contact } = request;
  const times = timesOf(before, request, context);
  const downloadsMax = chosen(request.downloadsMax, before.downloadsMax);
  const rateMax = chosen(request.rateMax, before.rateMax);
  if (downloadsMax !== undefined) countOf('downloads', downloadsMax, 1, COUNT_MAX);
  if (rateMax !== undefined) countOf('bytes a second', rateMax, RATE_MIN, Number.MAX_SAFE_INTEGER);
  return {
    ...times,
    recipients: recipients === undefined ? before.recipients : recipientsOf(recipients),
    addresses: addresses === undefined ? before.addresses : addressesOf(addresses),
    downloadsMax,
    rateMax,
    disposition: request.disposition ?? before.disposition,
    upload: uploadTerms(before.upload, request),
    note: note === undefined ? before.note : lineOf('note', note),
    contact: contact === undefined ? before.contact : lineOf('contact', contact),
  };
}

function timesOf(before: LinkTerms, request: TermsRequest, { lifetime, now }: TermsContext) {
  const notBefore = chosen(request.notBefore, before.notBefore);
  const expiresAt = request.expiresAt ?? before.expiresAt;
  if (!isInstant(expiresAt)) throw new LinkProblem('the link ends after the year 9999');
  const problem = windowProblem(notBefore, expiresAt);
  if (problem !== undefined) throw new LinkProblem(`the time of the link is wrong: ${problem}`);
  if (request.expiresAt !== undefined && expiresAt <= now) {
    throw new LinkProblem('the link would have ended already; to end one, revoke it');
  }
  const begin = Math.max(now, notBefore ?? now);
  // A beginning that comes nearer makes its life longer, too.
  if (request.expiresAt !== undefined || begin < Math.max(now, before.notBefore ?? now)) {
    const latest = begin + lifetime.lifetimeMsMax;
    if (expiresAt > latest) {
      throw new LinkProblem(
        `the link may live until ${formatInstant(latest)} and no longer (LATCHKEY_LINK_LIFETIME_MAX)`,
      );
    }
  }
  return { notBefore, expiresAt };
}

function uploadTerms(before: UploadTerms, request: TermsRequest): UploadTerms {
  const { filesMax, bytesMax, endings } = request;
  const filesExpireSeconds = chosen(request.filesExpireSeconds, before.filesExpireSeconds);
  const terms = {
    filesMax: chosen(filesMax, before.filesMax),
    bytesMax: chosen(bytesMax, before.bytesMax),
    endings: endings === undefined ? before.endings : endingsOf(endings),
    ...(filesExpireSeconds !== undefined && { filesExpireSeconds }),
  };
  if (terms.filesMax !== undefined) countOf('files', terms.filesMax, 1, COUNT_MAX);
  if (terms.bytesMax !== undefined) countOf('bytes', terms.bytesMax, 1, Number.MAX_SAFE_INTEGER);
  if (filesExpireSeconds !== undefined) countOf('seconds of a file', filesExpireSeconds, 1, FILE_SECONDS_MAX);
  return terms;
}

const OF_UPLOADS = ['filesMax', 'bytesMax', 'endings', 'filesExpireSeconds'] as const;
const OF_DOWNLOADS = ['downloadsMax', 'rateMax', 'disposition'] as const;

/** A limit that means nothing would be taken for one that holds. */
function refuseOtherKind(kind: ShareLinkKind, request: TermsRequest): void {
  const other = kind === 'upload' ? OF_DOWNLOADS : OF_UPLOADS;
  if (other.every((name) => request[name] === undefined)) return;
  throw new LinkProblem(
    kind === 'upload'
      ? 'a link that takes uploads gives no downloads: leave out what limits those'
      : 'limits of files, their bytes, their endings and their time are for links that take uploads',
  );
}

function chosen<T>(asked: T | null | undefined, before: T | undefined): T | undefined {
  return asked === null ? undefined : (asked ?? before);
}

function defined(request: TermsRequest): TermsRequest {
  return Object.fromEntries(Object.entries(request).filter(([, value]) => value !== undefined));
}
