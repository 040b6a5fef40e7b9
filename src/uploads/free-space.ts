/**
 * What uploads leave free of the disk, for everything else that writes there: the database, logs, nginx. What can give
 * way, the trash, does so for bytes that have come; for such as somebody only says that they will send, only their own.
 */

import { statfs } from 'node:fs/promises';
import type { Principal } from '../acl/principal.js';
import { UploadProblem } from './problem.js';

/** Of a small disk the setting would be all of it: no more than this part is kept free. */
const KEPT_PART_MAX = 1 / 20;

export interface Disk {
  /** Bytes, of both. */
  readonly free: number;
  readonly all: number;
}

/** What gives way. */
export interface Spare {
  bytes(): Promise<number>;
  /**
   * Makes room of so many bytes; answers whether it has made any, and the disk is asked again.
   *
   * @param owner of what may go; absent: whoever's
   */
  make(bytes: number, owner?: Principal): Promise<boolean>;
}

export interface FreeSpaceDeps {
  /** Where partials are: on the file system of the root. */
  readonly folder: string;
  /** 0: none. */
  readonly bytesMin: number;
  readonly spare?: Spare;
  /** Absent: the file system is asked. */
  readonly look?: (folder: string) => Promise<Disk>;
}

export async function diskOf(folder: string): Promise<Disk> {
  const { bavail, blocks, bsize } = await statfs(folder);
  return { free: bavail * bsize, all: blocks * bsize };
}

export class FreeSpace {
  readonly #deps: FreeSpaceDeps;
  /** Resolves when those that came before have made their room: two must not make it twice. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(deps: FreeSpaceDeps) {
    this.#deps = deps;
  }

  /**
   * What others threw away is weighed, and stays.
   *
   * @param bytes that are said to come
   * @param sender `undefined`: nobody has signed in
   * @throws UploadProblem `no-space`
   */
  async require(bytes: number, sender?: Principal): Promise<void> {
    const { bytesMin, spare } = this.#deps;
    if (bytesMin === 0) return;
    const missing = await this.#missing(bytes);
    if (missing <= 0) return;
    if (missing > ((await spare?.bytes()) ?? 0)) throw noSpace();
    if (sender !== undefined) await this.#inTurn(bytes, sender);
  }

  /** Makes room where there is none. @param bytes that are about to be written; @throws UploadProblem `no-space` */
  async make(bytes: number): Promise<void> {
    if (this.#deps.bytesMin === 0 || (await this.#missing(bytes)) <= 0) return;
    if (!(await this.#inTurn(bytes))) throw noSpace();
  }

  #inTurn(bytes: number, owner?: Principal): Promise<boolean> {
    const room = this.#last.then(() => this.#makeRoom(bytes, owner));
    this.#last = room.catch(() => undefined);
    return room;
  }

  async #makeRoom(bytes: number, owner: Principal | undefined): Promise<boolean> {
    for (;;) {
      const missing = await this.#missing(bytes);
      if (missing <= 0) return true;
      if ((await this.#deps.spare?.make(missing, owner)) !== true) return false;
    }
  }

  async #missing(bytes: number): Promise<number> {
    const { folder, bytesMin, look = diskOf } = this.#deps;
    const { free, all } = await look(folder);
    return bytes + Math.min(bytesMin, all * KEPT_PART_MAX) - free;
  }
}

function noSpace(): UploadProblem {
  return new UploadProblem(
    'no-space',
    'There is no space left for this file; free some, or ask the operator to.',
  );
}
