/**
 * What a folder holds for whoever asks (docs/decisions/0021-moving.md): the files that they may read, and the folders
 * that they may read or in which a grant lets them read something. Of all else nothing is said.
 *
 * Who may read the folder gets what is on the disk, without what their own grants take away. Who may not gets what their
 * own grants name: the disk is not listed for them, so that neither a count, nor a page, nor the time tells of others.
 */

import type { Authorizer } from '../acl/authorizer.js';
import { NotKnown } from '../acl/errors.js';
import type { ExpiryStore } from '../acl/life-ports.js';
import { type HomeTemplate, homeOf } from '../acl/policy.js';
import type { Subject } from '../acl/principal.js';
import { isFolder, nameOf, type ResourcePath } from '../acl/resource-path.js';
import type { TreeStore } from '../acl/tree-ports.js';
import { comparing, cursorOf, type Order, placeAt } from './entry-order.js';
import type { KnownDigests } from './known-digests.js';
import { UploadProblem } from './problem.js';
import type { ListedEntry, StorageRoot } from './storage-root.js';

export interface ListingDeps {
  readonly root: StorageRoot;
  readonly tree: TreeStore;
  readonly expiries: ExpiryStore;
  /** Absent: none are kept. */
  readonly digests?: KnownDigests | undefined;
  readonly authorizer: Authorizer;
  readonly home: HomeTemplate | undefined;
}

export interface ListingQuestion extends Order {
  readonly folder: ResourcePath;
  /** `undefined`: the operator, who sees all. */
  readonly subject: Subject | undefined;
  /** As an earlier page has it. */
  readonly after: string | undefined;
  readonly max: number;
}

/** With what the store knows of it. */
export interface KnownEntry extends ListedEntry {
  /** UTC milliseconds. */
  readonly expiresAt?: number;
  /** In hexadecimal. */
  readonly sha256?: string;
}

export interface ListedPage {
  readonly entries: readonly KnownEntry[];
  /** Where to go on; `undefined`: that was all. */
  readonly next: string | undefined;
}

/** Entries of a folder, and grants of one asker below it, that are looked at for one page. */
export const LISTED_MAX = 100_000;
/** Entries that are judged before others have their turn. */
const JUDGED_AT_ONCE = 200;

export class FolderListing {
  readonly #deps: ListingDeps;

  constructor(deps: ListingDeps) {
    this.#deps = deps;
  }

  /**
   * `undefined`: there is nothing for this asker, and whoever may not read the folder is to hear no more than that.
   *
   * @throws UploadProblem `not-found` for a missing folder that the asker may read; `conflict` beyond LISTED_MAX;
   * NotKnown
   */
  async page(question: ListingQuestion): Promise<ListedPage | undefined> {
    const { folder, subject, after, max } = question;
    const isOpen = subject === undefined || (await this.#mayRead(subject, folder));
    const found = isOpen ? await this.#onDisk(folder) : [];
    const shown = subject === undefined ? found : await this.#shown({ folder, subject, isOpen, found });
    if (!isOpen && shown.length === 0) return undefined;
    const compare = comparing(question);
    const last = after === undefined ? undefined : placeAt(after);
    const rest = shown.toSorted(compare).filter((entry) => last === undefined || compare(entry, last) > 0);
    const entries = await this.#known(rest.slice(0, max));
    const end = entries.at(-1);
    return { entries, next: rest.length > max && end !== undefined ? cursorOf(end) : undefined };
  }

  async #known(entries: readonly ListedEntry[]): Promise<readonly KnownEntry[]> {
    const { expiries, digests } = this.#deps;
    const ending = await expiries.expiriesOf(entries.map(({ path }) => path));
    const files = entries.filter(({ kind }) => kind === 'file');
    const stored = await digests?.ofAll(files);
    return entries.map((entry) => {
      const [expiresAt, sha256] = [ending.get(entry.path), stored?.get(entry.path)];
      return {
        ...entry,
        ...(expiresAt !== undefined && { expiresAt }),
        ...(sha256 !== undefined && { sha256 }),
      };
    });
  }

  async #onDisk(folder: ResourcePath): Promise<readonly ListedEntry[]> {
    const listing = await this.#deps.root.list(folder, LISTED_MAX);
    if (listing === undefined) throw new UploadProblem('not-found', 'There is no such folder.');
    if (listing.cut) throw tooMany('entries are in this folder');
    return listing.entries;
  }

  /** The disk was read before: whatever was committed since is judged by the grants that it came with. */
  async #shown({ folder, subject, isOpen, found }: Looked): Promise<readonly ListedEntry[]> {
    const committing = new Set(await this.#deps.tree.committingBelow(folder));
    const named = await this.#namedBelow(folder, subject);
    const candidates = isOpen ? found.map(({ path }) => path) : [...named.keys()];
    const shown = new Set<ResourcePath>();
    const ending = await this.#deps.expiries.expiriesOf(candidates.filter((path) => !isFolder(path)));
    for (const [i, path] of candidates.entries()) {
      if (i % JUDGED_AT_ONCE === JUDGED_AT_ONCE - 1) await new Promise((resolve) => setImmediate(resolve));
      if (committing.has(path)) continue;
      const places = named.get(path);
      // Where no grant of theirs is, the folder's own answer holds, but of what may have expired.
      if ((places === undefined && !ending.has(path)) || (await this.#isShown(subject, path, places ?? [])))
        shown.add(path);
    }
    if (isOpen) return found.filter(({ path }) => shown.has(path));
    return this.#find([...shown]);
  }

  /** By the entry of the folder: the paths at it or below it where the asker's own grants, home or scope are. */
  async #namedBelow(
    folder: ResourcePath,
    subject: Subject,
  ): Promise<ReadonlyMap<ResourcePath, ResourcePath[]>> {
    const { tree, authorizer, home } = this.#deps;
    const { scope, ...unscoped } = subject;
    const { principals, decision } = await authorizer.explain({
      subject: unscoped,
      action: 'read',
      path: folder,
    });
    const isAdministrator = decision.reason.kind === 'administrator' && scope === undefined;
    const max = LISTED_MAX + 1;
    const grants = isAdministrator ? [] : await tree.grantsBelow({ folder, principals, max });
    if (grants.length > LISTED_MAX) throw tooMany('grants of yours are below this folder');
    const own = home === undefined || subject.user === undefined ? undefined : homeOf(home, subject.user);
    const named = new Map<ResourcePath, ResourcePath[]>();
    for (const path of [...grants.map((grant) => grant.path), own, scope?.path]) {
      if (path === undefined || path === folder || !path.startsWith(folder)) continue;
      const entry = entryOf(folder, path);
      const places = named.get(entry);
      if (places === undefined) named.set(entry, [path]);
      else places.push(path);
    }
    return named;
  }

  /** A folder is shown for the sake of what is in it, too. */
  async #isShown(subject: Subject, path: ResourcePath, places: readonly ResourcePath[]): Promise<boolean> {
    if (await this.#mayReadNow(subject, path)) return true;
    if (!isFolder(path)) return false;
    for (const place of new Set(places)) if (await this.#mayReadNow(subject, place)) return true;
    return false;
  }

  async #find(paths: readonly ResourcePath[]): Promise<readonly ListedEntry[]> {
    const entries: ListedEntry[] = [];
    for (const path of paths) {
      const kind = isFolder(path) ? 'folder' : 'file';
      const found = await this.#deps.root.find(path);
      if (found?.kind === kind) entries.push({ ...found, kind, name: nameOf(path), path });
    }
    return entries;
  }

  async #mayRead(subject: Subject, path: ResourcePath): Promise<boolean> {
    const decision = await this.#deps.authorizer.authorize({ subject, action: 'read', path });
    return decision.outcome === 'allow';
  }

  /** Of what is being exchanged nothing is told; the others are. */
  async #mayReadNow(subject: Subject, path: ResourcePath): Promise<boolean> {
    try {
      return await this.#mayRead(subject, path);
    } catch (error) {
      if (error instanceof NotKnown && error.code === 'committing') return false;
      throw error;
    }
  }
}

interface Looked {
  readonly folder: ResourcePath;
  readonly subject: Subject;
  readonly isOpen: boolean;
  readonly found: readonly ListedEntry[];
}

/** The entry of the folder that a path below it is, or is in. */
function entryOf(folder: ResourcePath, path: ResourcePath): ResourcePath {
  const end = path.indexOf('/', folder.length);
  return (end === -1 ? path : path.slice(0, end + 1)) as ResourcePath;
}

function tooMany(what: string): UploadProblem {
  return new UploadProblem('conflict', `More than ${LISTED_MAX} ${what}; list a folder in it.`);
}
