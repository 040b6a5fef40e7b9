/** Share links in lines for a terminal: in a list, and one with all of its terms. */

import { formatInstant } from '../acl/instant.js';
import type { ShareLinkRecord, UploadTerms } from '../acl/share-link.js';
import { table } from './table.js';

/** A link, and in one word what is the matter with it. */
export interface ListedLink {
  readonly link: ShareLinkRecord;
  readonly word: string;
}

const HEADS = ['id', 'state', 'for', 'path', 'by', 'ends', 'last used', 'count', 'note'];

export function linkTable(listed: readonly ListedLink[]): readonly string[] {
  return table(
    HEADS,
    listed.map(({ link, word }) => [
      link.id,
      word,
      link.kind,
      link.path,
      makerWord(link),
      instantWord(link.terms.expiresAt),
      link.lastUsedAt === undefined ? 'never' : instantWord(link.lastUsedAt),
      countWord(link),
      link.terms.note,
    ]),
  );
}

/** One line for each thing that there is to say. */
export function linkLines({ link, word }: ListedLink): readonly string[] {
  const { terms, lastUsedAt, revokedAt } = link;
  const { notBefore, rateMax } = terms;
  const { filesExpireSeconds: seconds } = terms.upload;
  const lines: readonly (readonly [string, string | undefined])[] = [
    ['id', link.id],
    ['state', word],
    ['for', link.kind],
    ['path', link.path],
    ['by', makerWord(link)],
    ['made', formatInstant(link.createdAt)],
    ['begins', notBefore === undefined ? undefined : formatInstant(notBefore)],
    ['ends', formatInstant(terms.expiresAt)],
    ['revoked', revokedAt === undefined ? undefined : formatInstant(revokedAt)],
    ['last used', lastUsedAt === undefined ? 'never' : formatInstant(lastUsedAt)],
    ['password', terms.passwordHash === undefined ? 'no' : 'yes'],
    ['recipients', terms.recipients.join(' ')],
    ['addresses', terms.addresses.join(' ')],
    [link.kind === 'read' ? 'downloads' : 'uploads', countWord(link)],
    ['rate', rateMax === undefined ? undefined : `${rateMax} bytes a second`],
    ['shown', link.kind === 'read' ? terms.disposition : undefined],
    ['largest', terms.upload.bytesMax === undefined ? undefined : `${terms.upload.bytesMax} bytes`],
    ['endings', terms.upload.endings.join(' ')],
    ['files end', seconds === undefined ? undefined : `${seconds} seconds after they came`],
    ['note', terms.note],
    ['contact', terms.contact],
  ];
  const said = lines.filter(
    (line): line is readonly [string, string] => line[1] !== undefined && line[1] !== '',
  );
  const width = Math.max(...said.map(([name]) => name.length));
  return said.map(([name, text]) => `${name.padEnd(width)}  ${text}`);
}

function makerWord({ authority }: ShareLinkRecord): string {
  return authority.maker ?? 'operator';
}

/** `2/5`; of what is not limited, how many there were, where that is counted. */
function countWord({ kind, downloads, uploads, terms }: ShareLinkRecord): string {
  if (kind === 'upload') return uploadWord(uploads, terms.upload);
  return terms.downloadsMax === undefined ? '' : `${downloads}/${terms.downloadsMax}`;
}

function uploadWord(uploads: number, { filesMax }: UploadTerms): string {
  return filesMax === undefined ? String(uploads) : `${uploads}/${filesMax}`;
}

/** To the second, in UTC. */
function instantWord(instant: number): string {
  return formatInstant(instant).replace(/\.\d+Z$/, 'Z');
}
