/**
 * What must be right of an upload before it may become visible, whichever way it came: its name, what is in it, and
 * then, since looking at that may take a while, once more whether its sender may. The committer asks here first, so that
 * no way in gets round it. It changes nothing, and holds no path while it looks.
 */

import { resolve } from 'node:path';
import type { Upload } from './committer.js';
import type { Inspection } from './inspection.js';
import { newPath } from './new-path.js';
import { UploadProblem } from './problem.js';
import type { StorageRoot } from './storage-root.js';

export interface AdmissionDeps {
  readonly root: StorageRoot;
  readonly inspection?: Inspection | undefined;
}

/** Of one request at once: a form of very many files must not take all places of those that wait for a scan. */
const LOOKS_MAX = 4;

/** @throws UploadProblem, NotKnown, and what `authorise` throws */
export async function admitUploads(deps: AdmissionDeps, uploads: readonly Upload[]): Promise<void> {
  await admitNames(deps.root, uploads);
  for (let first = 0; first < uploads.length; first += LOOKS_MAX) {
    const some = uploads.slice(first, first + LOOKS_MAX);
    const looks = await Promise.allSettled(some.map((upload) => look(deps, upload)));
    for (const look of looks) if (look.status === 'rejected') throw look.reason;
  }
  for (const { authorise } of uploads) await authorise?.();
}

/** Of the paths that they get: a number makes another one. @throws UploadProblem `bad-request` */
export async function admitNames(root: StorageRoot, uploads: readonly Upload[]): Promise<void> {
  for (const { path } of uploads) {
    if ((await newPath(root, path)) === path) continue;
    throw new UploadProblem('bad-request', 'A new name is composed (Unicode NFC); send it so.');
  }
}

async function look({ root, inspection }: AdmissionDeps, upload: Upload): Promise<void> {
  const { path, partial, owner, content = 'any' } = upload;
  const file = resolve(root.partialPath(partial.name));
  await inspection?.check({ file, path, bytes: partial.bytes, owner, content });
}
