/** Takes signed URLs back, for the command line and the API: how long a revoke is remembered, and what it reaches. */

import type { SignedUrlStore } from '../acl/link-ports.js';
import { AHEAD_SECONDS_MAX } from './signed-urls.js';

/**
 * Ends the links of an id.
 *
 * @param secondsMax the longest that a signed URL may live: whatever has this id has ended by itself then
 * @param now UTC milliseconds
 */
export async function revokeSignedUrl(store: SignedUrlStore, id: string, secondsMax: number, now: number) {
  return store.revokeUrl(id, now, now + (secondsMax + AHEAD_SECONDS_MAX) * 1000);
}

/**
 * Ends all that a key has signed up to now, by a clock that is ahead, too.
 *
 * @returns with `countsAgainFrom`, UTC milliseconds: what the key says that it signs from then on counts
 */
export async function revokeSignedUrlsOf(store: SignedUrlStore, keyId: string, now: number) {
  const second = Math.floor(now / 1000) + AHEAD_SECONDS_MAX;
  const { revision } = await store.revokeUrlsOf(keyId, second);
  return { revision, countsAgainFrom: (second + 1) * 1000 };
}
