/**
 * What the creation of an upload asks for, by its Upload-Metadata: `path`, the resource path of the file, or of a
 * folder (it ends in a slash), in which `filename` is the file; and `grants` and `expires`, as in the headers
 * X-Latchkey-Grants and X-Latchkey-Expires. All else is kept, said back, and means nothing to us: a type is what nginx
 * makes of the name.
 */

import {
  fileIn,
  folderOf,
  isFolder,
  nameOf,
  parseResourcePath,
  type ResourcePath,
} from '../../acl/resource-path.js';
import { BadRequest } from '../problem.js';

export interface Intent {
  readonly path: ResourcePath;
  readonly grants: string;
  readonly expires: string;
  readonly metadata: Readonly<Record<string, string | null>>;
}

/** nginx takes no longer line of a header. */
const METADATA_BYTES_MAX = 8 * 1024;
/** What Node makes of bytes that are no UTF-8. */
const REPLACEMENT = '\uFFFD';

/** @throws BadRequest */
export async function parseIntent(header: string | undefined): Promise<Intent> {
  const metadata = await parseMetadata(header ?? '');
  const grants = textOf(metadata, 'grants') ?? '';
  return { path: pathOf(metadata), grants, expires: expiresIn(metadata), metadata };
}

/** Of the creation, or of what is known of the upload. */
export function expiresIn(metadata: Intent['metadata']): string {
  return textOf(metadata, 'expires') ?? '';
}

async function parseMetadata(header: string): Promise<Intent['metadata']> {
  if (header.length > METADATA_BYTES_MAX) {
    throw new BadRequest(`Upload-Metadata may have ${METADATA_BYTES_MAX} bytes; send less of it.`);
  }
  const { Metadata } = await import('@tus/server'); // see protocol.ts
  try {
    return header === '' ? {} : Metadata.parse(header);
  } catch {
    throw new BadRequest(
      "Upload-Metadata is 'KEY BASE64', with commas between several, each key once; mend it.",
    );
  }
}

function pathOf(metadata: Intent['metadata']): ResourcePath {
  const text = textOf(metadata, 'path');
  if (text === undefined) {
    throw new BadRequest(
      'Upload-Metadata has no path; name the file, or its folder (such as /team/) and a filename.',
    );
  }
  const path = parseResourcePath(text);
  if (path === undefined) throw new BadRequest(`${JSON.stringify(text)} is no resource path; mend it.`);
  const folder = isFolder(path) ? path : folderOf(path);
  const name = isFolder(path) ? (textOf(metadata, 'filename') ?? '') : nameOf(path);
  const file = fileIn(folder, name);
  if (file !== undefined) return file;
  throw new BadRequest(`${JSON.stringify(name)} cannot be a file's name; send another filename.`);
}

function textOf(metadata: Intent['metadata'], key: string): string | undefined {
  const text = metadata[key] ?? undefined;
  if (text?.includes(REPLACEMENT))
    throw new BadRequest(`The ${key} of Upload-Metadata is not UTF-8; mend it.`);
  return text;
}
