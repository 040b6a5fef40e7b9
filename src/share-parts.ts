/** What the routes of share links are given, from a Config, over one open store: the judge, and what is counted. */

import type { Authorizer } from './acl/authorizer.js';
import type { Store } from './acl/ports.js';
import type { Config } from './config.js';
import { KeyUsage, USAGE_WRITE_MS } from './credentials/key-usage.js';
import { clock } from './foundations.js';
import type { OpenedShare } from './http/share-deps.js';
import { PasswordAttempts } from './links/password-attempts.js';
import { ShareLinks } from './links/share-links.js';
import type { CachedReader } from './storage/cached-reader.js';

export interface ShareFoundations {
  readonly reader: CachedReader;
  readonly authorizer: Authorizer;
  readonly store: Store;
  readonly onProblem: (message: string) => void;
}

export function openShareParts({ links }: Config, on: ShareFoundations): OpenedShare {
  const { reader, authorizer, store } = on;
  const usage = new KeyUsage({ recordUses: (uses) => store.linkCounts.recordLinkUses(uses) }, (error) =>
    on.onProblem(`the use of links: ${(error as Error).message}`),
  );
  const writing = setInterval(() => void usage.flush(), USAGE_WRITE_MS).unref();
  return {
    links: new ShareLinks({ reader, authorizer, facts: reader, clock }),
    attempts: new PasswordAttempts(() => performance.now()),
    counts: store.linkCounts,
    leaseMs: links.leaseMs,
    onUse: (id, at) => usage.note(id, at),
    close: async () => {
      clearInterval(writing);
      await usage.close();
    },
  };
}
