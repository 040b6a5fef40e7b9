/** What tests of the trash are given: a scene with a trash, what is in it, and a sweep. Must never decide anything. */

import { readdirSync, readFileSync } from 'node:fs';
import type { Test } from 'tap';
import { Committer, type CommitterDeps } from '../../src/uploads/committer.js';
import { removeEnded } from '../../src/uploads/ended-files.js';
import { Expiry } from '../../src/uploads/expiry.js';
import { Trash, type TrashDeps } from '../../src/uploads/trash.js';
import { TrashFolder } from '../../src/uploads/trash-folder.js';
import { path, type Scene, scene } from './given.js';

export const PLAN = '/team/plan.txt';
export const ALLOWED = async () => {};
export const RESTORE = { to: undefined, onConflict: 'refuse', grants: 'drop', authorise: ALLOWED } as const;

interface Ways extends Pick<CommitterDeps, 'inspection'>, Pick<TrashDeps, 'onStep'> {
  readonly clock?: () => number;
  readonly onProblem?: (error: unknown) => void;
}

export async function withTrash(t: Test, ways: Ways = {}) {
  const { clock = () => Date.now(), onProblem = (error) => t.fail(String(error)), inspection, onStep } = ways;
  const given = await scene(t);
  const { root, store, locks } = given;
  const { files, expiries, trash } = store;
  const folder = new TrashFolder(root);
  await folder.prepare();
  const committer = new Committer({ root, files, expiries, clock, locks, trash: folder, inspection });
  const bin = new Trash({ folder, trash, files, committer, clock, ...(onStep && { onStep }) });
  const ended = (more: { trashTimeMs?: number; trashBytesMax?: number } = {}) => {
    const { trashTimeMs = 10, trashBytesMax = Number.POSITIVE_INFINITY } = more;
    const limits = { trashTimeMs, trashBytesMax: async () => trashBytesMax };
    return removeEnded({ expiries, trash, committer, bin, clock, ...limits }, onProblem);
  };
  return { ...given, committer, bin, ended, expiry: new Expiry({ root, expiries, locks }) };
}

export const listed = ({ store }: Scene) => store.trash.trash({ folder: path('/'), max: 99 });
export const inTrash = ({ folder }: Scene) => {
  const names = readdirSync(`${folder}/partial/trash`);
  return names.map((name) => readFileSync(`${folder}/partial/trash/${name}`, 'utf8'));
};
