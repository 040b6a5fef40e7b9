/**
 * `Upload-Concat` of a creation (tus 1.0, concatenation): `partial`, or `final;URL URL …`. It names uploads, and says
 * nothing of whether they are there, or whose they are.
 */

import { type Concat, isUploadId } from '../../uploads/resumable-upload.js';
import { BadRequest } from '../problem.js';
import { UPLOADS_PREFIX } from './protocol.js';

/** Each is a file that is opened, and a lock. No client sends a file in so many at once. */
const PARTS_MAX = 64;
/** nginx takes no longer line of a header. */
const CONCAT_BYTES_MAX = 8 * 1024;
const FINAL = 'final;';
/** Whatever a proxy or the client calls this site: it is the id that says which one is meant. */
const BASE = `http://latchkey${UPLOADS_PREFIX}/`;

/** @throws BadRequest */
export function parseConcat(header: string | undefined): Concat | undefined {
  if (header === undefined) return undefined;
  if (header.length > CONCAT_BYTES_MAX) {
    throw new BadRequest(`Upload-Concat may have ${CONCAT_BYTES_MAX} bytes; send relative URLs, or fewer.`);
  }
  if (header === 'partial') return { said: header };
  if (!header.startsWith(FINAL)) {
    throw new BadRequest("Upload-Concat is 'partial', or 'final;' and the URLs of the parts; mend it.");
  }
  return { said: header, parts: idsOf(header.slice(FINAL.length).trim().split(/ +/)) };
}

function idsOf(urls: readonly string[]): readonly string[] {
  if (urls.length > PARTS_MAX) {
    throw new BadRequest(`An upload is put together of ${PARTS_MAX} parts at most; send fewer, larger ones.`);
  }
  const ids = urls.map(idOf);
  if (new Set(ids).size === ids.length) return ids;
  throw new BadRequest('Upload-Concat names a part twice; name each once.');
}

function idOf(text: string): string {
  const url = URL.parse(text, BASE);
  const id = url?.pathname.startsWith(`${UPLOADS_PREFIX}/`)
    ? url.pathname.slice(UPLOADS_PREFIX.length + 1)
    : '';
  if (url !== null && /^https?:$/.test(url.protocol) && url.search + url.hash === '' && isUploadId(id))
    return id;
  throw new BadRequest(
    'Upload-Concat names what is no upload here; name each by the Location of its creation.',
  );
}
