/** The limits of uploads under way, and of the trash, from a Config. The working directory is the data folder already. */

import type { Config } from '../config.js';
import type { UploadLimits } from '../http/upload-limits.js';
import { diskOf, FreeSpace } from '../uploads/free-space.js';
import { TrashRoom, type TrashRoomDeps } from '../uploads/trash-room.js';
import { WINDOW_MS } from '../uploads/upload-watch.js';
import { UploadsUnderWay } from '../uploads/uploads-under-way.js';

export function uploadLimitsOf(
  { partialFolder, uploadLimits }: Config,
  trashed: TrashRoomDeps,
): UploadLimits {
  const { userUploadsMax, freeSpaceBytesMin, speedMin, timeMaxMs } = uploadLimits;
  return {
    underWay: new UploadsUnderWay(),
    userUploadsMax,
    freeSpace: new FreeSpace({
      folder: partialFolder,
      bytesMin: freeSpaceBytesMin,
      spare: new TrashRoom(trashed),
    }),
    pace: { speedMin, timeMaxMs, windowMs: WINDOW_MS },
  };
}

/** Of the disk, where nothing else is set. */
const TRASH_PART = 1 / 10;

/** Bytes that may be in the trash; a disk may grow while the service runs. */
export function trashBytesMaxOf({ partialFolder, trashBytesMax }: Config): () => Promise<number> {
  return async () => trashBytesMax ?? (await diskOf(partialFolder)).all * TRASH_PART;
}
