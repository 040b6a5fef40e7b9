/**
 * The names in one folder of the disk, by their bytes, in pages: a folder of millions takes as much memory as one
 * page, for which it is read again. For the comparison of the tree with the store; it opens no file.
 */

import type { Dirent } from 'node:fs';
import { opendir } from 'node:fs/promises';

export type NameKind = 'file' | 'folder' | 'symlink' | 'socket' | 'pipe' | 'device';

export interface FolderName {
  /** The bytes, one character each (Latin-1): a name need not be UTF-8. */
  readonly bytes: string;
  readonly kind: NameKind;
}

/** Some 20 MiB of names. */
const NAMES_MAX = 200_000;
/** Read from the kernel at a time. */
const READ_AT_ONCE = 1_024;

const MARKS: readonly (readonly [NameKind, string])[] = [
  // A folder is sorted with its slash, so that its content comes where whole paths are compared.
  ['folder', '/'],
  ['symlink', '\0l'],
  ['socket', '\0s'],
  ['pipe', '\0p'],
  ['device', '\0d'],
];

/** @throws what the system says where the folder cannot be read, at any page */
export async function* namesByBytes(
  folder: string,
  namesMax = NAMES_MAX,
): AsyncGenerator<readonly FolderName[]> {
  for (let after = ''; ; ) {
    const { keys, cut } = await leastKeys(folder, after, namesMax);
    yield keys.map(nameOf);
    if (!cut) return;
    after = keys.at(-1) ?? '';
  }
}

/** The least of those behind `after`. A name and its kind are one text, since a million objects would be large. */
async function leastKeys(folder: string, after: string, max: number) {
  const keys: string[] = [];
  let ceiling: string | undefined;
  for await (const entry of await opendir(folder, { encoding: 'latin1', bufferSize: READ_AT_ONCE })) {
    const key = keyOf(entry);
    if (key <= after || (ceiling !== undefined && key >= ceiling)) continue;
    keys.push(key);
    if (keys.length >= 2 * max) ceiling = cutTo(keys, max);
  }
  if (keys.length > max) ceiling = cutTo(keys, max);
  else keys.sort();
  return { keys, cut: ceiling !== undefined };
}

/** Leaves the least, sorted. The greatest of those that stay. */
function cutTo(keys: string[], max: number): string | undefined {
  keys.sort(); // by units, which are bytes here
  keys.length = max;
  return keys.at(-1);
}

function keyOf(entry: Dirent): string {
  if (entry.isFile()) return entry.name;
  const kind = entry.isDirectory()
    ? 'folder'
    : entry.isSymbolicLink()
      ? 'symlink'
      : entry.isSocket()
        ? 'socket'
        : entry.isFIFO()
          ? 'pipe'
          : 'device';
  return entry.name + (MARKS.find(([marked]) => marked === kind)?.[1] ?? '');
}

function nameOf(key: string): FolderName {
  const [kind, mark] = MARKS.find(([, text]) => key.endsWith(text)) ?? ['file', ''];
  return { bytes: key.slice(0, key.length - mark.length), kind };
}
