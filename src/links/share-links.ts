/**
 * Judges share links: whether there is such a link, whether it stands, for this address, now, and what it opens.
 *
 * Apart from the user: it says what the link allows, and the files service then asks for its password, counts, and
 * sends. It changes nothing, and each answer is as fresh as a decision.
 */

import { timingSafeEqual } from 'node:crypto';
import type { BlockList } from 'node:net';
import { type Authorizer, type Clock, isWithinScope } from '../acl/authorizer.js';
import type { CredentialReader, FactsReader } from '../acl/ports.js';
import { ANYONE, AUTHENTICATED, type Subject } from '../acl/principal.js';
import {
  decodeResourcePath,
  isFolder,
  nameOf,
  parseResourcePath,
  type ResourcePath,
} from '../acl/resource-path.js';
import type { ShareLink } from '../acl/share-link.js';
import { isInRanges, rangesOf } from './address-ranges.js';
import { type AuthorityDeps, authorityReaches, authorityStands } from './link-authority.js';
import { readShareToken } from './share-token.js';

export interface ShareLinkSettings {
  readonly reader: CredentialReader;
  readonly facts: FactsReader;
  readonly authorizer: Authorizer;
  readonly clock: Clock;
}

/** As it comes in a URL, `/s/<token><below>`. */
export interface PresentedLink {
  readonly token: string;
  /** Percent-encoded: `''`, `/`, `/name`, `/sub/file`. */
  readonly below: string;
  /** The visitor's; `undefined`: not known, and in no range. */
  readonly address: string | undefined;
}

/** A proof that names the link by its id, such as a ticket. */
export interface ProvenLink {
  readonly id: string;
  readonly path: ResourcePath;
  readonly address: string | undefined;
}

/** `authority`: what allowed its maker to give it is gone. */
export type LinkEnd = 'revoked' | 'expired' | 'authority';

export type LinkStanding = 'open' | 'early' | LinkEnd;

export type ShareJudgement =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'ended'; readonly why: LinkEnd; readonly link: ShareLink }
  | { readonly kind: 'early'; readonly link: ShareLink }
  // The address is not in the ranges.
  | { readonly kind: 'elsewhere'; readonly link: ShareLink }
  // Nothing of that name can be there, or the maker may not have it.
  | { readonly kind: 'no-such-path'; readonly link: ShareLink }
  | { readonly kind: 'open'; readonly link: ShareLink; readonly path: ResourcePath };

const UNKNOWN: ShareJudgement = Object.freeze({ kind: 'unknown' });
/** Compared with where there is no link: no token has this hash. */
const NO_HASH = '0'.repeat(64);

export class ShareLinks {
  readonly #reader: CredentialReader;
  readonly #deps: AuthorityDeps;
  /** By the object that the reader keeps, so that a request makes none. */
  readonly #ranges = new WeakMap<ShareLink, BlockList>();

  constructor({ reader, ...deps }: ShareLinkSettings) {
    this.#reader = reader;
    this.#deps = deps;
  }

  /** @throws NotKnown */
  async judge({ token, below, address }: PresentedLink): Promise<ShareJudgement> {
    const read = readShareToken(token);
    if (read === undefined) return UNKNOWN;
    const { shareLink } = await this.#reader.credential(`link:${read.id}`);
    const known = isSameHash(shareLink?.hash ?? NO_HASH, read.hash);
    if (shareLink === undefined || !known) return UNKNOWN;
    return this.#judge(shareLink, pathBelow(shareLink.path, below), address);
  }

  /** The same, where somebody has shown before that they have the token. @throws NotKnown */
  async judgeById({ id, path, address }: ProvenLink): Promise<ShareJudgement> {
    const { shareLink } = await this.#reader.credential(`link:${id}`);
    if (shareLink === undefined) return UNKNOWN;
    return this.#judge(shareLink, covers(shareLink.path, path) ? path : undefined, address);
  }

  /** Whether the link stands now, whoever comes with it. @throws NotKnown */
  async standing(link: ShareLink): Promise<LinkStanding> {
    const { notBefore, expiresAt } = link.terms;
    const now = this.#deps.clock();
    if (link.revokedAt !== undefined) return 'revoked';
    if (now >= expiresAt) return 'expired';
    if (!(await authorityStands(this.#deps, link))) return 'authority';
    return notBefore !== undefined && now < notBefore ? 'early' : 'open';
  }

  /** Whether the link is for this visitor. @throws NotKnown */
  async isRecipient(link: ShareLink, subject: Subject): Promise<boolean> {
    const { recipients } = link.terms;
    if (recipients.length === 0 || recipients.includes(ANYONE)) return true;
    const action = link.kind === 'upload' ? 'write' : 'read';
    if (!subject.authenticated || !isWithinScope(subject, action, link.path)) return false;
    const { user, groups } = subject;
    const standing = user === undefined ? undefined : await this.#reader.standing(user);
    if (standing?.suspended === true) return false;
    const principals = new Set([AUTHENTICATED, ...groups, ...(standing?.groups ?? [])]);
    return recipients.some((recipient) => recipient === user || principals.has(recipient));
  }

  async #judge(
    link: ShareLink,
    path: ResourcePath | undefined,
    address: string | undefined,
  ): Promise<ShareJudgement> {
    const standing = await this.standing(link);
    if (standing === 'early') return { kind: 'early', link };
    if (standing !== 'open') return { kind: 'ended', why: standing, link };
    if (!this.#isFrom(link, address)) return { kind: 'elsewhere', link };
    const reached = path !== undefined && (await authorityReaches(this.#deps, link, path));
    return reached ? { kind: 'open', link, path } : { kind: 'no-such-path', link };
  }

  #isFrom(link: ShareLink, address: string | undefined): boolean {
    if (link.terms.addresses.length === 0) return true;
    const ranges = this.#ranges.get(link) ?? rangesOf(link.terms.addresses);
    this.#ranges.set(link, ranges);
    return isInRanges(ranges, address);
  }
}

function isSameHash(a: string, b: string): boolean {
  return timingSafeEqual(Buffer.from(a, 'hex'), Buffer.from(b, 'hex'));
}

/** What a URL of the link names: a file by its own name or by none, and all that is below a folder. */
function pathBelow(path: ResourcePath, below: string): ResourcePath | undefined {
  if (below === '' || below === '/') return path;
  const decoded = decodeResourcePath(below);
  if (decoded === undefined) return undefined;
  if (isFolder(path)) return parseResourcePath(path + decoded.slice(1));
  return decoded === `/${nameOf(path)}` ? path : undefined;
}

function covers(covered: ResourcePath, path: ResourcePath): boolean {
  return isFolder(covered) ? path.startsWith(covered) : path === covered;
}
