/**
 * What lies in the folders beside the partials: raw uploads that nginx has left, what is of no resumable upload, and the
 * trash. What an operator puts
 * among the partials themselves is none of ours. Changes nothing.
 */

import { lstat, readdir } from 'node:fs/promises';
import type { TrashStore } from '../acl/life-ports.js';
import { ROOT } from '../acl/resource-path.js';
import type { Findings } from './findings.js';
import { ignoreMissing } from './found-file.js';
import { isLeftRaw, RAW_FOLDER } from './raw-uploads.js';
import { RESUMABLE_FOLDER, ResumableFolder } from './resumable-folder.js';
import type { StorageRoot } from './storage-root.js';
import { TrashFolder } from './trash-folder.js';

export interface AsideDeps {
  readonly root: StorageRoot;
  readonly trash: TrashStore;
  /** UTC milliseconds. */
  readonly clock: () => number;
}

const PAGE = 1_000;
/** Longer than an upload takes to begin or to end. */
const STRAY_MS = 60 * 60 * 1000;

export async function reportAside(deps: AsideDeps, findings: Findings): Promise<void> {
  await reportRaw(deps, findings);
  await reportResumable(deps, findings);
  await reportTrash(deps, findings);
}

async function reportRaw({ root, clock }: AsideDeps, findings: Findings): Promise<void> {
  const now = clock();
  for (const name of await namesIn(root.partialPath(RAW_FOLDER))) {
    const what = `${RAW_FOLDER}/${printable(name)}`;
    const found = await lstat(root.partialPath(`${RAW_FOLDER}/${name}`)).catch(ignoreMissing);
    if (found === undefined) continue;
    const state = isLeftRaw(name, found.ctimeMs, now);
    if (state === 'unknown') findings.add('left-raw', { what, detail: 'nginx gives no such name' });
    if (state === 'left') findings.add('left-raw', { what, detail: `${found.size} bytes of an upload` });
  }
}

async function reportResumable({ root, clock }: AsideDeps, findings: Findings): Promise<void> {
  const now = clock();
  for (const { name, changedMs, isOurs } of await new ResumableFolder(root.partialPath(''), root).strays()) {
    const what = `${RESUMABLE_FOLDER}/${printable(name)}`;
    if (!isOurs) findings.add('left-resumable', { what, detail: 'no upload has such a name' });
    else if (now - changedMs >= STRAY_MS) findings.add('left-resumable', { what });
  }
}

/**
 * A file before its entry is being moved in, and the other way round it is on its way out: whatever does not match is
 * looked at a second time.
 */
async function reportTrash({ root, trash }: AsideDeps, findings: Findings): Promise<void> {
  const folder = new TrashFolder(root);
  for (const id of await folder.ids()) {
    if ((await trash.trashed(id)) !== undefined || !(await folder.has(id))) continue;
    findings.add('trash-unknown', { what: id });
  }
  for (let before: { readonly id: string; readonly removedAt: number } | undefined; ; ) {
    const page: Awaited<ReturnType<TrashStore['trash']>> = await trash.trash({
      folder: ROOT,
      before,
      max: PAGE,
    });
    for (const { id, path } of page) {
      if (await folder.has(id)) continue;
      const isUnderWay = (await root.find(path)) !== undefined;
      if (isUnderWay || (await trash.trashed(id)) === undefined) continue;
      findings.add('trash-missing', { what: id, detail: path });
    }
    before = page.at(-1);
    if (page.length < PAGE) return;
  }
}

async function namesIn(folder: string): Promise<readonly string[]> {
  return (await readdir(folder).catch(ignoreMissing)) ?? [];
}

function printable(name: string): string {
  return name.replaceAll(/[^ -~]/g, '?');
}
