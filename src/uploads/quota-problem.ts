/** What somebody is told whose file has no room: which limit, and what to do. */

import { isFolderSubject, type QuotaExceeded } from '../acl/quota.js';
import { UploadProblem } from './upload-problem.js';

/**
 * Of a user, how much is used: it is their own. Of a folder not: who may write there may not be allowed to know what
 * else is in it.
 */
export function quotaProblem(error: QuotaExceeded): UploadProblem {
  const { subject, used, bytesMax, filesMax } = error.use;
  const isFull =
    filesMax !== undefined && error.growth.files > 0 && used.files + error.growth.files > filesMax;
  const limit = isFull ? `${filesMax} files` : `${bytesMax} bytes`;
  const isFolder = isFolderSubject(subject);
  const told = isFolder ? '' : `, and have ${isFull ? `${used.files} files` : `${used.bytes} bytes`}`;
  const who = isFolder ? `The folder ${subject}` : 'Your files';
  const whom = isFolder ? 'whoever manages the folder' : 'an administrator';
  return new UploadProblem(
    'quota-exceeded',
    `${who} may have ${limit}${told}: there is no room for this; delete some, or ask ${whom} for a larger quota.`,
    { cause: error },
  );
}
