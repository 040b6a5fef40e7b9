/**
 * A share link as it is stored: a path, what allowed it, and the terms under which it opens. Of the token in its URL
 * only the SHA-256 is kept. `links/` judges them, the stores keep them, nobody else makes one.
 */

import type { Principal } from './principal.js';
import type { ResourcePath } from './resource-path.js';

/** `read`: the file, or the folder and all below it. `upload`: a file request, which only takes files into a folder. */
export type ShareLinkKind = 'read' | 'upload';

/** What a link ends with. */
export interface LinkAuthority {
  /** The user who made it; `undefined`: the operator, at the command line. */
  readonly maker: Principal | undefined;
  /** The groups that the maker's credential claimed then. Stored ones are looked up each time. */
  readonly makerGroups: readonly Principal[];
  /** The grant by which the maker had `manage`; `undefined`: none that is stored (operator, administrator, home). */
  readonly grantId: number | undefined;
}

/** What strangers may put into the folder of a file request. `undefined`: no limit but the service's own. */
export interface UploadTerms {
  readonly filesMax: number | undefined;
  /** Of one file. */
  readonly bytesMax: number | undefined;
  /** Endings of names, lower case, with their dot; empty: any. */
  readonly endings: readonly string[];
  /** From when one is there until it expires. Absent: never. */
  readonly filesExpireSeconds?: number;
}

/** What may be changed while the link stays the same. */
export interface LinkTerms {
  /** UTC milliseconds, inclusive. */
  readonly notBefore: number | undefined;
  /** UTC milliseconds, exclusive. */
  readonly expiresAt: number;
  /** As `links/password.ts` writes it; never the password. */
  readonly passwordHash: string | undefined;
  /** Only these may use it, signed in; empty: whoever has it. */
  readonly recipients: readonly Principal[];
  /** Addresses and ranges, such as `10.0.0.0/8`; empty: from anywhere. */
  readonly addresses: readonly string[];
  readonly downloadsMax: number | undefined;
  /** Bytes a second, of each download. */
  readonly rateMax: number | undefined;
  readonly disposition: 'inline' | 'attachment';
  readonly upload: UploadTerms;
  /** For whoever lists the links; strangers never see it. */
  readonly note: string;
  /** Whom to ask when it has ended, as the maker allows it to be shown; '': nobody is named. */
  readonly contact: string;
}

/** As a request that carries the link is judged by it. */
export interface ShareLink {
  /** Public: it names the link in lists and in logs, and opens nothing. */
  readonly id: string;
  /** SHA-256 of the whole token, in hexadecimal. */
  readonly hash: string;
  readonly kind: ShareLinkKind;
  readonly path: ResourcePath;
  readonly authority: LinkAuthority;
  readonly terms: LinkTerms;
  /** UTC milliseconds. */
  readonly revokedAt: number | undefined;
}

/** As it is listed. */
export interface ShareLinkRecord extends ShareLink {
  readonly createdAt: number;
  /** Written in batches: it may be a minute late. */
  readonly lastUsedAt: number | undefined;
  /** Of a link with a limit, exact; others are not counted. */
  readonly downloads: number;
  readonly uploads: number;
}
