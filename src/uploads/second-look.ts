/**
 * Looks a second time at what did not match when the tree and the store were read one after another: services go on
 * meanwhile, and a commit changes the two one after the other.
 *
 * The order of the look is what makes it exact: record, journal, disk, journal, record. A commit or a removal that
 * was between its steps when the disk was read stands in one of the two journals, or moves the record.
 */

import type { FileRecord, FileStore } from '../acl/ports.js';
import { folderOf, type ResourcePath } from '../acl/resource-path.js';
import { isSameRecord } from '../acl/same-record.js';
import { type FoundFile, lookAt } from './found-file.js';
import type { StorageRoot } from './storage-root.js';

/** What record and disk say against each other: no file, another file, no record. */
export type Mismatch = 'missing' | 'changed' | 'unregistered';

export interface Look {
  readonly path: ResourcePath;
  /** `moving`: somebody is changing it. `unreadable`: the disk did not say. */
  readonly outcome: Mismatch | 'match' | 'moving' | 'unreadable';
  readonly record: FileRecord | undefined;
  readonly found: FoundFile | undefined;
}

/** Paths that the disk is asked about at the same time. */
const LOOKED_AT_ONCE = 64;

export async function lookAgain(
  files: FileStore,
  root: StorageRoot,
  paths: readonly ResourcePath[],
): Promise<readonly Look[]> {
  if (paths.length === 0) return [];
  const before = await Promise.all(paths.map((path) => files.file(path)));
  const moving = new Set(await pendingPaths(files));
  const found = await findAll(root, paths);
  for (const path of await pendingPaths(files)) moving.add(path);
  const after = await Promise.all(paths.map((path) => files.file(path)));
  return paths.map((path, i) => {
    const [record, file] = [after[i], found[i]];
    if (file === 'unreadable') return { path, outcome: file, record, found: undefined };
    const stands = isSameRecord(before[i], record) && !moving.has(path);
    return { path, outcome: stands ? compare(record, file) : 'moving', record, found: file };
  });
}

/** What a record and what was found at its path say of each other. */
export function compare(record: FileRecord | undefined, found: FileFacts | undefined): Mismatch | 'match' {
  const file = found?.kind === 'file' ? found : undefined;
  if (record === undefined) return file === undefined ? 'match' : 'unregistered';
  if (file === undefined) return 'missing';
  const isSame = record.bytes === file.bytes && Math.floor(record.updatedAt / 1000) === file.modifiedSeconds;
  return isSame ? 'match' : 'changed';
}

type FileFacts =
  | { readonly kind: 'file'; readonly bytes: number; readonly modifiedSeconds: number }
  | { readonly kind: string; readonly bytes?: never }
  | FoundFile;

/** The record as the disk has the file. */
export function recordOf(
  path: ResourcePath,
  owner: FileRecord['owner'],
  { bytes, modifiedSeconds }: { readonly bytes: number; readonly modifiedSeconds: number },
): FileRecord {
  return { path, owner, bytes, updatedAt: modifiedSeconds * 1000 };
}

async function pendingPaths(files: FileStore): Promise<readonly ResourcePath[]> {
  const { commits, removals } = await files.pending();
  return [...commits.map(({ file }) => file.path), ...removals.map(({ path }) => path)];
}

/** As `root.find` for each; the folder of many is looked at once for all of them. */
async function findAll(root: StorageRoot, paths: readonly ResourcePath[]) {
  const folders = [...new Set(paths.map(folderOf))];
  const above = new Map(
    await inBatches(folders, async (folder) => {
      const found = await root.find(folder).catch(unreadable);
      return [folder, found] as const;
    }),
  );
  return inBatches(paths, async (path) => {
    const folder = above.get(folderOf(path));
    if (folder === undefined || folder === 'unreadable') return folder;
    return lookAt(root.diskPath(path)).catch(unreadable);
  });
}

const unreadable = (): 'unreadable' => 'unreadable';

async function inBatches<T, U>(items: readonly T[], work: (item: T) => Promise<U>): Promise<readonly U[]> {
  const done: U[] = [];
  for (let i = 0; i < items.length; i += LOOKED_AT_ONCE) {
    done.push(...(await Promise.all(items.slice(i, i + LOOKED_AT_ONCE).map(work))));
  }
  return done;
}
