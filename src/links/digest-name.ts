/** Names under which a store keeps what is counted of visitors: it holds no addresses. */

import { createHash } from 'node:crypto';

const NAME_BYTES = 16;

/** Another name for other parts, and for another order of them. */
export function digestName(parts: readonly string[]): string {
  const digest = createHash('sha256').update(JSON.stringify(parts)).digest();
  return digest.subarray(0, NAME_BYTES).toString('base64url');
}
