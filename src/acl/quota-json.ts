/** A quota as the command line and the HTTP API write it: absent is what has no limit. */

import type { QuotaUse } from './quota.js';

export function quotaJson({ subject, used, bytesMax, filesMax }: QuotaUse) {
  return {
    subject: subject as string,
    ...(bytesMax !== undefined && { bytesMax }),
    ...(filesMax !== undefined && { filesMax }),
    bytesUsed: used.bytes,
    filesUsed: used.files,
  };
}
