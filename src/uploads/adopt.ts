/**
 * Registers the files that are below a folder of the root and have no record: no byte is copied or moved. Whatever
 * stops it, the next one goes on: what has a record is passed over.
 */

import { resolve } from 'node:path';
import type { FileStore } from '../acl/ports.js';
import type { Principal } from '../acl/principal.js';
import type { RecordChange } from '../acl/record-ports.js';
import type { ResourcePath } from '../acl/resource-path.js';
import { Findings, type FoundKind } from './findings.js';
import { lookAt } from './found-file.js';
import { recordOf } from './second-look.js';
import type { StorageRoot } from './storage-root.js';
import { type Meeting, mergeTree } from './tree-merge.js';
import { recordPages } from './tree-pages.js';
import { type TreeFile, type Unservable, walkTree } from './tree-walk.js';

export interface AdoptDeps {
  readonly files: FileStore;
  readonly root: StorageRoot;
}

export interface AdoptWish {
  /** It, and all below it. */
  readonly folder: ResourcePath;
  readonly mode: 'write' | 'dry-run';
  readonly ownerOf: (path: ResourcePath) => Principal | undefined;
  /** Findings of a kind that are named. */
  readonly namedMax: number;
  readonly onProgress: (files: number) => void;
}

export interface AdoptReport {
  readonly files: number;
  /** Records that were made, or with a dry run would be. */
  readonly adopted: number;
  readonly owned: number;
  /** Files that had a record before. */
  readonly known: number;
  /** Files that a service is writing or removing right now: it makes their record itself. */
  readonly moving: number;
  readonly kinds: readonly FoundKind[];
}

/** @throws when there is no such folder: a root that is misspelt or not mounted has no files to pass over */
export async function adopt(deps: AdoptDeps, wish: AdoptWish): Promise<AdoptReport> {
  if ((await deps.root.find(wish.folder)) === undefined) {
    throw new Error(
      `there is no folder ${resolve(deps.root.diskPath(wish.folder))}: see LATCHKEY_ROOT and LATCHKEY_MOUNT, or mount its disk`,
    );
  }
  const adoption = new Adoption(deps, wish);
  const pages = mergeTree({
    tree: walkTree(deps.root, wish.folder),
    records: recordPages(deps.files, wish.folder),
    granted: none(),
  });
  for await (const page of pages) await adoption.take(page);
  return adoption.report;
}

async function* none() {}

class Adoption {
  readonly #deps: AdoptDeps;
  readonly #wish: AdoptWish;
  readonly #findings: Findings;
  readonly #counts = { files: 0, adopted: 0, owned: 0, known: 0, moving: 0 };

  constructor(deps: AdoptDeps, wish: AdoptWish) {
    this.#deps = deps;
    this.#wish = wish;
    this.#findings = new Findings(wish.namedMax);
  }

  get report(): AdoptReport {
    return { ...this.#counts, kinds: this.#findings.all };
  }

  /** One page is one short transaction: others write between two of them. */
  async take(page: readonly (Meeting | Unservable)[]): Promise<void> {
    const files = page.map((met) => this.#newFile(met)).filter((file) => file !== undefined);
    const changes = files.map((file) => ({
      path: file.path,
      from: undefined,
      to: recordOf(file.path, this.#wish.ownerOf(file.path), file),
    }));
    const made = this.#wish.mode === 'dry-run' ? changes : await this.#register(changes);
    this.#counts.adopted += made.length;
    this.#counts.owned += made.filter(({ to }) => to?.owner !== undefined).length;
    this.#counts.moving += changes.length - made.length;
    this.#wish.onProgress(this.#counts.files);
  }

  #newFile(met: Meeting | Unservable): TreeFile | undefined {
    if (met.kind === 'unservable') {
      this.#findings.add('unservable', { what: met.shown, detail: met.why });
      return undefined;
    }
    const { path, entry, record } = met;
    if (entry?.kind === 'other') this.#findings.add('no-file', { what: path, detail: entry.what });
    if (entry?.kind === 'unreadable') this.#findings.add('unreadable', { what: path, detail: entry.why });
    if (entry?.kind !== 'file') return undefined;
    this.#counts.files += 1;
    if (record === undefined) return entry;
    this.#counts.known += 1;
    return undefined;
  }

  /**
   * What was removed after it was seen has left no trace in the store, so the disk is asked again behind the record:
   * a removal that comes later finds the record and takes it.
   */
  async #register(changes: readonly RecordChange[]): Promise<readonly RecordChange[]> {
    if (changes.length === 0) return changes;
    const { files, root } = this.#deps;
    const made = await files.reconcile(changes);
    const gone = await Promise.all(made.map(({ path }) => isGone(root, path)));
    const back = made.filter((_, i) => gone[i]).map(({ path, to }) => ({ path, from: to, to: undefined }));
    if (back.length > 0) await files.reconcile(back);
    return made.filter((_, i) => !gone[i]);
  }
}

/** Not where the disk cannot tell: then it is left to the next check. */
async function isGone(root: StorageRoot, path: ResourcePath): Promise<boolean> {
  return lookAt(root.diskPath(path)).then(
    (found) => found === undefined,
    () => false,
  );
}
