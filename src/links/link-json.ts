/** A share link as JSON: what the API and `--json` write. Instants are ISO 8601, absent is what it has not. */

import { formatInstant } from '../acl/instant.js';
import type { ShareLinkRecord, UploadTerms } from '../acl/share-link.js';
import type { LinkState } from './link-state.js';

export function linkJson(link: ShareLinkRecord, state: LinkState) {
  const { id, kind, path, authority, terms, createdAt, lastUsedAt, revokedAt, downloads, uploads } = link;
  const { notBefore, expiresAt, recipients, addresses, downloadsMax, rateMax, disposition } = terms;
  return {
    id,
    kind,
    path,
    state,
    ...(authority.maker !== undefined && { maker: authority.maker }),
    createdAt: formatInstant(createdAt),
    ...(notBefore !== undefined && { notBefore: formatInstant(notBefore) }),
    expiresAt: formatInstant(expiresAt),
    ...(revokedAt !== undefined && { revokedAt: formatInstant(revokedAt) }),
    ...(lastUsedAt !== undefined && { lastUsedAt: formatInstant(lastUsedAt) }),
    hasPassword: terms.passwordHash !== undefined,
    recipients: [...recipients],
    addresses: [...addresses],
    ...(kind === 'read' && {
      disposition,
      ...(rateMax !== undefined && { rateMax }),
      ...(downloadsMax !== undefined && { downloadsMax, downloads }),
    }),
    ...(kind === 'upload' && { ...uploadJson(terms.upload), uploads }),
    note: terms.note,
    contact: terms.contact,
  };
}

function uploadJson({ filesMax, bytesMax, endings, filesExpireSeconds }: UploadTerms) {
  return {
    ...(filesMax !== undefined && { filesMax }),
    ...(bytesMax !== undefined && { bytesMax }),
    endings: [...endings],
    ...(filesExpireSeconds !== undefined && { filesExpireSeconds }),
  };
}
