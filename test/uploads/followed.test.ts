/**
 * Where several decide by the store, bytes and grants are exchanged only when nobody decides any more by what was before:
 * what follows is said here by the test.
 */

import t, { type Test } from 'tap';
import { NotKnown } from '../../src/acl/errors.js';
import type { FileStore } from '../../src/acl/ports.js';
import { recoverFiles } from '../../src/assembly/file-parts.js';
import { Committer } from '../../src/uploads/committer.js';
import { Mover } from '../../src/uploads/mover.js';
import { draft, partialOf, path, put, type Scene, scene, served, UNCONDITIONAL, upload } from './given.js';

/** The same files, changed by somebody who has to wait for others. */
async function followedScene(t: Test) {
  const given = await scene(t);
  const { root, locks, store } = given;
  const { files, moves, tree, expiries } = store;
  const asked = Promise.withResolvers<number | 'last'>();
  const answer = Promise.withResolvers<void>();
  const followed = async (revision: number | 'last') => {
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

/** Journaled, and nobody was told so: the connection to the store broke just then, and it is back now. */
async function leftHidden({ root, locks, store }: Scene): Promise<void> {
  const { files, expiries } = store;
  const broken: FileStore = {
    ...journalOf(files),
    beginCommit: async (...begun) => {
      await files.beginCommit(...begun);
      throw new NotKnown('store-unavailable', 'whether the change was made is not known');
    },
  };
  const committer = new Committer({ root, files: broken, expiries, clock: Date.now, locks });
  const partial = await partialOf(root, 'closed');
  const committing = committer.commit([upload('/team/a', partial, ['anyone deny read'])]);
  await committing.then(
    () => Promise.reject(new Error('it was committed')),
    () => {},
  );
}

function journalOf(files: FileStore): FileStore {
  return {
    file: (on) => files.file(on),
    records: (wish) => files.records(wish),
    reconcile: (changes) => files.reconcile(changes),
    beginCommit: (...begun) => files.beginCommit(...begun),
    finishCommit: (entries) => files.finishCommit(entries),
    abandonCommit: (entries) => files.abandonCommit(entries),
    beginRemoval: (removal) => files.beginRemoval(removal),
    finishRemoval: (removal) => files.finishRemoval(removal),
    pending: () => files.pending(),
  };
}

const NEXT: Readonly<Record<string, (by: Awaited<ReturnType<typeof followedScene>>) => Promise<unknown>>> = {
  'an upload there': async ({ given, committer }) =>
    committer.commit([upload('/team/a', await partialOf(given.root, 'text'))]),
  'a removal': ({ committer }) => committer.remove(path('/team/a'), UNCONDITIONAL),
  'a move of it': ({ mover }) =>
    mover.move({
      from: path('/team/a'),
      to: path('/b'),
      grants: 'keep',
      onConflict: 'refuse',
      authorise: async () => {},
    }),
};

for (const [name, next] of Object.entries(NEXT)) {
  t.test(`what a failure has left hidden, by ${name}`, async (t) => {
    const by = await followedScene(t);
    const { given, asked, answer } = by;
    await put(given, '/team/a', 'open', ['anyone read']);
    await leftHidden(given);
    const doing = next(by);
    t.equal(await Promise.race([asked, doing]), 'last');
    t.equal(served(given.folder, '/team/a'), 'open');
    answer.resolve();
    await doing;
    t.strictSame((await given.store.files.pending()).commits, []);
  });
}

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
