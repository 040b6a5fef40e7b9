/** Share links and what is counted of them, in memory. */

import { RequestClosed } from '../../acl/errors.js';
import type {
  ChangeTerms,
  Lease,
  LeaseRequest,
  LinkCountStore,
  LinkSelection,
  ShareLinkStore,
} from '../../acl/link-ports.js';
import { isIn, moved } from '../../acl/path-range.js';
import type { RequestedFile, Written } from '../../acl/ports.js';
import type { ResourcePath } from '../../acl/resource-path.js';
import type { ShareLink, ShareLinkRecord } from '../../acl/share-link.js';

/** Numbers a write by its revision and logs what it touched. */
type Write = <T>(value: T, touched: readonly string[]) => Written<T>;

export class MemoryLinks implements ShareLinkStore, LinkCountStore {
  readonly #write: Write;
  readonly #links = new Map<string, ShareLinkRecord>();
  /** By link, then by client: when the lease ends. */
  readonly #leases = new Map<string, Map<string, number>>();

  constructor(write: Write) {
    this.#write = write;
  }

  /** As a request is judged by it. */
  fact(id: string): ShareLink | undefined {
    const link = this.#links.get(id);
    if (link === undefined) return undefined;
    const { hash, kind, path, authority, terms, revokedAt } = link;
    return { id, hash, kind, path, authority, terms, revokedAt };
  }

  async addLink(link: ShareLinkRecord): Promise<Written<void>> {
    if (this.#links.has(link.id)) throw new Error('there is such a link already');
    this.#links.set(link.id, link);
    return this.#write(undefined, [`link:${link.id}`]);
  }

  async link(id: string): Promise<ShareLinkRecord | undefined> {
    return this.#links.get(id);
  }

  async links({ path, maker, after, max }: LinkSelection): Promise<readonly ShareLinkRecord[]> {
    return [...this.#links.values()]
      .filter((link) => path === undefined || link.path === path || isBelow(link.path, path))
      .filter((link) => maker === undefined || link.authority.maker === maker)
      .filter(({ id }) => after === undefined || id > after)
      .sort((a, b) => (a.id < b.id ? -1 : 1))
      .slice(0, max);
  }

  async changeLink(id: string, change: ChangeTerms): Promise<Written<ShareLinkRecord | undefined>> {
    const link = this.#links.get(id);
    if (link === undefined || link.revokedAt !== undefined) return this.#write(undefined, []);
    return this.#write(this.#set({ ...link, terms: change(link.terms) }), [`link:${id}`]);
  }

  async revokeLink(id: string, at: number): Promise<Written<ShareLinkRecord | undefined>> {
    const link = this.#links.get(id);
    if (link === undefined || link.revokedAt !== undefined) return this.#write(link, []);
    this.#set({ ...link, revokedAt: at });
    return this.#write(link, [`link:${id}`]);
  }

  async forgetLinks(endedBefore: number): Promise<Written<number>> {
    const ended = [...this.#links.values()].filter(
      ({ terms, revokedAt = Number.POSITIVE_INFINITY }) =>
        terms.expiresAt < endedBefore || revokedAt < endedBefore,
    );
    for (const { id } of ended) {
      this.#links.delete(id);
      this.#leases.delete(id);
    }
    return this.#write(
      ended.length,
      ended.map(({ id }) => `link:${id}`),
    );
  }

  async lease(request: LeaseRequest): Promise<Lease> {
    const { linkId, clients, until } = request;
    const lease = this.#wouldLease(request);
    const link = this.#links.get(linkId);
    if (link === undefined || lease !== 'opened') return lease;
    this.#set({ ...link, downloads: link.downloads + 1 });
    const leases = this.#leases.get(linkId) ?? new Map<string, number>();
    for (const client of clients) leases.set(client, until);
    this.#leases.set(linkId, leases);
    return 'opened';
  }

  async wouldLease(request: LeaseRequest): Promise<Lease> {
    return this.#wouldLease(request);
  }

  async uploads(linkId: string): Promise<number> {
    return this.#links.get(linkId)?.uploads ?? 0;
  }

  /** All of them, or none. @throws RequestClosed */
  countFiles(requested: readonly RequestedFile[]): void {
    const before = new Map(requested.map(({ linkId }) => [linkId, this.#links.get(linkId)]));
    for (const { linkId, filesMax = Number.POSITIVE_INFINITY, folder } of requested) {
      const link = this.#links.get(linkId);
      const isElsewhere = folder !== undefined && link?.path !== folder;
      if (link === undefined || link.revokedAt !== undefined || link.uploads >= filesMax || isElsewhere) {
        for (const unchanged of before.values()) if (unchanged !== undefined) this.#set(unchanged);
        throw new RequestClosed('the file request takes no more');
      }
      this.#set({ ...link, uploads: link.uploads + 1 });
    }
  }

  uncountFile({ linkId }: RequestedFile): void {
    const link = this.#links.get(linkId);
    if (link !== undefined) this.#set({ ...link, uploads: Math.max(0, link.uploads - 1) });
  }

  async recordLinkUses(uses: ReadonlyMap<string, number>): Promise<void> {
    for (const [id, at] of uses) {
      const link = this.#links.get(id);
      if (link !== undefined && (link.lastUsedAt ?? 0) < at) this.#set({ ...link, lastUsedAt: at });
    }
  }

  paths(): readonly ResourcePath[] {
    return [...this.#links.values()].map(({ path }) => path);
  }

  /** Links go with a move. Their ids. */
  follow(from: ResourcePath, to: ResourcePath): readonly string[] {
    const links = [...this.#links.values()].filter(({ path }) => isIn(path, from));
    for (const link of links) this.#set({ ...link, path: moved(link.path, from, to) });
    return links.map(({ id }) => id);
  }

  #wouldLease({ linkId, clients, now, downloadsMax }: LeaseRequest): Lease {
    const leases = this.#leases.get(linkId);
    if (clients.some((client) => (leases?.get(client) ?? 0) > now)) return 'held';
    const link = this.#links.get(linkId);
    return link === undefined || link.downloads >= downloadsMax ? 'exhausted' : 'opened';
  }

  #set(link: ShareLinkRecord): ShareLinkRecord {
    this.#links.set(link.id, link);
    return link;
  }
}

function isBelow(path: string, folder: string): boolean {
  return folder.endsWith('/') && path.startsWith(folder);
}
