/** Share links that can still be used, to what is not there: whoever follows one is told that there is nothing. */

import type { ShareLinkStore } from '../acl/link-ports.js';
import type { ResourcePath } from '../acl/resource-path.js';
import { isFolder } from '../acl/resource-path.js';
import type { ShareLinkRecord } from '../acl/share-link.js';
import type { Findings } from './findings.js';
import type { StorageRoot } from './storage-root.js';

export interface DeadLinksDeps {
  readonly links: ShareLinkStore;
  readonly root: StorageRoot;
  readonly clock: () => number;
}

const PAGE = 1_000;

export async function reportDeadLinks(
  deps: DeadLinksDeps,
  folder: ResourcePath,
  findings: Findings,
): Promise<void> {
  for (let after: string | undefined; ; ) {
    const page = await deps.links.links({ path: folder, max: PAGE, ...(after !== undefined && { after }) });
    for (const link of page) {
      try {
        if (await isDead(deps, link))
          findings.add('dead-link', { what: link.path, detail: `link ${link.id}` });
      } catch (error) {
        findings.add('unreadable', {
          what: link.path,
          detail: (error as NodeJS.ErrnoException).code ?? `${error}`,
        });
      }
    }
    after = page.at(-1)?.id;
    if (page.length < PAGE) return;
  }
}

/** A link for uploads makes its folder with the first of them. */
async function isDead(deps: DeadLinksDeps, link: ShareLinkRecord): Promise<boolean> {
  if (link.kind === 'upload' || !isAlive(link, deps.clock()) || (await isThere(deps.root, link.path)))
    return false;
  // It may have been revoked, or its file replaced, in between.
  const again = await deps.links.link(link.id);
  return again !== undefined && isAlive(again, deps.clock()) && !(await isThere(deps.root, link.path));
}

function isAlive({ revokedAt, terms }: ShareLinkRecord, now: number): boolean {
  return revokedAt === undefined && terms.expiresAt > now;
}

async function isThere(root: StorageRoot, path: ResourcePath): Promise<boolean> {
  const found = await root.find(path);
  return found?.kind === (isFolder(path) ? 'folder' : 'file');
}
