/** Resumable uploads for the files service, from a Config: what an earlier stop left of them, and what ends them. */

import type { Following } from '../acl/fleet-ports.js';
import type { Store } from '../acl/ports.js';
import type { Config } from '../config.js';
import { ResumableFolder } from '../uploads/resumable-folder.js';
import { recoverResumable } from '../uploads/resumable-recovery.js';
import { ResumableUploads } from '../uploads/resumable-uploads.js';
import type { StorageRoot } from '../uploads/storage-root.js';
import { keepSwept } from '../uploads/sweeping.js';
import { recoverFiles } from './file-parts.js';
import { clock } from './foundations.js';

/** Finishes or gives up what a crash left, of commits too; nothing may change files before that. */
export async function recoverUploads(
  config: Config,
  root: StorageRoot,
  store: Store,
  following: Following | undefined,
) {
  const folder = new ResumableFolder(config.partialFolder, root);
  await folder.prepare();
  const resumable = new ResumableUploads({ ...config.resumable, folder, clock });
  const deps = { folder, uploads: resumable, root, files: store.files };
  return { resumable, recovered: await recoverResumable(deps, () => recoverFiles(root, store, following)) };
}

interface Log {
  info(counts: object, message: string): void;
  error(error: object, message: string): void;
}

/** Answers with what ends it. */
export function keepExpired(resumable: ResumableUploads, log: Log): () => void {
  return keepSwept(resumable, {
    clock,
    onSwept: (uploads) => log.info({ uploads }, 'ended resumable uploads that had expired'),
    onProblem: (err) => log.error({ err }, 'resumable uploads that have expired cannot be removed'),
  });
}
