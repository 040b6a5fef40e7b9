/**
 * Compares the store and the disk both ways. With `repair` it mends records, never files: of what nobody can tell
 * whether it is wanted, it says that it is there.
 */

import { resolve } from 'node:path';
import { formatInstant, isInstant } from '../acl/instant.js';
import type { TrashStore } from '../acl/life-ports.js';
import type { ShareLinkStore } from '../acl/link-ports.js';
import type { AclStore, FileRecord } from '../acl/ports.js';
import type { RecordChange } from '../acl/record-ports.js';
import { type ResourcePath, ROOT } from '../acl/resource-path.js';
import { reportAside } from './aside.js';
import { reportDeadLinks } from './dead-links.js';
import type { CheckedDigests } from './digest-check.js';
import { type Finding, Findings, type FoundKind } from './findings.js';
import { type LeftOverDeps, leftOver, mendLeftOver, reportLeftOver } from './left-over.js';
import { compare, type Look, lookAgain, recordOf } from './second-look.js';
import type { FoundFile } from './storage-root.js';
import { type Meeting, mergeTree } from './tree-merge.js';
import { grantedPages, recordPages } from './tree-pages.js';
import { type Unservable, walkTree } from './tree-walk.js';

export interface FsckDeps extends LeftOverDeps {
  readonly acl: AclStore;
  readonly links: ShareLinkStore;
  readonly trash: TrashStore;
  /** Absent: the bytes of files are not read. */
  readonly checkDigests?: ((findings: Findings) => Promise<CheckedDigests>) | undefined;
}

export interface FsckWish {
  /** It, and all below it. */
  readonly folder: ResourcePath;
  readonly mode: 'report' | 'repair';
  /** Findings of a kind that are named. */
  readonly namedMax: number;
  readonly onProgress: (files: number) => void;
}

export interface FsckReport {
  readonly files: number;
  readonly records: number;
  /** What did not match at first, and was being changed: it is no finding. */
  readonly moving: number;
  /** Computed and compared; absent: nobody asked for it. */
  readonly digests?: number;
  readonly kinds: readonly FoundKind[];
}

/** @throws when the disk is empty and the store is not: it may not be mounted, and then nothing is known */
export async function fsck(deps: FsckDeps, wish: FsckWish): Promise<FsckReport> {
  await refuseUnmounted(deps);
  const findings = new Findings(wish.namedMax);
  const stuck = wish.mode === 'repair' ? await mendLeftOver(deps, findings) : new Map<string, string>();
  const before = await leftOver(deps);
  const check = new TreeCheck(deps, wish, findings);
  const pages = mergeTree({
    tree: walkTree(deps.root, wish.folder),
    records: recordPages(deps.files, wish.folder),
    granted: grantedPages(deps.acl.allGrants(wish.folder)),
  });
  for await (const page of pages) await check.take(page);
  await reportAside(deps, findings);
  await reportDeadLinks(deps, wish.folder, findings);
  await reportLeftOver(deps, before, stuck, findings);
  const digests = await deps.checkDigests?.(findings);
  if (digests === undefined) return { ...check.counts, kinds: findings.all };
  const moving = check.counts.moving + digests.moving;
  return { ...check.counts, moving, digests: digests.compared, kinds: findings.all };
}

async function refuseUnmounted({ files, root }: FsckDeps): Promise<void> {
  if ((await files.records({ folder: ROOT, max: 1 })).length === 0) return;
  const listing = await root.find(ROOT).then((found) => found && root.list(ROOT, 1));
  if (listing !== undefined && (listing.entries.length > 0 || listing.cut)) return;
  throw new Error(
    `${resolve(root.diskPath(ROOT))} is empty or not there, and the store has files below it: mount its disk, or, if they are really gone, put any file there and run it again; nothing was changed`,
  );
}

class TreeCheck {
  readonly #deps: FsckDeps;
  readonly #wish: FsckWish;
  readonly #findings: Findings;
  readonly counts = { files: 0, records: 0, moving: 0 };

  constructor(deps: FsckDeps, wish: FsckWish, findings: Findings) {
    this.#deps = deps;
    this.#wish = wish;
    this.#findings = findings;
  }

  async take(page: readonly (Meeting | Unservable)[]): Promise<void> {
    const doubtful: ResourcePath[] = [];
    for (const met of page) {
      if (met.kind === 'unservable') this.#findings.add('unservable', { what: met.shown, detail: met.why });
      else if (this.#isDoubtful(met)) doubtful.push(met.path);
    }
    this.#wish.onProgress(this.counts.files);
    const looks = await lookAgain(this.#deps.files, this.#deps.root, doubtful);
    await this.#settle(looks);
  }

  /** Reports what needs no second look. */
  #isDoubtful({ path, entry, record, isGranted }: Meeting): boolean {
    if (entry?.kind === 'file') this.counts.files += 1;
    if (record !== undefined) this.counts.records += 1;
    if (entry?.kind === 'other') this.#findings.add('no-file', { what: path, detail: entry.what });
    if (entry?.kind === 'unreadable') {
      this.#findings.add('unreadable', { what: path, detail: entry.why });
      return false;
    }
    if (isGranted && entry === undefined) this.#findings.add('granted-nothing', { what: path });
    return compare(record, entry) !== 'match';
  }

  async #settle(looks: readonly Look[]): Promise<void> {
    const changes = new Map(
      this.#wish.mode === 'repair' ? looks.flatMap(mendingOf).map((change) => [change.path, change]) : [],
    );
    const made = new Set(
      (changes.size === 0 ? [] : await this.#deps.files.reconcile([...changes.values()])).map(
        ({ path }) => path,
      ),
    );
    for (const { path, outcome, record, found } of looks) {
      if (outcome === 'match' || outcome === 'moving' || (changes.has(path) && !made.has(path))) {
        this.counts.moving += 1;
        continue;
      }
      this.#findings.add(outcome, outcome === 'unreadable' ? { what: path } : findingOf(path, record, found));
      if (made.has(path)) this.#findings.mended(outcome);
    }
  }
}

/** A record without a file goes; one of another file becomes that file's. Who owns it, and its grants, stay. */
function mendingOf({ path, outcome, record, found }: Look): readonly RecordChange[] {
  if (outcome === 'missing') return [{ path, from: record, to: undefined }];
  if (outcome !== 'changed' || record === undefined || found === undefined) return [];
  return [{ path, from: record, to: recordOf(path, record.owner, found) }];
}

function findingOf(
  path: ResourcePath,
  record: FileRecord | undefined,
  found: FoundFile | undefined,
): Finding {
  if (record === undefined) return { what: path };
  const told = `${record.bytes} bytes of ${timeOf(record.updatedAt)}`;
  if (found?.kind !== 'file') return { what: path, detail: `${told}, owner ${record.owner ?? 'nobody'}` };
  const there = `${found.bytes} bytes of ${timeOf(found.modifiedSeconds * 1000)}`;
  return { what: path, detail: `${told} by the store, ${there} on the disk` };
}

/** A disk may tell of times that no calendar knows. */
function timeOf(milliseconds: number): string {
  return isInstant(milliseconds) ? formatInstant(milliseconds) : `second ${milliseconds / 1000}`;
}
