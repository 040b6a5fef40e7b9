/** What `mergeTree` reads of the store, in pages, each a short read of its own: nobody waits for a long one. */

import type { Grant } from '../acl/grant.js';
import type { FileRecord, FileStore } from '../acl/ports.js';
import type { ResourcePath } from '../acl/resource-path.js';

const PAGE = 1_000;

export async function* recordPages(
  files: FileStore,
  folder: ResourcePath,
): AsyncGenerator<readonly FileRecord[]> {
  for (let after: ResourcePath | undefined; ; ) {
    const page = await files.records({ folder, after, max: PAGE });
    yield page;
    after = page.at(-1)?.path;
    if (page.length < PAGE || after === undefined) return;
  }
}

/** Each path once. @param grants in the order of their paths */
export async function* grantedPages(grants: AsyncIterable<Grant>): AsyncGenerator<readonly ResourcePath[]> {
  let page: ResourcePath[] = [];
  let last: ResourcePath | undefined;
  for await (const { path } of grants) {
    if (path === last) continue;
    last = path;
    page.push(path);
    if (page.length < PAGE) continue;
    yield page;
    page = [];
  }
  yield page;
}
