/** The journal of moves, and what is asked of a path and all below it, in memory. */

import { NotKnown } from '../../acl/errors.js';
import type { Grant } from '../../acl/grant.js';
import { isIn, moved, overlap } from '../../acl/path-range.js';
import type { Written } from '../../acl/ports.js';
import type { ResourcePath } from '../../acl/resource-path.js';
import type {
  GrantsBelow,
  MoveCounts,
  MoveEntry,
  MoveStore,
  TreeSize,
  TreeStore,
} from '../../acl/tree-ports.js';
import type { MemoryFiles } from './memory-files.js';
import type { MemoryLife } from './memory-life.js';
import type { MemoryLinks } from './memory-links.js';
import type { MemoryQuotas } from './memory-quotas.js';

export interface MemoryTreeDeps {
  readonly write: <T>(value: T, touched: readonly string[]) => Written<T>;
  readonly grants: () => readonly Grant[];
  /** Takes the first away and puts the second, as it is. */
  readonly exchange: (old: Grant, next: Grant | undefined) => void;
  readonly files: () => MemoryFiles;
  readonly links: MemoryLinks;
  readonly quotas: () => MemoryQuotas;
  readonly life: MemoryLife;
}

export class MemoryTree implements MoveStore, TreeStore {
  readonly #deps: MemoryTreeDeps;
  readonly #moves = new Map<string, MoveEntry>();

  constructor(deps: MemoryTreeDeps) {
    this.#deps = deps;
  }

  async beginMove(entry: MoveEntry): Promise<Written<void>> {
    const { from, to } = entry;
    this.refuseMoving([from, to]);
    this.#deps.quotas().admitMove(entry);
    this.#deps.files().giveWay([from, to]);
    this.#moves.set(entry.name, entry);
    return this.#deps.write(undefined, [from, to]);
  }

  async finishMove(entry: MoveEntry): Promise<Written<MoveCounts>> {
    const { from, to } = entry;
    const none = { files: 0, grants: 0, dropped: 0, links: 0 };
    if (!this.#moves.delete(entry.name)) return this.#deps.write(none, []);
    const gone = this.#in(entry.grants === 'keep' ? to : from).filter(({ effect }) => effect === 'allow');
    for (const grant of gone) this.#deps.exchange(grant, undefined);
    const coming = entry.grants === 'keep' ? this.#in(from) : [];
    const arrived = coming.filter((grant) => this.#arrive(grant, entry));
    const links = this.#deps.links.follow(from, to);
    const expiries = this.#deps.life.follow(from, to);
    const counts = {
      files: this.#deps.files().follow(entry),
      grants: arrived.length,
      dropped: gone.length,
      links: links.length,
    };
    const target = gone.filter(({ path }) => isIn(path, to));
    const touched = [
      ...[from, to, ...gone.map(({ path }) => path), ...target.map(({ path }) => moved(path, to, from))],
      ...coming.flatMap(({ path }) => [path, moved(path, from, to)]),
      ...expiries,
      ...links.map((id) => `link:${id}`),
    ];
    return this.#deps.write(counts, touched);
  }

  async abandonMove({ name, from, to }: MoveEntry): Promise<Written<void>> {
    return this.#deps.write(undefined, this.#moves.delete(name) ? [from, to] : []);
  }

  async moves(): Promise<readonly MoveEntry[]> {
    return [...this.#moves.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  async size(range: ResourcePath): Promise<TreeSize> {
    const paths = [
      ...this.#deps.files().paths(),
      ...this.#deps.grants().map(({ path }) => path),
      ...this.#deps.links.paths(),
    ].filter((path) => isIn(path, range));
    return { rows: paths.length, pathBytesMax: Math.max(0, ...paths.map((path) => Buffer.byteLength(path))) };
  }

  async grantedPaths(
    range: ResourcePath,
    max: number,
    after?: ResourcePath,
  ): Promise<readonly ResourcePath[]> {
    const order = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));
    const paths = [...new Set(this.#in(range).map(({ path }) => path))].sort(order);
    return paths.filter((path) => after === undefined || order(path, after) > 0).slice(0, max);
  }

  async grantsBelow({ folder, principals, max }: GrantsBelow): Promise<readonly Grant[]> {
    const below = this.#in(folder).filter(({ path }) => path !== folder);
    return below.filter(({ principal }) => principals.includes(principal)).slice(0, max);
  }

  async committingBelow(folder: ResourcePath): Promise<readonly ResourcePath[]> {
    const paths = new Set([...this.#deps.files().hidden(), ...this.moving()]);
    return [...paths].filter((path) => overlap(path, folder));
  }

  async forgetFolder(folder: ResourcePath): Promise<Written<number>> {
    this.refuseMoving([folder]);
    const gone = this.#in(folder).filter(({ effect }) => effect === 'allow');
    for (const grant of gone) this.#deps.exchange(grant, undefined);
    const files = this.#deps.files().forget(folder);
    const expiries = this.#deps.life.forget(folder);
    const touched = [...gone.map(({ path }) => path), ...expiries];
    return this.#deps.write(files + gone.length, touched);
  }

  isPending(name: string): boolean {
    return this.#moves.has(name);
  }

  /** The sources and targets of the moves under way. */
  moving(): ReadonlySet<ResourcePath> {
    return new Set([...this.#moves.values()].flatMap(({ from, to }) => [from, to]));
  }

  isMoving(path: ResourcePath): boolean {
    return [...this.moving()].some((busy) => overlap(path, busy));
  }

  /** @throws NotKnown where a move has to do with one of them */
  refuseMoving(paths: readonly ResourcePath[]): void {
    const path = paths.find((one) => this.isMoving(one));
    if (path !== undefined) throw new NotKnown('committing', `${path} is being moved`);
  }

  /** False: a deny of the same principal and action stands there, and now covers the time of both. */
  #arrive(grant: Grant, { from, to }: MoveEntry): boolean {
    const path = moved(grant.path, from, to);
    const same = (other: Grant) => other.principal === grant.principal && other.action === grant.action;
    const standing = this.#deps.grants().find((other) => other.path === path && same(other));
    this.#deps.exchange(grant, standing === undefined ? { ...grant, path } : undefined);
    if (standing === undefined) return true;
    if (grant.effect === 'deny') this.#deps.exchange(standing, bothWindows(standing, grant));
    return false;
  }

  #in(range: ResourcePath): readonly Grant[] {
    return this.#deps.grants().filter(({ path }) => isIn(path, range));
  }
}

function bothWindows(a: Grant, b: Grant): Grant {
  const open = Number.POSITIVE_INFINITY;
  const from = Math.min(a.notBefore ?? -open, b.notBefore ?? -open);
  const until = Math.max(a.expiresAt ?? open, b.expiresAt ?? open);
  return {
    ...a,
    notBefore: from === -open ? undefined : from,
    expiresAt: until === open ? undefined : until,
  };
}
