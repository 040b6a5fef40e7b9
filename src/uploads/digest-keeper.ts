/**
 * Computes the SHA-256 of files that have become visible, and stores each with the version of the record that it is of.
 * Nobody waits for it: what it is told is put down, and done in rounds, a file at a time, in a thread that gets what
 * others leave. What it was not told, or could not finish, a sweep through the records finds: at the start, and every
 * hour.
 *
 * A digest is stored under the lock of its path, while the file that was read is still held open and still at the path:
 * no file that came in between, whatever its size and second, can get it.
 */

import type { DigestStore, StoredDigest } from '../acl/digest-ports.js';
import type { FileRecord, FileStore } from '../acl/ports.js';
import { type ResourcePath, ROOT } from '../acl/resource-path.js';
import { sha256Of } from './digests.js';
import type { FileDigests } from './file-digests.js';
import { HeldFile } from './held-file.js';
import type { PathLocks } from './path-locks.js';
import type { StorageRoot } from './storage-root.js';

export interface DigestKeeperDeps {
  readonly root: StorageRoot;
  readonly files: FileStore;
  readonly digests: DigestStore;
  /** Its own: nobody else waits behind what it reads. */
  readonly fileDigests: Pick<FileDigests, 'of'>;
  /** Those of the committer. */
  readonly locks: PathLocks;
  /** Is told of each file that cannot be read; the others go on. */
  readonly onProblem: (error: unknown, path?: ResourcePath) => void;
}

interface Computed {
  readonly file: HeldFile;
  readonly digest: StoredDigest;
}

/** Paths that wait; what comes beyond them the next sweep finds. */
const TOLD_MAX = 1_000;
/** One round is one transaction, so that many small uploads do not meet as many of ours. */
const ROUND_FILES_MAX = 32;
const ROUND_BYTES_MAX = 64 * 1024 * 1024;
/** Records that the sweep looks at before others have their turn. */
const SWEPT_AT_ONCE = 200;

export class DigestKeeper {
  readonly #deps: DigestKeeperDeps;
  readonly #told = new Set<ResourcePath>();
  #stored = 0;
  #missed = 0;
  #closed = false;

  constructor(deps: DigestKeeperDeps) {
    this.#deps = deps;
  }

  /** Since the start. */
  get stored(): number {
    return this.#stored;
  }

  get waiting(): number {
    return this.#told.size;
  }

  /** What only a sweep will find: told beyond what may wait, moved while it was read, or not stored by a failure. */
  get missed(): number {
    return this.#missed;
  }

  /** Costs whoever tells nothing. */
  tell(path: ResourcePath): void {
    if (this.#told.size < TOLD_MAX) this.#told.add(path);
    else this.#missed += 1;
  }

  /** What it was told, until nothing waits. */
  async work(): Promise<void> {
    while (this.#told.size > 0 && !this.#closed) {
      const paths = [...this.#told].slice(0, ROUND_FILES_MAX);
      for (const path of paths) this.#told.delete(path);
      await this.#orMissed(async () => {
        const records = await Promise.all(paths.map((path) => this.#deps.files.file(path)));
        await this.#keep(records.filter((record) => record !== undefined));
      });
    }
  }

  /** All records, and between two pages of them what it was told. */
  async sweep(): Promise<void> {
    this.#missed = 0;
    for (let after: ResourcePath | undefined; !this.#closed; ) {
      await this.work();
      const place = after;
      after = await this.#orMissed(async () => {
        const page = await this.#deps.files.records({ folder: ROOT, after: place, max: SWEPT_AT_ONCE });
        await this.#keep(page);
        return page.at(-1)?.path;
      });
      if (after === undefined) return;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Nothing new is begun. Whoever closes the threads ends what is under way. */
  close(): void {
    this.#closed = true;
  }

  async #orMissed<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      this.#missed += 1;
      throw error;
    }
  }

  async #keep(records: readonly FileRecord[]): Promise<void> {
    const known = await this.#deps.digests.digestsOf(records.map(({ path }) => path));
    const rest = records.filter(({ path }) => !known.has(path));
    while (rest.length > 0 && !this.#closed) await this.#round(rest);
  }

  /** Takes from the front of `rest` what one transaction stores. */
  async #round(rest: FileRecord[]): Promise<void> {
    const held: Computed[] = [];
    try {
      for (let bytes = 0; held.length < ROUND_FILES_MAX && bytes < ROUND_BYTES_MAX && !this.#closed; ) {
        const record = rest.shift();
        if (record === undefined) break;
        bytes += record.bytes;
        const one = await this.#compute(record).catch((error) => this.#tellProblem(error, record.path));
        if (one !== undefined) held.push(one);
      }
      await this.#storeAll(held);
    } finally {
      for (const { file } of held) await file.close();
    }
  }

  /** `undefined`: the disk has another version, which somebody is about to record, or has written past Latchkey. */
  async #compute({ path, bytes, updatedAt }: FileRecord): Promise<Computed | undefined> {
    const { root, fileDigests } = this.#deps;
    const file = await HeldFile.open(root, { path, bytes, updatedAt });
    if (file === undefined) return undefined;
    try {
      const sha256 = sha256Of(await fileDigests.of(file.descriptor, ['sha-256']));
      if (sha256 === undefined) throw new Error('the thread that computes digests answered without one');
      return { file, digest: { path, bytes, updatedAt, sha256 } };
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** In one transaction; but nobody is to wait for us while we wait for somebody else. */
  async #storeAll(held: readonly Computed[]): Promise<void> {
    const busy = held.filter(({ digest }) => !this.#deps.locks.isFree(digest.path));
    await this.#store(held.filter((one) => !busy.includes(one)));
    for (const one of busy) await this.#store([one]);
  }

  async #store(held: readonly Computed[]): Promise<void> {
    if (held.length === 0) return;
    const { locks, digests, files } = this.#deps;
    const paths = held.map(({ digest }) => digest.path);
    await locks.run(paths, async () => {
      const inPlace = await Promise.all(held.map(({ file }) => file.isInPlace()));
      const stored = await digests.putDigests(held.filter((_, i) => inPlace[i]).map(({ digest }) => digest));
      this.#stored += stored.length;
      // What was replaced is told again; what is not here any more may have been moved.
      for (const path of paths) if ((await files.file(path)) === undefined) this.#missed += 1;
    });
  }

  #tellProblem(error: unknown, path: ResourcePath): undefined {
    if (!this.#closed) this.#deps.onProblem(error, path);
  }
}
