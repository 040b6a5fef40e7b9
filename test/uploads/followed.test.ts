/**
 * Where several decide by the store, bytes and grants are exchanged only when nobody decides any more by what was before:
 * what follows is said here by the test.
 */

import t, { type Test } from 'tap';
import { recoverFiles } from '../../src/assembly/file-parts.js';
import { Committer } from '../../src/uploads/committer.js';
import { Mover } from '../../src/uploads/mover.js';
import { draft, partialOf, path, put, type Scene, scene, served, upload } from './given.js';

/** The same files, changed by somebody who has to wait for others. */
async function followedScene(t: Test) {
  const given = await scene(t);
  const { root, locks, store } = given;
  const { files, moves, tree, expiries } = store;
  const asked = Promise.withResolvers<number>();
  const answer = Promise.withResolvers<void>();
  const followed = async (revision: number) => {
    asked.resolve(revision);
    await answer.promise;
  };
  const committer = new Committer({ root, files, expiries, clock: Date.now, locks, followed });
  const mover = new Mover({ root, files, moves, tree, locks, followed });
  return { given, committer, mover, followed, asked: asked.promise, answer };
}

const committingAt = async ({ store }: Scene, on: string) => {
  const query = { paths: [path(on)], user: undefined, since: -1, generation: -1 };
  return (await store.facts.load(query)).paths[0]?.committing;
};

t.test('a file that is replaced with other grants', async (t) => {
  const { given, committer, asked, answer } = await followedScene(t);
  await put(given, '/team/a', 'old', ['anyone read']);
  const partial = await partialOf(given.root, 'new');
  const committing = committer.commit([upload('/team/a', partial, ['anyone deny read'])]);
  t.equal(await asked, await given.store.acl.revision(), 'of the change that has hidden it');
  t.equal(await committingAt(given, '/team/a'), true);
  t.equal(served(given.folder, '/team/a'), 'old');
  answer.resolve();
  await committing;
  t.equal(served(given.folder, '/team/a'), 'new');
  t.equal(await committingAt(given, '/team/a'), false);
});

t.test('a new file whose grant may replace a wider one', async (t) => {
  const { given, committer, asked, answer } = await followedScene(t);
  const partial = await partialOf(given.root, 'new');
  const grants = [draft('user:bob read /team/a until 4102444800000')];
  const committing = committer.commit([{ ...upload('/team/a', partial), grants }]);
  await asked;
  t.equal(served(given.folder, '/team/a'), undefined);
  answer.resolve();
  await committing;
  t.equal(served(given.folder, '/team/a'), 'new');
});

t.test('what only widens waits for nobody', async (t) => {
  const { given, committer, answer } = await followedScene(t);
  const partial = await partialOf(given.root, 'new');
  await committer.commit([upload('/team/a', partial, ['user:bob read'])]);
  t.equal(served(given.folder, '/team/a'), 'new');
  answer.resolve();
});

t.test('a move', async (t) => {
  const { given, mover, asked, answer } = await followedScene(t);
  await put(given, '/team/a', 'text');
  await put(given, '/public/a', 'open', ['anyone read']);
  const moving = mover.move({
    from: path('/team/a'),
    to: path('/public/a'),
    grants: 'keep',
    onConflict: 'replace',
    authorise: async () => {},
  });
  t.equal(await asked, await given.store.acl.revision());
  t.equal(served(given.folder, '/public/a'), 'open');
  answer.resolve();
  await moving;
  t.equal(served(given.folder, '/public/a'), 'text');
});

t.test('what a crash has left hidden, by the next start', async (t) => {
  const { given, asked, answer, followed } = await followedScene(t);
  await put(given, '/team/a', 'old', ['anyone read']);
  const { name } = await partialOf(given.root, 'new');
  await given.root.seal(name, 1_700_000_000);
  const { revision } = await given.store.files.beginCommit([
    {
      partial: name,
      file: { path: path('/team/a'), owner: undefined, bytes: 3, updatedAt: 1_700_000_000_000 },
      grants: [draft('anyone deny read /team/a')],
      replaces: undefined,
      visibility: 'hidden',
    },
  ]);
  const recovering = recoverFiles(given.root, given.store, { followed });
  t.equal(await asked, revision);
  t.equal(served(given.folder, '/team/a'), 'old');
  answer.resolve();
  t.match(await recovering, { finished: 1 });
  t.equal(served(given.folder, '/team/a'), 'new');
});
