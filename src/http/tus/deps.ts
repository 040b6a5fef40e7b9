/** What the routes of resumable uploads are given. */

import type { ResumableUploads } from '../../uploads/resumable-uploads.js';
import type { WriteDeps } from '../write-request.js';
import type { UploadLocks } from './upload-locks.js';

type Written =
  | 'gate'
  | 'root'
  | 'committer'
  | 'mount'
  | 'clock'
  | 'uploadBytesMax'
  | 'quotas'
  | 'userLimits'
  | 'uploadLimits';

export interface TusDeps extends Pick<WriteDeps, Written> {
  readonly resumable: ResumableUploads;
  readonly locks: UploadLocks;
}

/** To make a file of one whose bytes have all come. */
export type CommitDeps = Omit<TusDeps, 'quotas' | 'userLimits' | 'uploadLimits'>;
