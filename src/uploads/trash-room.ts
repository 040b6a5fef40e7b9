/**
 * Room for uploads out of the trash: before one is refused for want of space, what was removed the longest ago goes for
 * good. Only where that is enough: for an upload that is refused all the same, nobody loses anything.
 */

import type { TrashStore } from '../acl/life-ports.js';
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
   */
  async make(bytes: number): Promise<boolean> {
    const { trash, bin, onDropped, onProblem } = this.#deps;
    if ((await trash.trashBytes()) < bytes) return false;
    const gone: string[] = [];
    let freed = 0;
    for (const file of await trash.oldestTrash(DROPPED_MAX)) {
      if (freed >= bytes) break;
      if (bin.isBusy(file.id)) continue;
      gone.push(file.id);
      freed += file.bytes;
    }
    if (gone.length === 0) return false;
    const dropped = gone.length - (await bin.drop(gone, onProblem));
    if (dropped > 0) onDropped(dropped);
    return dropped > 0;
  }
}
