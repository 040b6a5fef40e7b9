/** What the routes of resumable uploads are given. */

import type { ResumableUploads } from '../../uploads/resumable-uploads.js';
import type { WriteDeps } from '../write-request.js';
import type { UploadLocks } from './upload-locks.js';

export interface TusDeps extends Pick<WriteDeps, 'gate' | 'root' | 'committer' | 'mount' | 'uploadBytesMax'> {
  readonly resumable: ResumableUploads;
  readonly locks: UploadLocks;
}
