/**
 * A process that commits one plan with the built committer, over a real store and a real folder, and kills
 * itself by SIGKILL at the step that the plan names. Run by Node itself, which strips the types; never imported
 * but for its types.
 */

import { closeSync, openSync, writeSync } from 'node:fs';
import { Readable } from 'node:stream';
import type { Principal } from '../../src/acl/principal.js';
import type { ResourcePath } from '../../src/acl/resource-path.js';
import type { CommitStep, Upload } from '../../src/uploads/committer.js';
import type { MoveRequest, MoveStep } from '../../src/uploads/mover.js';
import type { TrashStep } from '../../src/uploads/trash.js';

export interface Plan {
  readonly folder: string;
  /** Absent: the store is in the folder. */
  readonly databaseUrl?: string;
  readonly uploads: readonly {
    readonly path: string;
    readonly text: string;
    readonly grants: Upload['grants'];
    readonly requested?: NonNullable<Upload['requested']>;
  }[];
  readonly remove?: string;
  readonly move?: Pick<MoveRequest, 'from' | 'to' | 'grants' | 'onConflict'>;
  /** A folder, with all that is in it. */
  readonly removeFolder?: string;
  readonly copy?: Plan['move'];
  /** What is removed goes there. */
  readonly trash?: true;
  /** An id of the trash. */
  readonly restore?: string;
  readonly empty?: string;
  /** Streamed through us, or as files that nginx has written. */
  readonly bodies: 'streamed' | 'written';
  /** `receiving`: in the middle of the bytes of an upload. `taken`: nginx's file is a partial as well. */
  readonly killAt: CommitStep | MoveStep | TrashStep | 'receiving' | 'taken';
  /** Which of several: the first is 1. */
  readonly nth: number;
}

const load = async <T>(module: string): Promise<T> =>
  import(new URL(`../../dist/${module}`, import.meta.url).href);

const { openSqliteStore } =
  await load<typeof import('../../src/storage/sqlite/open.js')>('storage/sqlite/open.js');
const { openPostgresStore } =
  await load<typeof import('../../src/storage/postgres/open.js')>('storage/postgres/open.js');
const { Committer } = await load<typeof import('../../src/uploads/committer.js')>('uploads/committer.js');
const { Copier } = await load<typeof import('../../src/uploads/copier.js')>('uploads/copier.js');
const { FolderRemoval } =
  await load<typeof import('../../src/uploads/folder-removal.js')>('uploads/folder-removal.js');
const { Mover } = await load<typeof import('../../src/uploads/mover.js')>('uploads/mover.js');
const { PathLocks } = await load<typeof import('../../src/uploads/path-locks.js')>('uploads/path-locks.js');
const { writePartial } = await load<typeof import('../../src/uploads/partial.js')>('uploads/partial.js');
const { RawUploads } =
  await load<typeof import('../../src/uploads/raw-uploads.js')>('uploads/raw-uploads.js');
const { StorageRoot } =
  await load<typeof import('../../src/uploads/storage-root.js')>('uploads/storage-root.js');

const { Trash } = await load<typeof import('../../src/uploads/trash.js')>('uploads/trash.js');
const { TrashFolder } =
  await load<typeof import('../../src/uploads/trash-folder.js')>('uploads/trash-folder.js');

const UNCONDITIONAL = { ifMatch: undefined, ifNoneMatch: undefined, ifUnmodifiedSince: undefined };
const LIMIT = { bytesMax: 1_000_000, bytesBefore: 0 };

const plan = JSON.parse(process.argv[2] ?? '') as Plan;
let still = plan.nth;

function reach(step: Plan['killAt']): void {
  if (step !== plan.killAt) return;
  still -= 1;
  if (still === 0) process.kill(process.pid, 'SIGKILL');
}

const { folder } = plan;
const root = new StorageRoot({
  root: `${folder}/store`,
  mount: '/files/',
  partialFolder: `${folder}/partial`,
});
const { databaseUrl } = plan;
const store =
  databaseUrl === undefined ? openSqliteStore(`${folder}/latchkey.db`) : await openPostgresStore(databaseUrl);
const locks = new PathLocks();
const clock = () => Date.now();
const trashFolder = new TrashFolder(root);
const committer = new Committer({
  root,
  files: store.files,
  expiries: store.expiries,
  clock,
  locks,
  onStep: reach,
  ...(plan.trash === true && { trash: trashFolder }),
});
const ALLOWED = async () => {};

async function* halves(text: string) {
  yield Buffer.from(text.slice(0, text.length / 2));
  reach('receiving');
  yield Buffer.from(text.slice(text.length / 2));
}

const rawUploads = new RawUploads(`${folder}/partial`, root);

async function streamed(text: string) {
  return writePartial(root, Readable.from(halves(text)), LIMIT);
}

/** As nginx would, which has its name for the file until the request has ended. */
async function written(text: string, name: string) {
  const file = openSync(`${folder}/partial/nginx/${name}`, 'wx', 0o600);
  for await (const half of halves(text)) writeSync(file, half);
  closeSync(file);
  const partial = await rawUploads.take({ name, bytes: Buffer.byteLength(text) });
  if (partial === undefined) throw new Error('what was written is not there');
  reach('taken');
  return partial;
}

if (plan.move !== undefined) {
  const mover = new Mover({ ...store, root, locks, onStep: reach });
  await mover.move({ ...plan.move, authorise: ALLOWED });
}
if (plan.removeFolder !== undefined) {
  const removal = new FolderRemoval({ root, tree: store.tree, committer, locks });
  const folder = plan.removeFolder as ResourcePath;
  await removal.remove({ folder, filesMax: 100, timeMaxMs: 60_000, authorise: ALLOWED });
}
if (plan.copy !== undefined) {
  const copier = new Copier({ root, acl: store.acl, committer, locks });
  await copier.copy({ ...plan.copy, owner: undefined, bytesMax: undefined, authorise: ALLOWED });
}
const bin = new Trash({
  folder: trashFolder,
  trash: store.trash,
  files: store.files,
  committer,
  clock,
  onStep: reach,
});
if (plan.restore !== undefined) {
  const how = { to: undefined, onConflict: 'refuse', grants: 'keep' } as const;
  await bin.restore({ id: plan.restore, ...how, authorise: ALLOWED });
}
if (plan.empty !== undefined) await bin.dropOne(plan.empty);
if (plan.remove !== undefined) await committer.remove(plan.remove as ResourcePath, UNCONDITIONAL);
const uploads: Upload[] = [];
for (const [i, { path, text, grants, requested }] of plan.uploads.entries()) {
  uploads.push({
    path: path as ResourcePath,
    partial: await (plan.bodies === 'streamed' ? streamed(text) : written(text, `000000000${i}`)),
    owner: 'user:owner' as Principal,
    // JSON has no `undefined`.
    grants: grants.map((grant) => ({ ...grant, notBefore: undefined, expiresAt: undefined })),
    preconditions: UNCONDITIONAL,
    ...(requested !== undefined && { requested }),
  });
}
if (uploads.length > 0) await committer.commit(uploads);
throw new Error(`the step '${plan.killAt}' was never reached`);
