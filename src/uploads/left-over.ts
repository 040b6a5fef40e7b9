/**
 * What uploads have left: entries of the journal and partials. Only one process may finish or drop them, the files
 * service at its start; `fsck` does so in its place, under its lock, where none runs.
 */

import { lstat } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import type { Awaitable, FileStore } from '../acl/ports.js';
import type { MoveStore } from '../acl/tree-ports.js';
import type { Findings } from './findings.js';
import { isMissing } from './found-file.js';
import type { Stuck as StuckEntry } from './recovery.js';
import type { StorageRoot } from './storage-root.js';

/** In place of a files service, until it is released. */
export interface FilesLock {
  /** As a start of it does. @throws when the store itself fails */
  recover(): Promise<{ readonly stuck: readonly StuckEntry[] }>;
  release(): Awaitable<void>;
}

export interface LeftOverDeps {
  readonly files: FileStore;
  readonly moves: MoveStore;
  readonly root: StorageRoot;
  /** `undefined`: a files service is running. */
  readonly takeLock: () => Awaitable<FilesLock | undefined>;
  /** Whether one is, for whoever only looks. */
  readonly isServed: () => Awaitable<boolean>;
  /** UTC milliseconds. */
  readonly clock: () => number;
}

/** By the name of the partial: what it is of. */
export interface LeftOver {
  readonly entries: ReadonlyMap<string, string>;
  readonly partials: ReadonlySet<string>;
}

/** Longer than any commit takes that is not stuck. */
const COMMIT_MS_MAX = 5_000;
const LOOK_EVERY_MS = 100;
/** An upload of which nothing has come for so long is none any more. */
const SILENT_MS_MAX = 3_600_000;

export async function leftOver({ files, moves, root }: LeftOverDeps): Promise<LeftOver> {
  // Partials first: one whose commit is over by the time that the journal is read is gone when it is looked at again.
  const partials = new Set(await root.partials());
  const { commits, removals } = await files.pending();
  const entries = new Map<string, string>(commits.map(({ partial, file }) => [partial, file.path]));
  for (const { partial, path } of removals) entries.set(partial, path);
  for (const { name, from } of await moves.moves()) entries.set(name, from);
  for (const name of entries.keys()) partials.delete(name);
  return { entries, partials };
}

/** By path or partial: why it could not be mended. */
export type Stuck = ReadonlyMap<string, string>;

/** Finishes and drops as a start of the files service would. Does nothing while one runs. */
export async function mendLeftOver(deps: LeftOverDeps, findings: Findings): Promise<Stuck> {
  const lock = await deps.takeLock();
  if (lock === undefined) return new Map();
  try {
    const before = await leftOver(deps);
    if (before.entries.size + before.partials.size === 0) return new Map();
    const { stuck } = await lock.recover();
    const after = await leftOver(deps);
    for (const [partial, path] of before.entries) {
      if (after.entries.has(partial)) continue; // it is stuck, and is found below with what is left
      findings.add('unfinished', { what: path });
      findings.mended('unfinished');
    }
    for (const partial of before.partials) {
      if (after.partials.has(partial)) continue;
      findings.add('left-partial', { what: partial });
      findings.mended('left-partial');
    }
    return new Map(
      stuck.map(({ what, cause }) => [what, cause instanceof Error ? cause.message : String(cause)]),
    );
  } finally {
    await lock.release();
  }
}

/**
 * Reports what was there before and is there still.
 *
 * @param before what was there when the check began
 * @param stuck what could not be mended
 */
export async function reportLeftOver(
  deps: LeftOverDeps,
  before: LeftOver,
  stuck: Stuck,
  findings: Findings,
): Promise<void> {
  if (before.entries.size + before.partials.size === 0) return;
  const isServed = await deps.isServed();
  const standing = isServed ? await standingEntries(deps, before.entries) : before.entries;
  const now = await leftOver(deps);
  const remedy = isServed ? 'restart the files service' : 'start the files service, or --repair';
  for (const [partial, path] of now.entries) {
    if (standing.has(partial)) findings.add('unfinished', { what: path, detail: stuck.get(path) ?? remedy });
  }
  for (const partial of now.partials) {
    if (!before.partials.has(partial)) continue;
    const silentMs = await silence(deps, partial);
    if (silentMs === undefined || (isServed && silentMs < SILENT_MS_MAX)) continue;
    findings.add('left-partial', { what: partial, detail: stuck.get(partial) ?? remedy });
  }
}

/**
 * Those that are there at every look, for longer than a commit takes. Two looks would not do: each removal of a path
 * has the same name.
 */
async function standingEntries(
  deps: LeftOverDeps,
  entries: LeftOver['entries'],
): Promise<LeftOver['entries']> {
  const deadline = performance.now() + COMMIT_MS_MAX;
  let standing = entries;
  while (standing.size > 0 && performance.now() < deadline) {
    await wait(LOOK_EVERY_MS);
    const now = await leftOver(deps);
    standing = new Map([...standing].filter(([partial]) => now.entries.has(partial)));
  }
  return standing;
}

/** How long nobody has written to it; by the time of change, since that of its content is set. */
async function silence({ root, clock }: LeftOverDeps, partial: string): Promise<number | undefined> {
  try {
    const { ctimeMs } = await lstat(root.partialPath(partial));
    return clock() - ctimeMs;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
