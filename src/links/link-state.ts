/** In one word, what has become of a link: for lists, not for whoever opens it. */

import { NotKnown } from '../acl/errors.js';
import type { ShareLinkRecord } from '../acl/share-link.js';
import type { ShareLinks } from './share-links.js';

export type LinkState =
  | 'open'
  // It opens later, by its own terms.
  | 'early'
  | 'revoked'
  | 'expired'
  // What allowed its maker to give it is gone.
  | 'authority-ended'
  // Its last download or upload is done.
  | 'exhausted'
  // Its file is being replaced right now.
  | 'not-known';

/** @throws NotKnown, but not for the sake of one file that is being replaced: the rest of the list is known */
export async function linkState(links: ShareLinks, link: ShareLinkRecord): Promise<LinkState> {
  const standing = await links.standing(link).catch((error: unknown): 'not-known' => {
    if (error instanceof NotKnown && error.code === 'committing') return 'not-known';
    throw error;
  });
  if (standing === 'authority') return 'authority-ended';
  if (standing === 'revoked' || standing === 'expired') return standing;
  return isExhausted(link) ? 'exhausted' : standing;
}

function isExhausted({ kind, terms, downloads, uploads }: ShareLinkRecord): boolean {
  const { downloadsMax, upload } = terms;
  const [done, most] = kind === 'read' ? [downloads, downloadsMax] : [uploads, upload.filesMax];
  return most !== undefined && done >= most;
}
