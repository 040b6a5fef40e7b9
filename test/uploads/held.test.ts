/** A process that may have lost its lease begins no step on the disk that destroys, and what is journaled waits. */

import { readdirSync, writeFileSync } from 'node:fs';
import t, { type Test } from 'tap';
import { NotKnown, StoreBusy } from '../../src/acl/errors.js';
import type { MoveStore } from '../../src/acl/tree-ports.js';
import { renameEntry } from '../../src/uploads/disk-move.js';
import { FolderRemoval } from '../../src/uploads/folder-removal.js';
import { recoverMoves } from '../../src/uploads/move-recovery.js';
import { recover } from '../../src/uploads/recovery.js';
import { ResumableFolder } from '../../src/uploads/resumable-folder.js';
import { ResumableUploads } from '../../src/uploads/resumable-uploads.js';
import { StorageRoot } from '../../src/uploads/storage-root.js';
import { TrashFolder } from '../../src/uploads/trash-folder.js';
import { entry } from '../storage/given.js';
import { partialsIn, path, put, scene, served, UNCONDITIONAL } from './given.js';

const PARTIAL = '00000000-0000-4000-8000-000000000000';
const TRASHED = '11111111-1111-4111-8111-111111111111';
const UPLOAD = '0'.repeat(32);
const LOST = { name: 'NotKnown', code: 'taken-over' };

const BEGUN = {
  id: '1'.repeat(32),
  path: path('/team/resumable'),
  owner: undefined,
  length: 8,
  metadata: {},
  grants: '',
  preconditions: UNCONDITIONAL,
};
const CHECKSUM = { algorithm: 'sha256', digest: Buffer.alloc(32) } as const;

const foldersOf = (folder: string) => ({
  root: `${folder}/store`,
  mount: '/files/',
  partialFolder: `${folder}/partial`,
});

/** A file, a partial, something in the trash and a resumable upload; and a root of whoever has lost them. */
async function given(t: Test) {
  const own = await scene(t);
  const { folder } = own;
  await put(own, '/team/a', 'text');
  await new TrashFolder(own.root).prepare();
  for (const name of [PARTIAL, `trash/${TRASHED}`, `tus/${UPLOAD}`]) {
    writeFileSync(`${folder}/partial/${name}`, '0123456789');
  }
  const lost = new StorageRoot(foldersOf(folder), () => {
    throw new NotKnown('taken-over', 'another one has it');
  });
  const all = () => readdirSync(folder, { recursive: true }).sort();
  return { own, lost, all };
}

const MOVE = { name: 'm', from: path('/team/a'), to: path('/b'), grants: 'keep', file: undefined } as const;
const STEPS: Readonly<Record<string, (root: StorageRoot, resumable: ResumableFolder) => Promise<unknown>>> = {
  'a partial that is published': (root) => root.publish(PARTIAL, path('/team/new')),
  'a file that is removed': (root) => root.remove(path('/team/a')),
  'a file that goes into the trash': (root) => new TrashFolder(root).take(path('/team/a'), PARTIAL),
  'a file of the trash that goes': (root) => new TrashFolder(root).drop(TRASHED),
  'a move': (root) => renameEntry(root, MOVE),
  'a resumable upload that ends': (_, resumable) => resumable.remove(UPLOAD),
  'its bytes that are cut': (_, resumable) => resumable.truncate(UPLOAD, 1),
  'what is of no upload': (_, resumable) => resumable.records(),
};

t.test('no step that destroys is begun', async (t) => {
  const { own, lost, all } = await given(t);
  const before = all();
  const resumable = new ResumableFolder(`${own.folder}/partial`, lost);
  for (const [name, step] of Object.entries(STEPS)) {
    await t.rejects(step(lost, resumable), LOST, name);
    t.strictSame(all(), before, name);
  }
  async function* bytes() {
    yield Buffer.from('more');
  }
  const received = async () => {
    for await (const _ of resumable.whileHeld(bytes()));
  };
  await t.rejects(received(), LOST, 'bytes of a resumable upload');
});

t.test('what a sender broke off is cut from no bytes that are those of another process by now', async (t) => {
  const { own } = await given(t);
  let isLost = false;
  const root = new StorageRoot(foldersOf(own.folder), () => {
    if (isLost) throw new NotKnown('taken-over', 'another one has it');
  });
  const folder = new ResumableFolder(`${own.folder}/partial`, root);
  const limits = { openMax: 1, ownerMax: 1, lifetimeMs: 60_000, clock: Date.now };
  const resumable = new ResumableUploads({ ...limits, folder });
  const { id } = await resumable.begin(BEGUN);
  const brokenOff = new Error('the sender is gone');
  async function* bytes() {
    yield Buffer.from('half');
    isLost = true;
    throw brokenOff;
  }
  await t.rejects(resumable.append(id, 0, bytes(), CHECKSUM), LOST);
  t.equal(await folder.size(id), 4, 'they may be in a file that is served');
});

t.test('an empty folder stays', async (t) => {
  const { own, lost } = await given(t);
  const { committer, locks, store } = own;
  await own.root.remove(path('/team/a'));
  const removal = new FolderRemoval({ root: lost, tree: store.tree, committer, locks });
  const request = { folder: path('/team/'), filesMax: 10, timeMaxMs: 60_000, authorise: async () => {} };
  await t.rejects(removal.remove(request), LOST);
  t.strictSame(await own.root.find(path('/team/')).then((found) => found?.kind), 'folder');
});

t.test('the recovery of moves is broken off where the store does not let it write', async (t) => {
  const { own } = await given(t);
  const { moves } = own.store;
  await moves.beginMove(MOVE);
  for (const error of [new NotKnown('taken-over', 'another one has it'), new StoreBusy('an import')]) {
    const refuse = () => Promise.reject(error);
    const refusing: MoveStore = {
      moves: () => moves.moves(),
      beginMove: refuse,
      finishMove: refuse,
      abandonMove: refuse,
    };
    await t.rejects(recoverMoves(refusing, own.root), error, 'nobody has to mend anything: it is not stuck');
  }
  t.match(await recoverMoves(moves, own.root), { unmoved: 1, stuck: [] });
});

t.test('a recovery is broken off, and drops nothing of who has taken over', async (t) => {
  const { own, lost } = await given(t);
  const { store, folder, root } = own;
  await t.rejects(recover(store.files, lost), LOST);
  t.strictSame(partialsIn(folder), [PARTIAL], 'it may be an upload under way');
  await store.files.beginCommit([entry(PARTIAL, '/team/new', 'hidden')]);
  await t.rejects(recover(store.files, lost), LOST);
  t.match(await store.files.pending(), { commits: [{ partial: PARTIAL }] }, 'it waits in the journal');
  t.match(await recover(store.files, root), { finished: 1, stuck: [] });
  t.equal(served(folder, '/team/new'), '0123456789');
});
