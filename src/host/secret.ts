/**
 * The files of secrets in the data folder, which is the working directory: each made when it is first needed, kept,
 * readable by its owner alone.
 */

import { randomUUID } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';

/** What signs access tokens, and what signs links. */
export type SecretFile = 'secret' | 'link-secret';
const SECRET_BYTES_MIN = 32;
const MODE = 0o600;

/** The text in the file. @param fresh what it holds from now on where there is none */
export function loadOrMakeSecret(file: SecretFile, fresh: () => string): string {
  const found = readSecret(file);
  if (found !== undefined) return found;
  // Two services may start at once: link fails where the other one was first, and theirs is then taken.
  written(file, fresh(), (draft) => {
    try {
      linkSync(draft, file);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  });
  const made = readSecret(file);
  if (made === undefined) throw new Error(`${file} was made and cannot be read`);
  return made;
}

/** Puts this text in its place, so that whoever reads sees the old one or the new one, also after a power cut. */
export function replaceSecret(file: SecretFile, text: string): void {
  written(file, text, (draft) => renameSync(draft, file));
  const folder = openSync('.', 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

function written(file: SecretFile, text: string, use: (draft: string) => void): void {
  const draft = `${file}.${randomUUID()}`;
  const open = openSync(draft, 'wx', MODE);
  try {
    writeSync(open, text);
    fsyncSync(open);
    use(draft);
  } finally {
    closeSync(open);
    rmSync(draft, { force: true });
  }
}

/** `undefined`: there is none. @throws when it cannot be read, or was cut short */
export function readSecret(file: SecretFile): string | undefined {
  try {
    const secret = readFileSync(file, 'utf8').trim();
    if (Buffer.byteLength(secret) >= SECRET_BYTES_MIN) return secret;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  throw new Error(
    `the file '${file}' in the data folder has less than ${SECRET_BYTES_MIN} bytes; restore it, or remove it to have a new one made (all that it has signed then ends)`,
  );
}
