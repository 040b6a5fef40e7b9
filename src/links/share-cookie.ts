/**
 * The cookie of a share link to a folder, for what a page or a playlist in it loads by its own URL: it opens the files
 * that the link opens, without the token, for as long as the link does and an hour at most. The link is judged each
 * time; a changed password ends the cookie.
 */

import type { Clock } from '../acl/authorizer.js';
import { isFolder, type ResourcePath } from '../acl/resource-path.js';
import type { ShareLink } from '../acl/share-link.js';
import { cookiesNamed } from './cookie-values.js';
import { passwordMark } from './password.js';
import type { ShareLinks } from './share-links.js';
import type { Tickets } from './ticket.js';

/** Behind it comes the link's id: those of several links stand beside each other. */
const NAME = 'latchkey-share-';
const LASTING_MS = 60 * 60 * 1000;
/** Of several links; a stranger may send any number. */
const COOKIES_MAX = 8;
/** Of a link without a password. */
const NO_PASSWORD = 'none';

export interface ShareCookie {
  readonly name: string;
  readonly value: string;
  /** That of all files: a narrower one would name the folders above the link's. */
  readonly path: string;
  readonly seconds: number;
}

export interface ShareCookieSettings {
  readonly tickets: Tickets;
  readonly links: ShareLinks;
  readonly clock: Clock;
}

export class ShareCookies {
  readonly #settings: ShareCookieSettings;

  constructor(settings: ShareCookieSettings) {
    this.#settings = settings;
  }

  /** `undefined`: the link has none. @param mount LATCHKEY_MOUNT */
  issue(link: ShareLink, mount: string): ShareCookie | undefined {
    if (!mayHaveCookie(link)) return undefined;
    const { id, terms } = link;
    const now = this.#settings.clock();
    const expiresAt = Math.min(terms.expiresAt, now + LASTING_MS);
    const ticket = this.#settings.tickets.issue({
      purpose: 'files',
      linkId: id,
      value: markOf(terms.passwordHash),
      expiresAt,
    });
    return {
      name: NAME + id,
      value: ticket,
      path: mount,
      seconds: Math.floor((expiresAt - now) / 1000),
    };
  }

  /** The link by whose cookie the path is open; `undefined`: none of them opens it. @throws NotKnown */
  async judge(
    header: string,
    path: ResourcePath,
    address: string | undefined,
  ): Promise<ShareLink | undefined> {
    const { tickets, links, clock } = this.#settings;
    for (const [id, ticket] of cookiesNamed(header, NAME, COOKIES_MAX)) {
      const claims = tickets.read(ticket, { purpose: 'files', linkId: id }, clock());
      if (claims === undefined) continue;
      const judgement = await links.judgeById({ id, path, address });
      if (judgement.kind !== 'open') continue;
      const { link } = judgement;
      // The terms may have changed since it was issued.
      if (mayHaveCookie(link) && claims.value === markOf(link.terms.passwordHash)) return link;
    }
    return undefined;
  }
}

/** Unless its files would escape what the link says of each request: who it is for, how fast, and how often. */
function mayHaveCookie({ kind, path, terms }: ShareLink): boolean {
  const { recipients, rateMax, downloadsMax } = terms;
  const isFree = recipients.length === 0 && rateMax === undefined && downloadsMax === undefined;
  return kind === 'read' && isFolder(path) && isFree;
}

function markOf(passwordHash: string | undefined): string {
  return passwordHash === undefined ? NO_PASSWORD : passwordMark(passwordHash);
}
