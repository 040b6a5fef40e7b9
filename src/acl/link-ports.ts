/**
 * What `links/` needs of a store: signed URLs as they are taken back, share links, and what is counted of these. The
 * facts by which links are judged come as all others do, through `CredentialReader` of `ports.ts`.
 */

import type { Written } from './ports.js';
import type { Principal } from './principal.js';
import type { ResourcePath } from './resource-path.js';
import type { LinkTerms, ShareLinkRecord } from './share-link.js';

export interface SignedUrlStore {
  /** The number that signers give now. */
  generation(path: ResourcePath): Promise<number>;
  /** @param forgetAt UTC milliseconds, when the link has ended by itself and the mark may go */
  revokeUrl(id: string, now: number, forgetAt: number): Promise<Written<void>>;
  /** Ends every link of the path that there is. Its new number, which signers give from now on. */
  raiseGeneration(path: ResourcePath): Promise<Written<number>>;
  /** @param second Unix seconds, inclusive; an earlier one than is stored changes nothing */
  revokeUrlsOf(keyId: string, second: number): Promise<Written<void>>;
}

export interface LinkSelection {
  /** A file, or a folder and all below it. */
  readonly path?: ResourcePath;
  readonly maker?: Principal;
  /** Only those of a greater id: where the page before ended. */
  readonly after?: string;
  readonly max: number;
}

/** May throw: nothing is written then. */
export type ChangeTerms = (terms: LinkTerms) => LinkTerms;

export interface ShareLinkStore {
  /** @throws when a link of this id is there already */
  addLink(link: ShareLinkRecord): Promise<Written<void>>;
  link(id: string): Promise<ShareLinkRecord | undefined>;
  /** By id. Those that have ended are among them. */
  links(selection: LinkSelection): Promise<readonly ShareLinkRecord[]>;
  /**
   * The link with what `change` makes of its terms as they are then, so that of two changes at once none is lost;
   * `undefined`: there is none of that id, or it is revoked, and nothing is written.
   */
  changeLink(id: string, change: ChangeTerms): Promise<Written<ShareLinkRecord | undefined>>;
  /** The link as it was; `undefined`: there is none of that id. One that is revoked stays as it is. */
  revokeLink(id: string, at: number): Promise<Written<ShareLinkRecord | undefined>>;
  /** Forgets links that ended, by their time or by a revoke, before this instant: they are unknown from then on. */
  forgetLinks(endedBefore: number): Promise<Written<number>>;
}

/** One download of a link with a limit, by one client. */
export interface LeaseRequest {
  readonly linkId: string;
  /** Whoever comes again under one of these names within the lease, comes for the same download. */
  readonly clients: readonly string[];
  readonly now: number;
  /** UTC milliseconds, when the lease ends. It is not made longer by coming again. */
  readonly until: number;
  readonly downloadsMax: number;
}

/** `held`: the client has a lease. `opened`: the count has moved by one. `exhausted`: nobody may begin another. */
export type Lease = 'held' | 'opened' | 'exhausted';

/**
 * What is counted of links. It takes no revision: no authorizer keeps anything of it. Each answer is exact, however
 * many ask at once.
 */
export interface LinkCountStore {
  lease(request: LeaseRequest): Promise<Lease>;
  /** What `lease` would answer: nothing is counted, and nobody holds anything by it. */
  wouldLease(request: LeaseRequest): Promise<Lease>;
  /** Files that a file request has: each is counted by the transaction that journals it (`CommitEntry.requested`). */
  uploads(linkId: string): Promise<number>;
  /** @param uses UTC milliseconds by the id of the link; an earlier one than is stored changes nothing */
  recordLinkUses(uses: ReadonlyMap<string, number>): Promise<void>;
}
