/** The limits of uploads under way, from a Config. The working directory is the data folder already. */

import type { Config } from './config.js';
import type { UploadLimits } from './http/upload-limits.js';
import { FreeSpace } from './uploads/free-space.js';
import { WINDOW_MS } from './uploads/upload-watch.js';
import { UploadsUnderWay } from './uploads/uploads-under-way.js';

export function uploadLimitsOf({ partialFolder, uploadLimits }: Config): UploadLimits {
  const { userUploadsMax, freeSpaceBytesMin, speedMin, timeMaxMs } = uploadLimits;
  return {
    underWay: new UploadsUnderWay(),
    userUploadsMax,
    freeSpace: new FreeSpace({ folder: partialFolder, bytesMin: freeSpaceBytesMin }),
    pace: { speedMin, timeMaxMs, windowMs: WINDOW_MS },
  };
}
