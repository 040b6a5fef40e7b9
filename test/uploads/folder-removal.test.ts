/** Removing folders: exactly what is in them, a part at a time, again after it was interrupted, beside uploads. */

import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import t from 'tap';
import { FolderRemoval, type RemovalRequest } from '../../src/uploads/folder-removal.js';
import { draft, mayRead, namesIn, path, put, type Scene, scene, served } from './given.js';

const removalOf = ({ root, store, committer, locks }: Scene) =>
  new FolderRemoval({ root, tree: store.tree, committer, locks });

const request = (folder: string, more: Partial<RemovalRequest> = {}): RemovalRequest => ({
  folder: path(folder),
  filesMax: 1_000,
  timeMaxMs: 60_000,
  authorise: async () => {},
  ...more,
});

t.test('all that is in it goes, and nothing beside it', async (t) => {
  const given = await scene(t);
  for (const on of ['/team/a', '/team/b/c', '/team/b/d/e', '/teams/x', '/team-x']) await put(given, on, on);
  mkdirSync(`${given.folder}/store/files/team/empty`);
  const removed = await removalOf(given).remove(request('/team/'));
  t.strictSame(removed, { removed: 3, left: 0, more: false });
  t.strictSame(namesIn(given.folder), ['team-x', 'teams', 'teams/x']);
  t.equal(await given.store.files.file(path('/team/b/c')), undefined);
});

t.test('a part at a time, until there is no more', async (t) => {
  const given = await scene(t);
  for (let i = 0; i < 7; i++) await put(given, `/team/${i % 2}/${i}`, 'x');
  const removal = removalOf(given);
  const rounds = [];
  for (let i = 0; i < 3; i++) rounds.push(await removal.remove(request('/team/', { filesMax: 3 })));
  t.strictSame(
    rounds.map(({ removed, more }) => [removed, more]),
    [
      [3, true],
      [3, true],
      [1, false],
    ],
  );
  t.strictSame(namesIn(given.folder), []);
  await put(given, '/team/a', 'x');
  t.match(await removal.remove(request('/team/', { timeMaxMs: -1 })), { removed: 0, more: true });
});

t.test('interrupted, what is left is whole, and it can be run again', async (t) => {
  const given = await scene(t);
  for (const on of ['/team/a', '/team/b', '/team/c']) await put(given, on, on, ['user:bob read']);
  await given.store.acl.putGrants([draft('user:bob read /team/'), draft('user:bob deny read /team/b')]);
  let asked = 0;
  const authorise = async () => {
    asked += 1;
    if (asked === 2) throw new Error('interrupted');
  };
  const removal = removalOf(given);
  await t.rejects(removal.remove(request('/team/', { authorise })), { message: 'interrupted' });
  const left = namesIn(given.folder).filter((name) => name !== 'team');
  t.equal(left.length, 2);
  for (const name of left) t.ok(await given.store.files.file(path(`/${name}`)));
  t.equal(
    await mayRead(given.authorizer, 'user:bob', `/team/x`),
    true,
    'the folder keeps its grants until it goes',
  );
  await removal.remove(request('/team/'));
  t.strictSame(namesIn(given.folder), []);
  t.strictSame(await given.store.tree.grantedPaths(path('/team/'), 9), ['/team/b'], 'the deny alone');
});

t.test(
  'what is left of a folder that is gone can be removed as well, and then there is nothing',
  async (t) => {
    const given = await scene(t);
    await put(given, '/team/a', 'a', ['user:bob read']);
    rmSync(`${given.folder}/store/files/team`, { recursive: true });
    const removal = removalOf(given);
    t.match(await removal.remove(request('/team/')), { removed: 0, more: false });
    t.equal(await given.store.files.file(path('/team/a')), undefined);
    t.strictSame(await given.store.tree.grantedPaths(path('/team/'), 9), []);
    await t.rejects(removal.remove(request('/team/')), { code: 'not-found' });
  },
);

t.test('a folder with something that is no file of ours stays, and is counted', async (t) => {
  const given = await scene(t);
  await put(given, '/team/sub/a', 'a');
  symlinkSync('/etc/hostname', `${given.folder}/store/files/team/sub/link`);
  t.strictSame(await removalOf(given).remove(request('/team/')), { removed: 1, left: 2, more: false });
  t.strictSame(namesIn(given.folder), ['team', 'team/sub', 'team/sub/link']);
});

t.test('the root and files are refused', async (t) => {
  const given = await scene(t);
  await put(given, '/a', 'a');
  for (const on of ['/', '/a']) {
    await t.rejects(removalOf(given).remove(request(on)), { code: 'bad-request' }, on);
  }
  t.equal(served(given.folder, '/a'), 'a');
});

t.test('uploads that come meanwhile are whole or gone, and none fails', async (t) => {
  const given = await scene(t);
  for (let i = 0; i < 10; i++) await put(given, `/team/sub/${i}`, 'old');
  const removing = removalOf(given).remove(request('/team/'));
  const uploads = Array.from({ length: 20 }, (_, i) => put(given, `/team/sub/new${i}`, 'new'));
  await Promise.all([removing, ...uploads]);
  for (let i = 0; i < 20; i++) {
    const on = `/team/sub/new${i}`;
    const record = await given.store.files.file(path(on));
    t.equal(served(given.folder, on), record === undefined ? undefined : 'new', on);
  }
});

t.test('a removal and a move of one folder take turns', async (t) => {
  const given = await scene(t);
  for (let i = 0; i < 5; i++) await put(given, `/team/${i}`, 'x', ['user:bob read']);
  const move = { from: path('/team/'), to: path('/moved/'), grants: 'keep', onConflict: 'refuse' } as const;
  await Promise.allSettled([
    removalOf(given).remove(request('/team/')),
    given.mover.move({ ...move, authorise: async () => {} }),
  ]);
  const names = namesIn(given.folder).filter((name) => name.includes('/'));
  for (const name of names) {
    t.match(name, /^moved\//);
    t.ok(await given.store.files.file(path(`/${name}`)), 'what moved has its record');
    t.equal(await mayRead(given.authorizer, 'user:bob', `/${name}`), true, 'and its grants');
  }
  t.strictSame(await given.store.moves.moves(), []);
});
