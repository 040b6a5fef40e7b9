/**
 * Room for uploads out of the trash: before one is refused for want of space, what was removed the longest ago goes for
 * good. Only where that is enough: for an upload that is refused all the same, nobody loses anything.
 */

import type { TrashedFile, TrashStore } from '../acl/life-ports.js';
import type { Principal } from '../acl/principal.js';
import type { Spare } from './free-space.js';
import type { Trash } from './trash.js';

export interface TrashRoomDeps {
  readonly trash: Pick<TrashStore, 'oldestTrash' | 'trashBytes'>;
  readonly bin: Pick<Trash, 'isBusy' | 'drop'>;
  readonly onDropped: (dropped: number) => void;
  /** Of a file that the disk refuses to remove. */
  readonly onProblem: (error: unknown) => void;
}

/** Between two looks at the disk. */
const DROPPED_MAX = 100;
/** Among which one owner's are looked for: it is done for an upload of which no byte has come. */
const LOOKED_AT_MAX = 1_000;

export class TrashRoom implements Spare {
  readonly #deps: TrashRoomDeps;

  constructor(deps: TrashRoomDeps) {
    this.#deps = deps;
  }

  async bytes(): Promise<number> {
    return this.#deps.trash.trashBytes();
  }

  /**
   * Removes so many bytes, or the oldest so many files. Answers whether anything went: the disk says whether it is
   * enough, and is asked again.
   *
   * @param owner of the files that may go; absent: whoever's
   */
  async make(bytes: number, owner?: Principal): Promise<boolean> {
    const { trash, bin, onDropped, onProblem } = this.#deps;
    if ((await trash.trashBytes()) < bytes) return false;
    let [freed, dropped] = [0, 0];
    let rest = (await this.#oldest(owner)).filter(({ id }) => !bin.isBusy(id));
    // What stays, for the disk refuses it, has freed nothing: those behind it go in its place.
    while (freed < bytes && rest.length > 0) {
      const some = oldestOf(rest, bytes - freed);
      rest = rest.slice(some.length);
      const ids = some.map(({ id }) => id);
      const gone = new Set(await bin.drop(ids, onProblem));
      freed += bytesOf(some.filter(({ id }) => gone.has(id)));
      dropped += gone.size;
    }
    if (dropped > 0) onDropped(dropped);
    return dropped > 0;
  }

  async #oldest(owner: Principal | undefined): Promise<readonly TrashedFile[]> {
    const { trash } = this.#deps;
    if (owner === undefined) return trash.oldestTrash(DROPPED_MAX);
    const oldest = await trash.oldestTrash(LOOKED_AT_MAX);
    return oldest.filter((file) => file.owner === owner).slice(0, DROPPED_MAX);
  }
}

/** As many as have so many bytes, or all. */
function oldestOf(files: readonly TrashedFile[], bytes: number): readonly TrashedFile[] {
  let sum = 0;
  const end = files.findIndex((file) => {
    sum += file.bytes;
    return sum >= bytes;
  });
  return end === -1 ? files : files.slice(0, end + 1);
}

function bytesOf(files: readonly TrashedFile[]): number {
  return files.reduce((sum, file) => sum + file.bytes, 0);
}
