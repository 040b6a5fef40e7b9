/** When files end, and what is in the trash, in memory. */

import type { ExpiryStore, TrashedFile, TrashSelection, TrashStore } from '../../acl/life-ports.js';
import { isIn, moved } from '../../acl/path-range.js';
import type { Written } from '../../acl/ports.js';
import type { ResourcePath } from '../../acl/resource-path.js';
import { inByteOrder } from './byte-order.js';

export interface MemoryLifeDeps {
  readonly write: (value: boolean, touched: readonly string[]) => Written<boolean>;
  /** @throws NotKnown where one of them is being moved */
  readonly refuseMoving: (paths: readonly ResourcePath[]) => void;
}

export class MemoryLife implements ExpiryStore, TrashStore {
  readonly #deps: MemoryLifeDeps;
  readonly #expiries = new Map<ResourcePath, number>();
  readonly #trash = new Map<string, TrashedFile>();

  constructor(deps: MemoryLifeDeps) {
    this.#deps = deps;
  }

  async expiriesOf(paths: readonly ResourcePath[]): Promise<ReadonlyMap<ResourcePath, number>> {
    return new Map([...this.#expiries].filter(([path]) => paths.includes(path)));
  }

  async setExpiry(path: ResourcePath, expiresAt: number | undefined): Promise<Written<boolean>> {
    this.#deps.refuseMoving([path]);
    const changed = this.set(path, expiresAt);
    return this.#deps.write(changed, changed ? [path] : []);
  }

  async expired(now: number, max: number): Promise<readonly ResourcePath[]> {
    return [...this.#expiries]
      .filter(([, expiresAt]) => expiresAt <= now)
      .sort(([a, endOfA], [b, endOfB]) => endOfA - endOfB || inByteOrder(a, b))
      .map(([path]) => path)
      .slice(0, max);
  }

  expiryOf(path: ResourcePath): number | undefined {
    return this.#expiries.get(path);
  }

  /** Whether it changed anything. */
  set(path: ResourcePath, expiresAt: number | undefined): boolean {
    if (this.#expiries.get(path) === expiresAt) return false;
    if (expiresAt === undefined) this.#expiries.delete(path);
    else this.#expiries.set(path, expiresAt);
    return true;
  }

  forget(range: ResourcePath): readonly ResourcePath[] {
    const paths = [...this.#expiries.keys()].filter((path) => isIn(path, range));
    for (const path of paths) this.#expiries.delete(path);
    return paths;
  }

  /** The expiries go with a move. What it touched. */
  follow(from: ResourcePath, to: ResourcePath): readonly ResourcePath[] {
    const gone = this.forget(to);
    const coming = [...this.#expiries].filter(([path]) => isIn(path, from));
    for (const [path, expiresAt] of coming) {
      this.#expiries.delete(path);
      this.#expiries.set(moved(path, from, to), expiresAt);
    }
    return [...gone, ...coming.flatMap(([path]) => [path, moved(path, from, to)])];
  }

  async trashed(id: string): Promise<TrashedFile | undefined> {
    return this.#trash.get(id);
  }

  async trash({ folder, before, max }: TrashSelection): Promise<readonly TrashedFile[]> {
    return [...this.#trash.values()]
      .filter((file) => isIn(file.path, folder) && (before === undefined || byTime(file, before) < 0))
      .sort((a, b) => byTime(b, a))
      .slice(0, max);
  }

  async oldestTrash(max: number): Promise<readonly TrashedFile[]> {
    return [...this.#trash.values()].sort(byTime).slice(0, max);
  }

  async trashBytes(): Promise<number> {
    return [...this.#trash.values()].reduce((sum, { bytes }) => sum + bytes, 0);
  }

  async forgetTrash(ids: readonly string[]): Promise<void> {
    for (const id of ids) this.dropTrashed(id);
  }

  enterTrash(file: TrashedFile): void {
    this.#trash.set(file.id, file);
  }

  dropTrashed(id: string): void {
    this.#trash.delete(id);
  }
}

type Place = Pick<TrashedFile, 'id' | 'removedAt'>;

function byTime(a: Place, b: Place): number {
  return a.removedAt - b.removedAt || inByteOrder(a.id, b.id);
}
