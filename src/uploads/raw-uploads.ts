/**
 * Raw uploads: bytes that nginx has written to a file of its own (`client_body_in_file_only clean`), in one folder
 * among the partials. Takes a file over as a partial, by the name that nginx hands over, and removes what is left
 * there. A name is nginx's word: whoever calls must have it from nginx, never from a visitor.
 *
 * The bytes are taken by a second name (a hard link), and nginx removes its own when the request ends. Renamed, the
 * name would be free: an nginx that was started anew, and counts from 1 again, would give it to another upload, and
 * the old one, on its way out, would then remove that.
 */

import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { link, lstat, mkdir, open, readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { probeLinks } from './link-probe.js';
import type { Partial } from './partial.js';
import { asUploadProblem } from './problem.js';
import { FILE_MODE, type StorageRoot } from './storage-root.js';

export interface RawUpload {
  /** Of nginx's file, in its folder. */
  readonly name: string;
  readonly bytes: number;
}

/** Below the folder of partials: within one mount with it, and where nginx serves nothing. */
export const RAW_FOLDER = 'nginx';
const FOLDER_MODE = 0o700;

/** nginx counts its temporary files with ten digits (ngx_create_temp_file). A probe of ours has a UUID. */
const RAW_NAME = /^[0-9]{10}$/;
const LEFT_NAME = /^(?:[0-9]{10}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

/**
 * nginx may still write what is younger. It writes whenever its buffer of 512 KiB is full, so an upload would have to
 * be slower than 6 bytes a second to be taken for one that was left.
 */
const LEFT_MS = 24 * 60 * 60 * 1000;

/** What a file of nginx's folder is: still written perhaps, left by a killed nginx, or not nginx's at all. */
export function isLeftRaw(name: string, changedMs: number, now: number): 'live' | 'left' | 'unknown' {
  if (!LEFT_NAME.test(name)) return 'unknown';
  return now - changedMs < LEFT_MS ? 'live' : 'left';
}

export class RawUploads {
  readonly #folder: string;
  readonly #root: StorageRoot;

  constructor(partialFolder: string, root: StorageRoot) {
    this.#folder = join(partialFolder, RAW_FOLDER);
    this.#root = root;
  }

  /** Makes the folder, after the root's own. @throws when a file in it cannot be taken over */
  async prepare(): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: FOLDER_MODE });
    await probeLinks(this.#root, this.#folder, 'where nginx writes uploads');
  }

  /**
   * Makes a partial of a file that nginx has written.
   *
   * @throws where it is not what nginx would have handed over: the operator has to mend something. `undefined`: there
   * is no such file, since its request has ended, or nginx writes elsewhere
   */
  async take({ name, bytes }: RawUpload): Promise<Partial | undefined> {
    if (!RAW_NAME.test(name)) throw new Error(`nginx names no upload ${JSON.stringify(name)}`);
    const partial = randomUUID();
    try {
      await link(join(this.#folder, name), this.#root.partialPath(partial));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw asUploadProblem(error);
    }
    try {
      // By the name that nobody else knows: what is looked at is what will be committed.
      await this.#check(this.#root.partialPath(partial), name, bytes);
    } catch (error) {
      await this.#root.tryDropPartials([{ name: partial }]);
      throw asUploadProblem(error);
    }
    return { name: partial, bytes };
  }

  /** Removes what nginx has left, if it was killed. Answers how many. @param now UTC milliseconds */
  async sweep(now: number): Promise<number> {
    let swept = 0;
    for (const name of (await readdir(this.#folder)).filter((found) => LEFT_NAME.test(found))) {
      const file = join(this.#folder, name);
      // Its last change, which nobody can set; nginx may have removed it by now.
      const changedMs = await lstat(file).then(
        (found) => found.ctimeMs,
        () => now,
      );
      if (now - changedMs < LEFT_MS) continue;
      await unlink(file);
      swept += 1;
    }
    return swept;
  }

  async #check(file: string, name: string, bytes: number): Promise<void> {
    // A symlink is refused by the flag, and a pipe must not make us wait.
    const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const found = await handle.stat();
      const wrong = (what: string) =>
        new Error(`${join(this.#folder, name)} is no upload of nginx's: ${what}`);
      if (!found.isFile()) throw wrong('it is no file');
      if (found.uid !== process.geteuid?.()) {
        throw wrong(`it is user ${found.uid}'s; nginx's workers must run as the user of the files service`);
      }
      if (found.nlink !== TAKEN_LINKS) throw wrong('it was taken over before');
      if (found.size !== bytes) throw wrong(`it has ${found.size} bytes, and the request had ${bytes}`);
      await handle.chmod(FILE_MODE); // nginx makes it for itself alone
    } finally {
      await handle.close();
    }
  }
}

/** nginx's name and ours. */
const TAKEN_LINKS = 2;
