/** The rows of files and the journal of their commits, in memory. */

import { NotKnown } from '../../acl/errors.js';
import { draftOf, type Grant, type GrantDraft } from '../../acl/grant.js';
import { isIn, moved } from '../../acl/path-range.js';
import type {
  CommitEntry,
  FileRecord,
  FileStore,
  Pending,
  PendingRemoval,
  Written,
} from '../../acl/ports.js';
import { type QuotaLimits, UNLIMITED } from '../../acl/quota.js';
import type { RecordChange, RecordSelection } from '../../acl/record-ports.js';
import type { ResourcePath } from '../../acl/resource-path.js';
import { isSameRecord } from '../../acl/same-record.js';
import type { MoveEntry } from '../../acl/tree-ports.js';
import { arrivingGrants } from '../arriving-grants.js';
import { touchedBy } from '../touched.js';
import { inByteOrder } from './byte-order.js';
import type { MemoryDigests } from './memory-digests.js';
import type { MemoryLife } from './memory-life.js';
import type { MemoryLinks } from './memory-links.js';
import type { MemoryQuotas } from './memory-quotas.js';

export interface MemoryFilesDeps {
  /** Numbers a write by its revision and logs what it touched. */
  readonly write: (touched: readonly string[]) => Written<void>;
  readonly putGrant: (grant: GrantDraft) => void;
  readonly dropAllows: (path: ResourcePath) => void;
  readonly grantsOn: (path: ResourcePath) => readonly Grant[];
  readonly links: MemoryLinks;
  readonly life: MemoryLife;
  readonly digests: MemoryDigests;
  /** @throws NotKnown where one of them is being moved */
  readonly refuseMoving: (paths: readonly ResourcePath[]) => void;
  readonly isMoving: (path: ResourcePath) => boolean;
  readonly quotas: () => MemoryQuotas;
}

export class MemoryFiles implements FileStore {
  readonly #deps: MemoryFilesDeps;
  readonly #files = new Map<ResourcePath, FileRecord>();
  /** By the name of the partial. */
  readonly #commits = new Map<string, CommitEntry>();
  readonly #removals = new Map<string, PendingRemoval>();

  constructor(deps: MemoryFilesDeps) {
    this.#deps = deps;
  }

  /** The paths that are committing. */
  hidden(): ReadonlySet<ResourcePath> {
    const entries = [...this.#commits.values()].filter(({ visibility }) => visibility === 'hidden');
    return new Set(entries.map(({ file }) => file.path));
  }

  async file(path: ResourcePath): Promise<FileRecord | undefined> {
    return this.recordOf(path);
  }

  recordOf(path: ResourcePath): FileRecord | undefined {
    return this.#files.get(path);
  }

  async records({ folder, after, max }: RecordSelection): Promise<readonly FileRecord[]> {
    return [...this.#files.values()]
      .filter(({ path }) => path.startsWith(folder) && (after === undefined || inByteOrder(path, after) > 0))
      .sort((a, b) => inByteOrder(a.path, b.path))
      .slice(0, max);
  }

  async reconcile(changes: readonly RecordChange[]): Promise<readonly RecordChange[]> {
    const { commits, removals } = await this.pending();
    const pending = new Set([...commits.map(({ file }) => file.path), ...removals.map(({ path }) => path)]);
    return changes.filter(({ path, from, to }) => {
      if (pending.has(path) || this.#deps.isMoving(path) || !isSameRecord(this.#files.get(path), from))
        return false;
      if (to === undefined) this.#drop(path);
      else this.#write(to);
      return true;
    });
  }

  async beginCommit(
    entries: readonly CommitEntry[],
    userLimits: QuotaLimits = UNLIMITED,
  ): Promise<Written<void>> {
    if (entries.some(({ partial }) => this.#commits.has(partial))) throw new Error('pending already');
    this.#deps.refuseMoving(entries.map(({ file }) => file.path));
    this.#deps.quotas().admit(entries, userLimits);
    this.#deps.links.countFiles(entries.flatMap(({ requested }) => requested ?? []));
    for (const entry of entries) {
      for (const [name, { path }] of this.#removals) {
        if (path === entry.file.path) this.#removals.delete(name);
      }
      this.#commits.set(entry.partial, entry);
      if (entry.visibility === 'at-once') this.#writeRows(entry);
    }
    return this.#deps.write(entries.flatMap(touchedBy));
  }

  async finishCommit(entries: readonly CommitEntry[]): Promise<Written<void>> {
    const hidden = entries.filter(({ visibility }) => visibility === 'hidden');
    for (const entry of hidden) this.#writeRows(entry);
    for (const { partial, trashId } of entries) {
      this.#commits.delete(partial);
      if (trashId !== undefined) this.#deps.life.dropTrashed(trashId);
    }
    return this.#deps.write(hidden.flatMap(touchedBy));
  }

  async abandonCommit(entries: readonly CommitEntry[]): Promise<Written<void>> {
    for (const { partial, file, replaces, visibility, requested } of entries) {
      this.#commits.delete(partial);
      if (requested !== undefined) this.#deps.links.uncountFile(requested);
      if (visibility === 'hidden') continue;
      if (replaces === undefined) this.#drop(file.path);
      else this.#write(replaces);
    }
    return this.#deps.write(entries.map(({ file }) => file.path));
  }

  async beginRemoval(removal: PendingRemoval): Promise<Written<void>> {
    this.#deps.refuseMoving([removal.path]);
    this.#removals.set(removal.partial, removal);
    this.#enterTrash(removal);
    this.#drop(removal.path);
    this.#deps.dropAllows(removal.path);
    return this.#deps.write([removal.path]);
  }

  async finishRemoval({ partial, path }: PendingRemoval): Promise<void> {
    const isEnded = this.#removals.delete(partial) && this.#deps.life.set(path, undefined);
    this.#deps.write(isEnded ? [path] : []);
  }

  async pending(): Promise<Pending> {
    return { commits: [...this.#commits.values()], removals: [...this.#removals.values()] };
  }

  all(): readonly FileRecord[] {
    return [...this.#files.values()];
  }

  isCommitting(partial: string): boolean {
    return this.#commits.has(partial);
  }

  paths(): readonly ResourcePath[] {
    return [...this.#files.keys()];
  }

  /** Makes room in the journal for a move. @throws NotKnown where a commit is under way there */
  giveWay(ranges: readonly ResourcePath[]): void {
    const within = (path: ResourcePath) => ranges.some((range) => isIn(path, range));
    const commit = [...this.#commits.values()].find(({ file }) => within(file.path));
    if (commit !== undefined) throw new NotKnown('committing', `${commit.file.path} is being replaced`);
    for (const [name, { path }] of this.#removals) if (within(path)) this.#removals.delete(name);
  }

  /** The records go with a move. How many. */
  follow({ from, to, file }: MoveEntry): number {
    this.forget(to);
    const records = [...this.#files.values()].filter(({ path }) => isIn(path, from));
    for (const record of records) {
      const path = moved(record.path, from, to);
      this.#files.delete(record.path);
      this.#deps.digests.follow(record.path, path);
      const now = file && { bytes: file.bytes, updatedAt: file.modifiedSeconds * 1000 };
      this.#write({ ...record, path, ...now });
    }
    return records.length;
  }

  forget(range: ResourcePath): number {
    const paths = this.paths().filter((path) => isIn(path, range));
    for (const path of paths) this.#drop(path);
    return paths.length;
  }

  #write(record: FileRecord): void {
    this.#files.set(record.path, record);
    this.#deps.digests.dropOutdated(record.path);
  }

  #drop(path: ResourcePath): void {
    this.#files.delete(path);
    this.#deps.digests.drop(path);
  }

  #enterTrash({ path, trash }: PendingRemoval): void {
    if (trash === undefined) return;
    const owner = this.#files.get(path)?.owner;
    const expiresAt = this.#deps.life.expiryOf(path);
    this.#deps.life.enterTrash({
      ...trash,
      path,
      grants: this.#deps.grantsOn(path).map(draftOf),
      ...(owner !== undefined && { owner }),
      ...(expiresAt !== undefined && { expiresAt }),
    });
  }

  #writeRows(entry: CommitEntry): void {
    const { file, expiresAt, sha256 } = entry;
    this.#files.set(file.path, file);
    this.#deps.digests.set(file, sha256);
    this.#deps.life.set(file.path, expiresAt);
    for (const grant of arrivingGrants(entry, this.#deps.grantsOn(file.path))) this.#deps.putGrant(grant);
  }
}
