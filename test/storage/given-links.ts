/** What tests are given of share links: the plainest one, with what a test wants otherwise. */

import type { LinkTerms, ShareLinkRecord } from '../../src/acl/share-link.js';
import { path } from '../acl/given.js';

export const NOW = 1_700_000_000_123;
const DAY_MS = 24 * 60 * 60 * 1000;

export function linkTerms(more: Partial<LinkTerms> = {}): LinkTerms {
  return {
    notBefore: undefined,
    expiresAt: NOW + DAY_MS,
    passwordHash: undefined,
    recipients: [],
    addresses: [],
    downloadsMax: undefined,
    rateMax: undefined,
    disposition: 'attachment',
    upload: { filesMax: undefined, bytesMax: undefined, endings: [] },
    note: '',
    contact: '',
    ...more,
  };
}

export function linkRecord(
  id: string,
  more: Partial<Omit<ShareLinkRecord, 'terms'>> = {},
  terms: Partial<LinkTerms> = {},
): ShareLinkRecord {
  return {
    id,
    hash: `hash-of-${id}`,
    kind: 'read',
    path: path('/team/plan.pdf'),
    authority: { maker: undefined, makerGroups: [], grantId: undefined },
    createdAt: NOW,
    lastUsedAt: undefined,
    downloads: 0,
    uploads: 0,
    revokedAt: undefined,
    ...more,
    terms: linkTerms(terms),
  };
}
