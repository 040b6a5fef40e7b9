/** The signing secret in the data folder: made at the first start, kept, readable by its owner alone. */

import { randomBytes, randomUUID } from 'node:crypto';
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

export const SECRET_FILE = 'secret';
const SECRET_BYTES = 32;
const MODE = 0o600;

/** The text in the file, in the working directory, which is the data folder. */
export function loadOrMakeSecret(): string {
  const found = readSecret();
  if (found !== undefined) return found;
  // Two services may start at once: link fails where the other one was first, and theirs is then taken.
  written(randomBytes(SECRET_BYTES).toString('hex'), (draft) => {
    try {
      linkSync(draft, SECRET_FILE);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  });
  const made = readSecret();
  if (made === undefined) throw new Error(`${SECRET_FILE} was made and cannot be read`);
  return made;
}

/** Puts this text in its place, so that whoever reads sees the old one or the new one, also after a power cut. */
export function replaceSecret(text: string): void {
  written(text, (draft) => renameSync(draft, SECRET_FILE));
  const folder = openSync('.', 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

function written(text: string, use: (draft: string) => void): void {
  const draft = `${SECRET_FILE}.${randomUUID()}`;
  const file = openSync(draft, 'wx', MODE);
  try {
    writeSync(file, text);
    fsyncSync(file);
    use(draft);
  } finally {
    closeSync(file);
    rmSync(draft, { force: true });
  }
}

/** `undefined`: there is none. @throws when it cannot be read, or was cut short */
export function readSecret(): string | undefined {
  try {
    const secret = readFileSync(SECRET_FILE, 'utf8').trim();
    if (Buffer.byteLength(secret) >= SECRET_BYTES) return secret;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  throw new Error(
    `the file 'secret' in the data folder has less than ${SECRET_BYTES} bytes; restore it, or remove it to have a new one made (every access token then ends)`,
  );
}
