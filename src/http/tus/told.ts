/** What the headers of an answer say of the file that an upload has become, and of what an upload is put together. */

import { encodeResourcePath } from '../../acl/resource-path.js';
import { isPart, type ResumableUpload } from '../../uploads/resumable-upload.js';
import type { CommitDeps } from './deps.js';

/** None of a part, whose bytes have all come: it is no file. */
export function toldOfFile(
  { mount }: Pick<CommitDeps, 'mount'>,
  upload: ResumableUpload,
): Record<string, string> {
  const { path, finished } = upload;
  if (isPart(upload)) return {};
  if (finished === undefined) throw new Error('this upload is no file');
  return {
    ETag: finished.entityTag,
    'Content-Location': mount.slice(0, -1) + encodeResourcePath(path),
  };
}

export function toldOfConcat({ concat }: ResumableUpload): Record<string, string> {
  return concat === undefined ? {} : { 'Upload-Concat': concat.said };
}
