/** What tests of share links are given: a real store behind the cache, a clock, links with their tokens. */

import type { Test } from 'tap';
import { Authorizer } from '../../src/acl/authorizer.js';
import { type Policy, parseHomeTemplate } from '../../src/acl/policy.js';
import type { Principal } from '../../src/acl/principal.js';
import type { LinkTerms, ShareLink, ShareLinkRecord } from '../../src/acl/share-link.js';
import { type PresentedLink, ShareLinks } from '../../src/links/share-links.js';
import { newShareToken } from '../../src/links/share-token.js';
import { CachedReader } from '../../src/storage/cached-reader.js';
import { openSqliteStore } from '../../src/storage/sqlite/open.js';
import { path, principal } from '../acl/given.js';
import { draft } from '../storage/given.js';
import { linkRecord, NOW } from '../storage/given-links.js';

export const ANN = principal('user:ann');
export const ENG = principal('group:eng');
export const ADMINISTRATOR = principal('user:root');
export const ADDRESS = '192.0.2.7';

export interface Made {
  readonly token: string;
  readonly link: ShareLinkRecord;
}

export function linkScene(t: Test) {
  const store = openSqliteStore(`${t.testdir()}/store.db`);
  t.teardown(() => store.close());
  const administrators = new Set<Principal>([ADMINISTRATOR]);
  const policy: Policy = { administrators, home: parseHomeTemplate('/users/{user}/') };
  let now = NOW;
  const clock = () => now;
  const reader = new CachedReader(store.facts, { bytesMax: 1024 * 1024 });
  const authorizer = new Authorizer(reader, policy, clock);
  const links = new ShareLinks({ reader, facts: reader, authorizer, clock });

  async function make(more: Partial<ShareLink> = {}, terms: Partial<LinkTerms> = {}): Promise<Made> {
    const { text, ...token } = newShareToken();
    const link = linkRecord(token.id, { ...more, ...token }, terms);
    await store.shareLinks.addLink(link);
    return { token: text, link };
  }

  /** `open /team/plan.pdf`, `ended authority`: the judgement in words. */
  async function judged({ token }: { token: string }, more: Partial<PresentedLink> = {}): Promise<string> {
    const judgement = await links.judge({ token, below: '', address: ADDRESS, ...more });
    if (judgement.kind === 'open') return `open ${judgement.path}`;
    return judgement.kind === 'ended' ? `ended ${judgement.why}` : judgement.kind;
  }

  /** Sets the grant of this line. Its id. */
  async function granted(line: string): Promise<number> {
    const { value } = await store.acl.putGrants([draft(line)]);
    return value[0]?.id ?? 0;
  }

  return {
    store,
    administrators,
    authorizer,
    links,
    make,
    judged,
    granted,
    by: (grantId: number | undefined, maker = ANN, makerGroups: readonly Principal[] = []) => ({
      authority: { maker, makerGroups, grantId },
    }),
    on: (text: string) => ({ path: path(text) }),
    at: (ms: number) => {
      now = ms;
    },
  };
}
