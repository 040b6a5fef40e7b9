/** Rows of share links as the databases have them, and the links that they are. */

import type { Principal } from '../acl/principal.js';
import type { ResourcePath } from '../acl/resource-path.js';
import type { LinkTerms, ShareLink, ShareLinkKind, ShareLinkRecord } from '../acl/share-link.js';

export interface LinkRow {
  readonly id: string;
  readonly hash: string;
  readonly kind: string;
  readonly path: string;
  readonly maker: string | null;
  readonly maker_groups: string;
  readonly grant_id: number | null;
  readonly terms: string;
  readonly expires_at: number;
  readonly revoked_at: number | null;
  readonly created_at: number;
  readonly last_used_at: number | null;
  readonly downloads: number;
  readonly uploads: number;
}

export const LINK_COLUMNS =
  'id, hash, kind, path, maker, maker_groups, grant_id, terms, expires_at, revoked_at, created_at, last_used_at, downloads, uploads';

export function linkRow(link: ShareLinkRecord): LinkRow {
  const { maker, makerGroups, grantId } = link.authority;
  return {
    id: link.id,
    hash: link.hash,
    kind: link.kind,
    path: link.path,
    maker: maker ?? null,
    maker_groups: JSON.stringify(makerGroups),
    grant_id: grantId ?? null,
    terms: JSON.stringify(link.terms),
    expires_at: link.terms.expiresAt,
    revoked_at: link.revokedAt ?? null,
    created_at: link.createdAt,
    last_used_at: link.lastUsedAt ?? null,
    downloads: link.downloads,
    uploads: link.uploads,
  };
}

/** What is in the table went through the constructors when it was written: it is not parsed again. */
export function linkOf(row: LinkRow): ShareLink {
  return {
    id: row.id,
    hash: row.hash,
    kind: row.kind as ShareLinkKind,
    path: row.path as ResourcePath,
    authority: {
      maker: (row.maker ?? undefined) as Principal | undefined,
      makerGroups: JSON.parse(row.maker_groups) as Principal[],
      grantId: row.grant_id ?? undefined,
    },
    terms: termsOf(row.terms),
    revokedAt: row.revoked_at ?? undefined,
  };
}

export function linkRecordOf(row: LinkRow): ShareLinkRecord {
  return {
    ...linkOf(row),
    createdAt: row.created_at,
    lastUsedAt: row.last_used_at ?? undefined,
    downloads: row.downloads,
    uploads: row.uploads,
  };
}

/** JSON has no `undefined`: what is absent there is named again. */
function termsOf(json: string): LinkTerms {
  const terms = JSON.parse(json) as LinkTerms;
  const { filesExpireSeconds } = terms.upload;
  return {
    notBefore: terms.notBefore,
    expiresAt: terms.expiresAt,
    passwordHash: terms.passwordHash,
    recipients: terms.recipients,
    addresses: terms.addresses,
    downloadsMax: terms.downloadsMax,
    rateMax: terms.rateMax,
    disposition: terms.disposition,
    upload: {
      filesMax: terms.upload.filesMax,
      bytesMax: terms.upload.bytesMax,
      endings: terms.upload.endings,
      ...(filesExpireSeconds !== undefined && { filesExpireSeconds }),
    },
    note: terms.note,
    contact: terms.contact,
  };
}
