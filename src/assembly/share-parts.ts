/** What the routes of share links are given, from a Config, over one open store: what is counted, and forgotten. */

import type { Store } from '../acl/ports.js';
import type { Config } from '../config.js';
import { KeyUsage, USAGE_WRITE_MS } from '../credentials/key-usage.js';
import type { OpenedShare } from '../http/shares/deps.js';
import { PasswordAttempts } from '../links/password-attempts.js';
import { clock } from './foundations.js';

/** Whoever comes with a link that has ended is told so for this long; then it is unknown. */
const REMEMBERED_MS = 90 * 24 * 60 * 60 * 1000;
const FORGET_EVERY_MS = 24 * 60 * 60 * 1000;

/** @param onProblem told, for the log, what could not be noted */
export function openShareParts(
  { links }: Config,
  { linkCounts, shareLinks }: Store,
  onProblem: (message: string) => void,
): OpenedShare {
  const usage = new KeyUsage({ recordUses: (uses) => linkCounts.recordLinkUses(uses) }, (error) =>
    onProblem(`the use of links: ${(error as Error).message}`),
  );
  const writing = setInterval(() => void usage.flush(), USAGE_WRITE_MS).unref();
  const forget = () =>
    shareLinks.forgetLinks(clock() - REMEMBERED_MS).catch((error: unknown) => {
      onProblem(`links that ended long ago are still there: ${(error as Error).message}`);
    });
  let forgetting: Promise<unknown> = forget();
  const daily = setInterval(() => {
    forgetting = forget();
  }, FORGET_EVERY_MS).unref();
  return {
    attempts: new PasswordAttempts(() => performance.now()),
    counts: linkCounts,
    leaseMs: links.leaseMs,
    onUse: (id, at) => usage.note(id, at),
    close: async () => {
      clearInterval(writing);
      clearInterval(daily);
      await forgetting;
      await usage.close();
    },
  };
}
