/**
 * What a start finds of resumable uploads. Each whose commit a crash has cut off is a file, or waits for its sender as
 * before, or is over; none is committed twice, which would bring back a file that was removed since.
 *
 * Two looks, around the recovery of commits: it drops the partials that were not journaled, and after it nobody could
 * tell one of those from one that became a file.
 */

import type { FileStore } from '../acl/ports.js';
import { ResumableFolder } from './resumable-folder.js';
import type { ResumableUpload } from './resumable-upload.js';
import type { ResumableUploads } from './resumable-uploads.js';
import type { StorageRoot } from './storage-root.js';

export interface ResumableRecoveryDeps {
  readonly folder: ResumableFolder;
  readonly uploads: ResumableUploads;
  readonly root: StorageRoot;
  readonly files: FileStore;
}

/** @param recover of commits; nothing may change files before either is done */
export async function recoverResumable<T>(
  deps: ResumableRecoveryDeps,
  recover: () => Promise<T>,
): Promise<T> {
  const found: ResumableUpload[] = [];
  const before = await journaled(deps.files);
  for (const upload of await deps.folder.records()) found.push(await beforeRecovery(deps, upload, before));
  const recovered = await recover();
  const after = await journaled(deps.files);
  for (const upload of found) deps.uploads.restore(upload);
  for (const upload of found) await afterRecovery(deps, upload, after);
  return recovered;
}

/**
 * The first look alone, for whoever recovers commits in place of a files service, under its lock: the partial of an
 * upload that was not journaled is dropped then, and the next start must not take it for a file that has gone.
 */
export async function keepForSender(root: StorageRoot, files: FileStore): Promise<void> {
  const folder = new ResumableFolder(root.partialPath(''), root);
  const pending = await journaled(files);
  for (const upload of await folder.records()) await beforeRecovery({ folder, root }, upload, pending);
}

async function beforeRecovery(
  { folder, root }: Pick<ResumableRecoveryDeps, 'folder' | 'root'>,
  upload: ResumableUpload,
  pending: ReadonlySet<string>,
): Promise<ResumableUpload> {
  const { partial, uncheckedFrom, ...rest } = upload;
  if (uncheckedFrom !== undefined) {
    const size = await folder.size(upload.id);
    if (size !== undefined && size > uncheckedFrom) await folder.truncate(upload.id, uncheckedFrom);
    return (await isWritten(folder, rest)) ? rest : upload;
  }
  if (partial === undefined || pending.has(partial) || !(await root.hasPartial(partial))) return upload;
  // Where it cannot be written, another kill ends the upload: nothing tells then that it never became a file.
  await isWritten(folder, rest);
  return rest;
}

/** A disk that is full is no reason to refuse the start: the files are served from it all the same. */
async function isWritten(folder: ResumableFolder, upload: ResumableUpload): Promise<boolean> {
  try {
    await folder.write(upload);
    return true;
  } catch {
    return false;
  }
}

async function afterRecovery(
  { folder, uploads }: ResumableRecoveryDeps,
  upload: ResumableUpload,
  pending: ReadonlySet<string>,
): Promise<void> {
  if (upload.finished !== undefined) {
    await folder.removeBytes(upload.id);
    return endParts(uploads, upload);
  }
  if ((await folder.size(upload.id)) === undefined) return uploads.end(upload.id);
  const entityTag = await folder.placed(upload);
  if (entityTag !== undefined) {
    await uploads.finish(upload, entityTag);
    await endParts(uploads, upload);
  } else if (upload.partial !== undefined && !pending.has(upload.partial)) {
    await uploads.end(upload.id); // it became a file, and that has gone since
    await endParts(uploads, upload);
  } else if (upload.partial === undefined && upload.concat?.parts !== undefined) {
    await uploads.end(upload.id); // nobody was told where it is; its parts are there
  }
}

/** Their bytes have become those of a file. */
async function endParts(uploads: ResumableUploads, { concat }: ResumableUpload): Promise<void> {
  for (const part of concat?.parts ?? []) await uploads.end(part);
}

async function journaled(files: FileStore): Promise<ReadonlySet<string>> {
  const { commits } = await files.pending();
  return new Set(commits.map(({ partial }) => partial));
}
