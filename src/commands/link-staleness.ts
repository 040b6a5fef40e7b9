/** Which links nobody has any use of, so that whoever looks after them may revoke them. */

import type { ShareLinkRecord } from '../acl/share-link.js';
import { storageRootOf } from '../assembly/foundations.js';
import type { Config } from '../config.js';
import type { LinkState } from '../links/link-state.js';

export const STALE_DAYS = 90;
const STALE_MS = STALE_DAYS * 24 * 60 * 60 * 1000;

/** `missing`: there is nothing at its path. `unused`: for STALE_DAYS. */
export type Staleness =
  | Extract<LinkState, 'expired' | 'exhausted' | 'authority-ended'>
  | 'missing'
  | 'unused';

/** `undefined`: it is in use, or it was revoked, which somebody has seen to already. */
export async function staleness(
  config: Config,
  link: ShareLinkRecord,
  state: LinkState,
  now: number,
): Promise<Staleness | undefined> {
  if (state === 'revoked' || state === 'not-known') return undefined;
  if (state !== 'open' && state !== 'early') return state;
  // What is sent makes the folder.
  if (link.kind === 'read' && (await storageRootOf(config).find(link.path)) === undefined) return 'missing';
  const { createdAt, lastUsedAt = createdAt, terms } = link;
  return now - Math.max(lastUsedAt, terms.notBefore ?? lastUsedAt) > STALE_MS ? 'unused' : undefined;
}
