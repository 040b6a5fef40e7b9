/**
 * Uploads that come in several requests: begun, carried on, handed to the committer, and ended by their sender or by
 * time. One process has them all in memory (the holder of the files' lock), with the disk behind it.
 *
 * Whoever calls has asked whose an upload is and whether they may, and holds its lock (`upload-locks.ts`). An id is
 * never told to anybody but its sender.
 */

import type { Principal } from '../acl/principal.js';
import { append, type Checksum } from './append.js';
import { pauseMs } from './commit-pause.js';
import { joined } from './joined.js';
import type { Partial } from './partial.js';
import { UploadProblem } from './problem.js';
import type { ResumableFolder } from './resumable-folder.js';
import type { NewResumableUpload, ResumableUpload } from './resumable-upload.js';

export interface ResumableUploadsDeps {
  readonly folder: ResumableFolder;
  /** Unfinished ones. */
  readonly openMax: number;
  /** Of them, those of one owner; of nobody's, all together. */
  readonly ownerMax: number;
  /** From when it was begun. */
  readonly lifetimeMs: number;
  /** UTC milliseconds. */
  readonly clock: () => number;
}

/** A sender that did not hear that it was done asks again; this long we know. */
const FINISHED_KEPT_MS = 24 * 60 * 60 * 1000;
/** Some hundred bytes of memory each, and a small file. */
const FINISHED_MAX = 10_000;

export class ResumableUploads {
  readonly #deps: ResumableUploadsDeps;
  readonly #open = new Map<string, ResumableUpload>();
  readonly #finished = new Map<string, ResumableUpload>();

  constructor(deps: ResumableUploadsDeps) {
    this.#deps = deps;
  }

  /** From the disk, at a start. */
  restore(upload: ResumableUpload): void {
    (upload.finished === undefined ? this.#open : this.#finished).set(upload.id, upload);
  }

  find(id: string): ResumableUpload | undefined {
    const upload = this.#open.get(id) ?? this.#finished.get(id);
    return upload === undefined || this.#hasExpired(upload, this.#deps.clock()) ? undefined : upload;
  }

  /** The unfinished ones of one owner, with their lengths; `undefined`: of nobody. For whoever counts them. */
  ofOwner(owner: Principal | undefined): readonly ResumableUpload[] {
    const now = this.#deps.clock();
    return [...this.#open.values()].filter(
      (upload) => upload.owner === owner && !this.#hasExpired(upload, now),
    );
  }

  get lifetimeMs(): number {
    return this.#deps.lifetimeMs;
  }

  /** Bytes that are there, and have the checksum that came with them. */
  async offset(upload: ResumableUpload): Promise<number> {
    const offset = await this.#offset(upload);
    if (offset !== undefined) return offset;
    throw new Error(`somebody has removed the bytes of an upload of ${upload.path}`);
  }

  /** Its bytes are gone, and what is known of it goes in a moment: whoever has not its lock may see that. */
  async isEnding(upload: ResumableUpload): Promise<boolean> {
    return (await this.#offset(upload)) === undefined;
  }

  async isWhole(upload: ResumableUpload): Promise<boolean> {
    return upload.length !== undefined && (await this.#offset(upload)) === upload.length;
  }

  /** @throws UploadProblem `too-many`, `too-busy`, `no-space` */
  async begin(begun: NewResumableUpload): Promise<ResumableUpload> {
    // One that is put together takes the place of its parts: whoever has sent as many as they may must not be stuck.
    if (begun.concat?.parts === undefined) this.#requirePlace(begun.owner);
    const upload = { ...begun, createdAt: this.#deps.clock() };
    this.#open.set(upload.id, upload); // before the first wait: the limit holds for those that begin together
    try {
      await this.#deps.folder.create(upload);
    } catch (error) {
      this.#open.delete(upload.id);
      throw error;
    }
    return upload;
  }

  #requirePlace(owner: Principal | undefined): void {
    const { openMax, ownerMax } = this.#deps;
    if (this.ofOwner(owner).length >= ownerMax) {
      throw new UploadProblem(
        'too-many',
        `${ownerMax} resumable uploads of yours are unfinished, which is the limit; finish or delete one, or wait until they expire.`,
      );
    }
    if (this.#open.size >= openMax) {
      throw new UploadProblem(
        'too-busy',
        'Too many uploads are unfinished; finish or delete one, or try later.',
      );
    }
  }

  async setLength(id: string, length: number): Promise<void> {
    await this.#change(id, { length });
  }

  /** Answers the new offset. @throws UploadProblem `digest-mismatch`, `no-space`; and what the source does */
  async append(
    id: string,
    offset: number,
    chunks: AsyncIterable<Uint8Array>,
    checksum: Checksum | undefined,
  ): Promise<number> {
    const { folder } = this.#deps;
    const appended = {
      file: folder.bytesPath(id),
      offset,
      source: folder.whileHeld(chunks),
      checksum,
      requireHeld: () => folder.requireHeld(),
    };
    await this.#dropUnchecked(id);
    if (checksum === undefined) return append(appended);
    // A kill in the middle must not leave bytes that nobody has compared.
    await this.#change(id, { uncheckedFrom: offset });
    const end = await append(appended).catch(async (error: unknown) => {
      // What does not match was taken off; where the disk refused that, the next request or start does it.
      if ((await folder.size(id)) === offset) await this.#change(id, { uncheckedFrom: undefined });
      throw error;
    });
    await this.#change(id, { uncheckedFrom: undefined });
    return end;
  }

  /** Its bytes are those of the parts, in this order. Their locks are held, too. @throws UploadProblem, as `append` does */
  async join(id: string, parts: readonly string[], checksum: Checksum | undefined): Promise<void> {
    const files = parts.map((part) => this.#deps.folder.bytesPath(part));
    await this.append(id, 0, joined(files), checksum);
  }

  /** All of its bytes, for the committer. @throws UploadProblem */
  async handOver(upload: ResumableUpload): Promise<Partial> {
    const { folder } = this.#deps;
    const bytes = await this.offset(upload);
    const name = await folder.link(upload.id);
    try {
      await this.#change(upload.id, { partial: name });
    } catch (error) {
      await folder.unlink(name); // else it would keep the room of an upload that was given up
      throw error;
    }
    return { name, bytes };
  }

  /** The committer has failed, and dropped what it was given. */
  async takeBack(id: string): Promise<void> {
    const count = (this.#open.get(id)?.failed?.count ?? 0) + 1;
    await this.#change(id, { partial: undefined, failed: { count, at: this.#deps.clock() } });
  }

  /** Until it may be handed over again; 0: now. */
  pauseMs({ failed }: ResumableUpload): number {
    return pauseMs(failed, this.#deps.clock());
  }

  /** The entity tag of the file, where it is at its path already. */
  async placed(upload: ResumableUpload): Promise<string | undefined> {
    return this.#deps.folder.placed(upload);
  }

  /**
   * It is a file now. What is known of it stays, for a sender that did not hear so. What the disk refuses here is the
   * next start's: the file is there.
   */
  async finish(upload: ResumableUpload, entityTag: string): Promise<ResumableUpload> {
    const { partial: _, failed: __, ...rest } = upload;
    const finished = { ...rest, finished: { at: this.#deps.clock(), entityTag } };
    this.#open.delete(upload.id);
    this.#finished.set(upload.id, finished);
    await this.#deps.folder.write(finished).catch(() => undefined);
    await this.#deps.folder.removeBytes(upload.id).catch(() => undefined);
    const [oldest] = this.#finished.keys();
    if (this.#finished.size > FINISHED_MAX && oldest !== undefined) await this.end(oldest);
    return finished;
  }

  async end(id: string): Promise<void> {
    await this.#deps.folder.remove(id);
    this.#open.delete(id);
    this.#finished.delete(id);
  }

  /** Ends what has expired. Answers how many unfinished ones. @param now UTC milliseconds @throws what kept one */
  async sweep(now: number): Promise<number> {
    let swept = 0;
    const kept: unknown[] = [];
    for (const upload of [...this.#open.values(), ...this.#finished.values()]) {
      // One that the committer has is a file in a moment, or the next start's.
      if (!this.#hasExpired(upload, now) || upload.partial !== undefined) continue;
      try {
        await this.end(upload.id);
        if (upload.finished === undefined) swept += 1;
      } catch (error) {
        kept.push(error);
      }
    }
    if (kept.length > 0) throw kept[0];
    return swept;
  }

  async #offset({ id, length, uncheckedFrom, finished }: ResumableUpload): Promise<number | undefined> {
    if (finished !== undefined) return length ?? 0;
    return uncheckedFrom ?? this.#deps.folder.size(id);
  }

  /** What the disk would not let be taken off, or be noted as compared. */
  async #dropUnchecked(id: string): Promise<void> {
    const from = this.#open.get(id)?.uncheckedFrom;
    if (from === undefined) return;
    await this.#deps.folder.truncate(id, from);
    await this.#change(id, { uncheckedFrom: undefined });
  }

  #hasExpired(upload: ResumableUpload, now: number): boolean {
    const { finished } = upload;
    return (
      now >= (finished === undefined ? upload.createdAt + this.lifetimeMs : finished.at + FINISHED_KEPT_MS)
    );
  }

  async #change(
    id: string,
    change: { readonly [K in keyof ResumableUpload]?: ResumableUpload[K] | undefined },
  ) {
    const before = this.#open.get(id);
    if (before === undefined)
      throw new UploadProblem('not-found', 'There is no such upload; begin it again.');
    const after = { ...before, ...change } as ResumableUpload;
    await this.#deps.folder.write(after);
    // It may have ended while that was written.
    if (this.#open.has(id)) this.#open.set(id, after);
    else await this.#deps.folder.remove(id);
  }
}
