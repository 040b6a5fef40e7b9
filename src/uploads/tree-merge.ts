/**
 * The tree on the disk beside the records of the store and the paths that have grants: one ordered pass over the
 * three. What meets here was read at different times; whoever reports it looks a second time.
 */

import { compareBytes } from '../acl/byte-order.js';
import type { FileRecord } from '../acl/ports.js';
import { isFolder, type ResourcePath } from '../acl/resource-path.js';
import type { TreeEntry, Unservable } from './tree-walk.js';

/** One path, with all that is at it. */
export interface Meeting {
  readonly kind: 'path';
  readonly path: ResourcePath;
  readonly entry: TreeEntry | undefined;
  readonly record: FileRecord | undefined;
  readonly isGranted: boolean;
}

type Pages<T> = AsyncIterable<readonly T[]>;

export interface Sides {
  readonly tree: Pages<TreeEntry | Unservable>;
  readonly records: Pages<FileRecord>;
  readonly granted: Pages<ResourcePath>;
}

/** Meetings in a page, so that its reader waits once for many. */
const PAGE = 1_000;

/** Nothing is said of what is below a folder that cannot be read: whether its records have files is not known. */
export async function* mergeTree(sides: Sides): AsyncGenerator<readonly (Meeting | Unservable)[]> {
  const tree = new Cursor(sides.tree);
  const records = new Cursor(sides.records);
  const granted = new Cursor(sides.granted);
  let page: (Meeting | Unservable)[] = [];
  let unknown: ResourcePath | undefined;
  for (;;) {
    for (const cursor of [tree, records, granted]) if (cursor.needsPage) await cursor.turn();
    const [entry, record, grant] = [tree.head, records.head, granted.head];
    if (entry?.kind === 'unservable') {
      page.push(entry);
      tree.step();
    } else {
      const path = least(entry?.path, least(record?.path, grant));
      if (path === undefined) break;
      const meeting = {
        kind: 'path',
        path,
        entry: entry?.path === path ? tree.step() && entry : undefined,
        record: record?.path === path ? records.step() && record : undefined,
        isGranted: grant === path && granted.step(),
      } as const;
      if (meeting.entry?.kind === 'unreadable' && isFolder(path)) unknown = path;
      if (meeting.entry !== undefined || unknown === undefined || !path.startsWith(unknown))
        page.push(meeting);
    }
    if (page.length < PAGE) continue;
    yield page;
    page = [];
  }
  yield page;
}

function least(a: ResourcePath | undefined, b: ResourcePath | undefined): ResourcePath | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return compareBytes(a, b) <= 0 ? a : b;
}

/** The next one of a sequence that comes in pages. */
class Cursor<T> {
  readonly #pages: AsyncIterator<readonly T[]>;
  #page: readonly T[] = [];
  #at = 0;
  #ended = false;

  constructor(pages: Pages<T>) {
    this.#pages = pages[Symbol.asyncIterator]();
  }

  get head(): T | undefined {
    return this.#page[this.#at];
  }

  get needsPage(): boolean {
    return this.#at >= this.#page.length && !this.#ended;
  }

  step(): true {
    this.#at += 1;
    return true;
  }

  async turn(): Promise<void> {
    while (this.needsPage) {
      const { value, done } = await this.#pages.next();
      if (done === true) this.#ended = true;
      else [this.#page, this.#at] = [value, 0];
    }
  }
}
