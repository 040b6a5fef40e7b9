/**
 * What a folder behind a link shows of itself: the entries that the link opens, sorted, and the names of the folders
 * from the link's own root on. Nothing above that root is named.
 */

import { NotKnown } from '../../acl/errors.js';
import { formatInstant, isInstant } from '../../acl/instant.js';
import { nameOf, type ResourcePath } from '../../acl/resource-path.js';
import type { ListedEntry, StorageRoot } from '../../uploads/storage-root.js';

export type SortKey = 'name' | 'size' | 'date';
export type SortOrder = 'asc' | 'desc';

export interface ShownEntry {
  readonly name: string;
  readonly kind: 'file' | 'folder';
  /** `undefined`: of a folder, whose size nobody knows. */
  readonly bytes: number | undefined;
  /** UTC milliseconds. */
  readonly modifiedAt: number;
}

export interface FolderView {
  /** The link's root, by its last segment, and the folders below it down to this one. */
  readonly trail: readonly string[];
  readonly entries: readonly ShownEntry[];
  /** There is more than is shown. */
  readonly cut: boolean;
  readonly sort: SortKey;
  readonly order: SortOrder;
}

/** Entries of one folder that are listed; the page of so many has some 3 MB. */
export const ENTRIES_MAX = 10_000;
/** Entries that are judged before others have their turn. */
const JUDGED_AT_ONCE = 200;
/** Of the root of everything, which has no name. */
const NAMELESS = 'Files';

export interface FolderQuestion {
  readonly root: StorageRoot;
  readonly linkPath: ResourcePath;
  readonly folder: ResourcePath;
  readonly query: URLSearchParams;
  /** Whether the link opens it. */
  readonly isOpen: (path: ResourcePath) => Promise<boolean>;
}

/** `undefined`: there is no such folder. */
export async function viewFolder(question: FolderQuestion): Promise<FolderView | undefined> {
  const { root, linkPath, folder, query } = question;
  const listing = await root.list(folder, ENTRIES_MAX);
  if (listing === undefined) return undefined;
  const sort = keyOf(query.get('sort'));
  const order = query.get('order') === 'desc' ? 'desc' : 'asc';
  const open = await opened(listing.entries, question);
  return {
    trail: trailOf(linkPath, folder),
    entries: sorted(open.map(shown), sort, order),
    cut: listing.cut,
    sort,
    order,
  };
}

async function opened(
  entries: readonly ListedEntry[],
  { isOpen }: FolderQuestion,
): Promise<readonly ListedEntry[]> {
  const open: ListedEntry[] = [];
  for (const [i, entry] of entries.entries()) {
    if (i % JUDGED_AT_ONCE === JUDGED_AT_ONCE - 1) await new Promise((resolve) => setImmediate(resolve));
    if (await isOpenNow(isOpen, entry.path)) open.push(entry);
  }
  return open;
}

/** Of a file that is being exchanged nothing is told; the others are. */
async function isOpenNow(isOpen: FolderQuestion['isOpen'], path: ResourcePath): Promise<boolean> {
  try {
    return await isOpen(path);
  } catch (error) {
    if (error instanceof NotKnown && error.code === 'committing') return false;
    throw error;
  }
}

function trailOf(linkPath: ResourcePath, folder: ResourcePath): readonly string[] {
  const own = nameOf(linkPath);
  const below = folder.slice(linkPath.length).split('/').slice(0, -1);
  return [own === '' ? NAMELESS : own, ...below];
}

function keyOf(text: string | null): SortKey {
  return text === 'size' || text === 'date' ? text : 'name';
}

function shown({ name, kind, bytes, modifiedSeconds }: ListedEntry): ShownEntry {
  return { name, kind, bytes: kind === 'file' ? bytes : undefined, modifiedAt: modifiedSeconds * 1000 };
}

/** As a person counts: `plan 9` before `plan 10`. */
const byWords = new Intl.Collator('en', { numeric: true });

const COMPARE: Readonly<Record<SortKey, (a: ShownEntry, b: ShownEntry) => number>> = {
  name: byName,
  size: (a, b) => (a.bytes ?? 0) - (b.bytes ?? 0),
  date: (a, b) => a.modifiedAt - b.modifiedAt,
};

/** Folders first, in each order; of equal ones, by name. */
function sorted(entries: readonly ShownEntry[], sort: SortKey, order: SortOrder): readonly ShownEntry[] {
  const compare = COMPARE[sort];
  const turned = order === 'desc' ? -1 : 1;
  return entries.toSorted(
    (a, b) => Number(a.kind === 'file') - Number(b.kind === 'file') || turned * compare(a, b) || byName(a, b),
  );
}

/** Names that a person takes for the same are still in one order. */
function byName(a: ShownEntry, b: ShownEntry): number {
  return byWords.compare(a.name, b.name) || (a.name < b.name ? -1 : 1);
}

export function folderJson({ trail, entries, cut }: FolderView): object {
  return {
    trail,
    entries: entries.map(({ modifiedAt, bytes, ...rest }) => ({
      ...rest,
      ...(bytes !== undefined && { bytes }),
      ...(isInstant(modifiedAt) && { modifiedAt: formatInstant(modifiedAt) }),
    })),
    cut,
  };
}
