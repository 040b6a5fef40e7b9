/** What the routes of share links are given, from a Config, over one open store: what is counted. */

import type { Store } from './acl/ports.js';
import type { Config } from './config.js';
import { KeyUsage, USAGE_WRITE_MS } from './credentials/key-usage.js';
import type { OpenedShare } from './http/share-deps.js';
import { PasswordAttempts } from './links/password-attempts.js';

/** @param onProblem told, for the log, what could not be noted */
export function openShareParts(
  { links }: Config,
  { linkCounts }: Store,
  onProblem: (message: string) => void,
): OpenedShare {
  const usage = new KeyUsage({ recordUses: (uses) => linkCounts.recordLinkUses(uses) }, (error) =>
    onProblem(`the use of links: ${(error as Error).message}`),
  );
  const writing = setInterval(() => void usage.flush(), USAGE_WRITE_MS).unref();
  return {
    attempts: new PasswordAttempts(() => performance.now()),
    counts: linkCounts,
    leaseMs: links.leaseMs,
    onUse: (id, at) => usage.note(id, at),
    close: async () => {
      clearInterval(writing);
      await usage.close();
    },
  };
}
