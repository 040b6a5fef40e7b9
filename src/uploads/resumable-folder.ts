/**
 * The folder of resumable uploads, among the partials: of each its bytes (`ID`) and what is known of it (`ID.json`).
 * It knows names and files, never whose an upload is. The files service alone works in it, under its lock.
 */

import { randomUUID } from 'node:crypto';
import { link, lstat, mkdir, open, readdir, readFile, rename, truncate, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { ResourcePath } from '../acl/resource-path.js';
import { ignoreMissing } from './found-file.js';
import { probeLinks } from './link-probe.js';
import { entityTag } from './preconditions.js';
import { asUploadProblem } from './problem.js';
import { isUploadId, type ResumableUpload, uploadFromText, uploadToText } from './resumable-upload.js';
import { FILE_MODE, type StorageRoot, syncFolder } from './storage-root.js';

/** Below the folder of partials: within one mount with it, and where nginx serves nothing. */
export const RESUMABLE_FOLDER = 'tus';
const FOLDER_MODE = 0o700;
const RECORD_MODE = 0o600;
const RECORD = '.json';
/** Of a record that is being written. */
const NEW = '.new';
/** Nothing else in the folder is ever removed. A probe of ours has a UUID. */
const OURS = /^(?:[0-9a-f]{32}(?:\.json(?:\.new)?)?|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

export interface Stray {
  readonly name: string;
  /** UTC milliseconds; nobody can set it. */
  readonly changedMs: number;
  /** The next start removes it, where it has a name of ours. */
  readonly isOurs: boolean;
}

export class ResumableFolder {
  readonly #folder: string;
  readonly #root: StorageRoot;

  constructor(partialFolder: string, root: StorageRoot) {
    this.#folder = join(partialFolder, RESUMABLE_FOLDER);
    this.#root = root;
  }

  /** Makes the folder, after the root's own. @throws when a file in it cannot be made a partial */
  async prepare(): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: FOLDER_MODE });
    await probeLinks(this.#root, this.#folder, 'where resumable uploads lie');
  }

  /** Before bytes of an upload are changed. @throws NotKnown */
  requireHeld(): void {
    this.#root.requireHeld();
  }

  /** As they come, for as long as nobody else may write there. */
  async *whileHeld(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      this.#root.requireHeld();
      yield chunk;
    }
  }

  bytesPath(id: string): string {
    return join(this.#folder, id);
  }

  /** What is known of each, and removes what is of none. */
  async records(): Promise<readonly ResumableUpload[]> {
    const names = (await this.#names()).filter((name) => OURS.test(name));
    const records = await this.#recordsAmong(names);
    const known = namesOf(records);
    for (const name of names) if (!known.has(name)) await this.#remove(name);
    return records;
  }

  /** Names in it that are of no upload, for whoever may not change it. Some may be of one that begins or ends. */
  async strays(): Promise<readonly Stray[]> {
    const names = await this.#names();
    const known = namesOf(await this.#recordsAmong(names.filter((name) => OURS.test(name))));
    const strays: Stray[] = [];
    for (const name of names.filter((found) => !known.has(found))) {
      const found = await lookAt(join(this.#folder, name));
      if (found !== undefined) strays.push({ name, changedMs: found.ctimeMs, isOurs: OURS.test(name) });
    }
    return strays;
  }

  async #names(): Promise<readonly string[]> {
    return (await readdir(this.#folder).catch(ignoreMissing)) ?? [];
  }

  async #recordsAmong(names: readonly string[]): Promise<readonly ResumableUpload[]> {
    const records: ResumableUpload[] = [];
    for (const name of names.filter((found) => found.endsWith(RECORD))) {
      const text = await readFile(join(this.#folder, name), 'utf8').catch(ignoreMissing);
      const record = text === undefined ? undefined : uploadFromText(text);
      if (record !== undefined && name === record.id + RECORD) records.push(record);
    }
    return records;
  }

  /** An empty one. */
  async create(upload: ResumableUpload): Promise<void> {
    try {
      await (await open(this.bytesPath(upload.id), 'wx', FILE_MODE)).close();
      await this.write(upload);
    } catch (error) {
      await this.remove(upload.id).catch(() => undefined);
      throw asUploadProblem(error);
    }
  }

  /** Whole or not at all, a power cut included: what it says of the commit decides what a start makes of the upload. */
  async write(upload: ResumableUpload): Promise<void> {
    const file = join(this.#folder, upload.id + RECORD);
    this.#root.requireHeld();
    try {
      await writeDurably(file + NEW, uploadToText(upload));
      await rename(file + NEW, file);
      await syncFolder(this.#folder);
    } catch (error) {
      throw asUploadProblem(error);
    }
  }

  /** `undefined`: it has no bytes (any more). */
  async size(id: string): Promise<number | undefined> {
    return (await lookAt(this.bytesPath(id)))?.size;
  }

  async truncate(id: string, bytes: number): Promise<void> {
    this.#root.requireHeld();
    await truncate(this.bytesPath(id), bytes);
  }

  /** The bytes by a second name, as a partial. */
  async link(id: string): Promise<string> {
    const partial = randomUUID();
    await link(this.bytesPath(id), this.#root.partialPath(partial)).catch((error) => {
      throw asUploadProblem(error);
    });
    return partial;
  }

  /** What `link` made, for whoever has an error to report already. */
  async unlink(partial: string): Promise<void> {
    await this.#root.tryDropPartials([{ name: partial }]);
  }

  /** The entity tag of the file at the path, where its bytes are these: the very same, not such as they are. */
  async placed({
    id,
    path,
  }: {
    readonly id: string;
    readonly path: ResourcePath;
  }): Promise<string | undefined> {
    const [own, there] = await Promise.all([lookAt(this.bytesPath(id)), lookAt(this.#root.diskPath(path))]);
    if (own === undefined || there === undefined) return undefined;
    if (own.ino !== there.ino || own.dev !== there.dev) return undefined;
    return entityTag({ modifiedSeconds: Math.floor(there.mtimeMs / 1000), bytes: there.size });
  }

  async removeBytes(id: string): Promise<void> {
    await this.#remove(id);
  }

  async remove(id: string): Promise<void> {
    if (!isUploadId(id)) throw new Error(`${JSON.stringify(id)} names no upload`);
    await this.#remove(id);
    await this.#remove(id + RECORD + NEW);
    await this.#remove(id + RECORD);
  }

  async #remove(name: string): Promise<void> {
    this.#root.requireHeld();
    await unlink(join(this.#folder, name)).catch(ignoreMissing);
  }
}

function namesOf(records: readonly ResumableUpload[]): ReadonlySet<string> {
  return new Set(records.flatMap(({ id }) => [id, id + RECORD]));
}

async function writeDurably(file: string, text: string): Promise<void> {
  const handle = await open(file, 'w', RECORD_MODE);
  try {
    await handle.writeFile(text);
    await handle.datasync();
  } finally {
    await handle.close();
  }
}

function lookAt(file: string) {
  return lstat(file).catch(ignoreMissing);
}
