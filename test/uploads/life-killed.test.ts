/**
 * kill -9 at every step of a copy and of the removal of a folder. After the next start a copy is there whole or not at
 * all, and a removal that was interrupted can be run again, to the same end.
 */

import t from 'tap';
import type { CommitStep } from '../../src/uploads/committer.js';
import { FolderRemoval } from '../../src/uploads/folder-removal.js';
import { recover } from '../../src/uploads/recovery.js';
import { draft, mayRead, namesIn, partialsIn, path, put, type Scene, scene, served } from './given.js';
import { killedAt } from './killed-at.js';

const COPY_STEPS: readonly (readonly [CommitStep, 'old' | 'new'])[] = [
  ['prepared', 'old'],
  ['journaled', 'new'],
  ['renamed', 'new'],
  ['finished', 'new'],
];

for (const [step, leaves] of COPY_STEPS) {
  t.test(`a copy with grants, killed at '${step}'`, async (t) => {
    const given = await scene(t);
    await put(given, '/a', 'text', ['user:bob read']);
    await given.store.acl.putGrants([draft('user:ann read /team/')]);
    const copy = { from: path('/a'), to: path('/team/b'), grants: 'keep', onConflict: 'refuse' } as const;
    await killedAt({ folder: given.folder, uploads: [], bodies: 'streamed', copy, killAt: step, nth: 1 });
    await recover(given.store.files, given.root);
    t.equal(served(given.folder, '/a'), 'text', 'the source is as it was');
    t.equal(served(given.folder, '/team/b'), leaves === 'old' ? undefined : 'text');
    t.equal(await mayRead(given.authorizer, 'user:bob', '/team/b'), leaves === 'new');
    t.strictSame(partialsIn(given.folder), []);
  });
}

const REMOVAL_STEPS: readonly CommitStep[] = ['removal-journaled', 'removed', 'removal-finished'];

async function removedAgain({ root, store, committer, locks }: Scene, folder: string): Promise<void> {
  const removal = new FolderRemoval({ root, tree: store.tree, committer, locks });
  await removal.remove({
    folder: path(folder),
    filesMax: 100,
    timeMaxMs: 60_000,
    authorise: async () => {},
  });
}

for (const step of REMOVAL_STEPS) {
  for (const nth of [1, 2, 3]) {
    t.test(`the removal of a folder of three files, killed at '${step}' (${nth})`, async (t) => {
      const given = await scene(t);
      for (const on of ['/team/a', '/team/sub/b', '/team/sub/c', '/teams/d']) {
        await put(given, on, on, ['user:bob read', 'user:ann deny read']);
      }
      await killedAt({
        folder: given.folder,
        uploads: [],
        bodies: 'streamed',
        removeFolder: '/team/',
        killAt: step,
        nth,
      });
      await recover(given.store.files, given.root);
      for (const on of ['/team/a', '/team/sub/b', '/team/sub/c']) {
        const isThere = served(given.folder, on) !== undefined;
        t.equal(
          (await given.store.files.file(path(on))) !== undefined,
          isThere,
          `${on}: record and disk agree`,
        );
        t.equal(await mayRead(given.authorizer, 'user:bob', on), isThere, `${on}: so do its allows`);
      }
      await removedAgain(given, '/team/');
      t.strictSame(namesIn(given.folder), ['teams', 'teams/d']);
      const left = await given.store.tree.grantedPaths(path('/team/'), 9);
      t.strictSame(left, ['/team/a', '/team/sub/b', '/team/sub/c'], 'the denies');
      t.equal(await mayRead(given.authorizer, 'user:bob', '/teams/d'), true);
      t.strictSame(await given.store.files.pending(), { commits: [], removals: [] });
    });
  }
}
