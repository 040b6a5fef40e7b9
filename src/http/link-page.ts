/** One page of the links that somebody may see, found without looking at more of them than is bounded. */

import type { LinkSelection, ShareLinkStore } from '../acl/link-ports.js';
import type { ResourcePath } from '../acl/resource-path.js';
import type { ShareLinkRecord } from '../acl/share-link.js';

/** Links looked at for one page, a decision each: some milliseconds. */
const LOOKED_AT_MAX = 1_000;

export interface LinkPage {
  readonly links: readonly ShareLinkRecord[];
  /** The id to go on after; `undefined`: there are no more. */
  readonly next: string | undefined;
}

/** @param selection `max` links at the most are on the page, which may be empty and not the last one */
export async function pageOfLinks(
  store: ShareLinkStore,
  selection: LinkSelection,
  mayManage: (path: ResourcePath) => Promise<boolean>,
): Promise<LinkPage> {
  const found = await store.links({ ...selection, max: LOOKED_AT_MAX });
  const links: ShareLinkRecord[] = [];
  for (const [at, link] of found.entries()) {
    if (await mayManage(link.path)) links.push(link);
    if (links.length < selection.max) continue;
    const isLast = at === found.length - 1 && found.length < LOOKED_AT_MAX;
    return { links, next: isLast ? undefined : link.id };
  }
  return { links, next: found.length < LOOKED_AT_MAX ? undefined : found.at(-1)?.id };
}
