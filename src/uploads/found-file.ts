/** What is at one path of the disk, itself: a symlink is a symlink. */

import { lstat } from 'node:fs/promises';

export interface FoundFile {
  readonly kind: 'file' | 'folder' | 'other';
  readonly bytes: number;
  /** Whole seconds, which is what nginx's validators know. */
  readonly modifiedSeconds: number;
}

/** `undefined`: there is nothing. @throws what the system says where it cannot be known */
export async function lookAt(diskPath: string): Promise<FoundFile | undefined> {
  try {
    const found = await lstat(diskPath);
    const kind = found.isFile() ? 'file' : found.isDirectory() ? 'folder' : 'other';
    return { kind, bytes: found.size, modifiedSeconds: Math.floor(found.mtimeMs / 1000) };
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

export function isMissing(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ENOTDIR';
}

/** For `catch`: what is not there is `undefined`. @throws every other error */
export function ignoreMissing(error: unknown): undefined {
  if (!isMissing(error)) throw error;
  return undefined;
}
