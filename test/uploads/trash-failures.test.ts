/** The trash and the sweep where the disk, another request or the operator is in the way: nothing is lost, nothing spins. */

import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { Committer } from '../../src/uploads/committer.js';
import { StorageRoot } from '../../src/uploads/storage-root.js';
import { TrashFolder } from '../../src/uploads/trash-folder.js';
import { draft, mayRead, OWNER, partialsIn, path, put, served, UNCONDITIONAL } from './given.js';
import { listed, PLAN, withTrash } from './trash-scene.js';

t.test('a round in which the disk refuses everything is not followed at once by the next', async (t) => {
  const problems: unknown[] = [];
  const given = await withTrash(t, { onProblem: (error) => problems.push(error) });
  // What nobody can remove: no file of ours is there, and yet something.
  for (let i = 0; i < 500; i++) {
    writeFileSync(`${given.folder}/store/files/a${i}`, 'text');
    await given.store.expiries.setExpiry(path(`/a${i}`), 1);
  }
  rmSync(`${given.folder}/partial/trash`, { recursive: true });
  writeFileSync(`${given.folder}/partial/trash`, 'in the way');
  t.match(await given.ended(), { more: false });
  t.equal(problems.length, 500);
});

t.test('where a folder has come meanwhile there is no file that could expire', async (t) => {
  const given = await withTrash(t);
  await put(given, PLAN, 'text');
  await given.store.expiries.setExpiry(path(PLAN), 1);
  rmSync(`${given.folder}/store/files${PLAN}`);
  mkdirSync(`${given.folder}/store/files${PLAN}`);
  await given.ended();
  t.strictSame(await given.store.expiries.expiriesOf([path(PLAN)]), new Map());
});

t.test('one file of the trash that cannot be removed keeps no other', async (t) => {
  let now = 1_000;
  const problems: unknown[] = [];
  const given = await withTrash(t, { clock: () => now, onProblem: (error) => problems.push(error) });
  for (const on of ['/a', '/b']) {
    await put(given, on, on);
    await given.committer.remove(path(on), UNCONDITIONAL);
    now += 1;
  }
  const [, oldest] = await listed(given);
  const stuck = `${given.folder}/partial/trash/${oldest?.id}`;
  rmSync(stuck);
  mkdirSync(stuck);
  now = 5_000;
  t.match(await given.ended(), { dropped: 1, more: false });
  t.match(await listed(given), [{ path: '/a' }]);
  t.equal(problems.length, 1);
  t.equal(served(given.folder, '/a'), undefined);
});

/** As it is with a disk that the operator has mounted below the root. */
const ONE_DISK = statSync('/dev/shm', { throwIfNoEntry: false })?.dev === statSync('.').dev;

t.test('what lies on another file system is not half removed', { skip: ONE_DISK }, async (t) => {
  const given = await withTrash(t);
  const elsewhere = mkdtempSync('/dev/shm/latchkey-');
  t.teardown(() => rmSync(elsewhere, { recursive: true }));
  const other = new StorageRoot({
    root: elsewhere,
    mount: '/files/',
    partialFolder: `${given.folder}/partial`,
  });
  mkdirSync(`${elsewhere}/files`);
  writeFileSync(`${elsewhere}/files/a`, 'text');
  await given.store.files.reconcile([
    { path: path('/a'), from: undefined, to: { path: path('/a'), owner: OWNER, bytes: 4, updatedAt: 1_000 } },
  ]);
  await given.store.acl.putGrants([draft('user:bob read /a')]);
  const { files, expiries } = given.store;
  const trash = new TrashFolder(other);
  const committer = new Committer({ root: other, files, expiries, clock: () => Date.now(), trash });
  await t.rejects(committer.remove(path('/a'), UNCONDITIONAL), { code: 'bad-request', message: /purge/ });
  t.strictSame(await listed(given), []);
  t.strictSame(await files.pending(), { commits: [], removals: [] });
  t.equal(await mayRead(given.authorizer, 'user:bob', '/a'), true, 'it is as it was');
  t.strictSame(partialsIn(given.folder), []);
  await committer.remove(path('/a'), UNCONDITIONAL, { mode: 'for-good' });
  t.strictSame(readdirSync(`${elsewhere}/files`), []);
});
