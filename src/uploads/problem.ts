/** Errors of the file system and of the store as problems of an upload, where they are ones that somebody can mend. */

import { QuotaExceeded } from '../acl/quota.js';
import { quotaProblem } from './quota-problem.js';
import { UploadProblem } from './upload-problem.js';

export { UploadProblem, type UploadProblemCode } from './upload-problem.js';

const NO_SPACE = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

export function asUploadProblem(error: unknown): unknown {
  if (error instanceof QuotaExceeded) return quotaProblem(error);
  const code = (error as NodeJS.ErrnoException | undefined)?.code ?? '';
  if (NO_SPACE.has(code)) {
    return new UploadProblem(
      'no-space',
      'There is no space left for this file; free some, then send it again.',
      {
        cause: error,
      },
    );
  }
  if (code === 'ENAMETOOLONG') {
    return tooLongForDisk(error);
  }
  return error;
}

export function tooLongForDisk(cause?: unknown): UploadProblem {
  return new UploadProblem('bad-request', 'The path is too long for the file system; shorten it.', { cause });
}
