/**
 * What a commit or a removal leaves when something fails in the middle of it: the old file or the new one, no
 * path that stays hidden, no partial that nobody wants, and a way on. The failures are real: triggers in the
 * database, and folders and files that an operator puts in the way between two steps.
 */

import { renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import t from 'tap';
import type { CommitStep } from '../../src/uploads/committer.js';
import { recover } from '../../src/uploads/recovery.js';
import {
  folderAt,
  mayRead,
  namesIn,
  partialOf,
  partialsIn,
  path,
  put,
  refusing,
  type Scene,
  scene,
  served,
  UNCONDITIONAL,
  upload,
} from './given.js';

const PLAN = '/team/plan.txt';
const NOTHING_LEFT = { commits: [], removals: [] };

t.test('a store that refuses the journal leaves no partial and no file', async (t) => {
  const given = await scene(t);
  const allow = refusing(given.databaseFile, 'INSERT');
  const partials = [await partialOf(given.root, 'one'), await partialOf(given.root, 'two')];
  const uploads = partials.map((partial, i) => upload(`/team/${i}`, partial));
  await t.rejects(given.committer.commit(uploads), { code: 'SQLITE_CONSTRAINT_TRIGGER' });
  t.strictSame(partialsIn(given.folder), []);
  t.equal(served(given.folder, '/team/0'), undefined);
  allow();
  t.equal((await put(given, '/team/0', 'later')).created, true);
});

t.test('a partial that the journal names is kept, whatever else failed', async (t) => {
  const given = await scene(t);
  const partial = await partialOf(given.root, 'one');
  await given.store.files.beginCommit([entryOf(partial.name, PLAN, partial.bytes)]);
  await t.rejects(given.committer.commit([upload('/team/other', partial)]));
  t.strictSame(partialsIn(given.folder), [partial.name]);
});

t.test('a replacement whose rename fails gives the old grants back at once', async (t) => {
  const { given, at } = await staged(t);
  await put(given, PLAN, 'old', ['user:old read']);
  at('journaled', () => {
    renameSync(`${given.folder}/store/files/team`, `${given.folder}/aside`);
    writeFileSync(`${given.folder}/store/files/team`, 'in the way');
  });
  await t.rejects(put(given, PLAN, 'new', ['user:old deny read', 'user:new read']), { code: 'conflict' });
  rmSync(`${given.folder}/store/files/team`);
  renameSync(`${given.folder}/aside`, `${given.folder}/store/files/team`);
  t.equal(served(given.folder, PLAN), 'old');
  t.strictSame(
    [await mayRead(given.authorizer, 'user:old', PLAN), await mayRead(given.authorizer, 'user:new', PLAN)],
    [true, false],
  );
  t.strictSame(await given.store.files.pending(), NOTHING_LEFT);
  t.strictSame(partialsIn(given.folder), []);
  t.equal((await put(given, PLAN, 'newer', ['user:new read'])).created, false, 'and the way is free');
});

t.test('a new file whose rename fails leaves neither record nor grants for the next one', async (t) => {
  const { given, at } = await staged(t);
  for (const lines of [['anyone read'], []]) {
    at('journaled', () => folderAt(given.folder, PLAN));
    await t.rejects(put(given, PLAN, 'new', lines), { code: 'conflict' });
    rmSync(`${given.folder}/store/files${PLAN}`, { recursive: true });
    t.equal(await given.store.files.file(path(PLAN)), undefined, 'no record');
    t.strictSame(await given.store.acl.grantsOn([path(PLAN)]), [], 'no grant');
    t.strictSame(await given.store.files.pending(), NOTHING_LEFT);
    t.strictSame(partialsIn(given.folder), []);
  }
});

t.test('a replacement without grants whose rename fails leaves the record of the old file', async (t) => {
  const { given, at } = await staged(t);
  await put(given, PLAN, 'old');
  const record = await given.store.files.file(path(PLAN));
  at('journaled', () => {
    unlinkSync(`${given.folder}/store/files${PLAN}`);
    folderAt(given.folder, PLAN);
  });
  await t.rejects(put(given, PLAN, 'newer'), { code: 'conflict' });
  t.strictSame(await given.store.files.file(path(PLAN)), record);
});

t.test('a replacement whose bytes vanish before the rename leaves the old file, whole', async (t) => {
  const { given, at } = await staged(t);
  await put(given, PLAN, 'old', ['user:old read']);
  at('journaled', () => {
    for (const name of partialsIn(given.folder)) unlinkSync(`${given.folder}/partial/${name}`);
  });
  await t.rejects(put(given, PLAN, 'new', ['user:new read']), { code: 'ENOENT' });
  t.equal(served(given.folder, PLAN), 'old');
  t.equal(await mayRead(given.authorizer, 'user:new', PLAN), false);
  t.equal(await mayRead(given.authorizer, 'user:old', PLAN), true);
});

t.test('of several files, those that were renamed stand and the others are given up', async (t) => {
  const { given, at } = await staged(t);
  at('renamed', () => folderAt(given.folder, '/team/two'));
  const uploads = [];
  for (const name of ['one', 'two']) {
    uploads.push(upload(`/team/${name}`, await partialOf(given.root, name), ['user:new read']));
  }
  await t.rejects(given.committer.commit(uploads), { code: 'conflict' });
  t.equal(served(given.folder, '/team/one'), 'one');
  t.equal(await mayRead(given.authorizer, 'user:new', '/team/one'), true);
  t.equal(await mayRead(given.authorizer, 'user:new', '/team/two'), false);
  t.strictSame(await given.store.files.pending(), NOTHING_LEFT);
  t.strictSame(partialsIn(given.folder), []);
});

t.test('what the store cannot record after the rename stays hidden until the next start', async (t) => {
  const { given, at } = await staged(t);
  await put(given, PLAN, 'old', ['user:old read']);
  let allow = () => {};
  at('journaled', () => {
    allow = refusing(given.databaseFile, 'DELETE');
  });
  const lines = ['user:old deny read', 'user:new read'];
  await t.rejects(put(given, PLAN, 'new', lines), { code: 'SQLITE_CONSTRAINT_TRIGGER' });
  t.equal(served(given.folder, PLAN), 'new');
  t.equal(await mayRead(given.authorizer, 'user:old', PLAN), 'not-known');
  await t.rejects(put(given, PLAN, 'newer'), { code: 'SQLITE_CONSTRAINT_TRIGGER' }, 'nothing goes over it');
  t.equal(served(given.folder, PLAN), 'new');
  allow();
  t.match(await recover(given.store.files, given.root), { finished: 1, abandoned: 0 });
  t.equal(await mayRead(given.authorizer, 'user:old', PLAN), false);
  t.equal(await mayRead(given.authorizer, 'user:new', PLAN), true);
});

t.test('what an earlier failure left is settled before the next commit of the path', async (t) => {
  const { given, at } = await staged(t);
  let allow = () => {};
  at('journaled', () => {
    allow = refusing(given.databaseFile, 'DELETE');
  });
  await t.rejects(put(given, PLAN, 'first'), { code: 'SQLITE_CONSTRAINT_TRIGGER' });
  allow();
  await put(given, PLAN, 'second one');
  t.strictSame(await given.store.files.pending(), NOTHING_LEFT);
  t.match(await recover(given.store.files, given.root), { finished: 0, abandoned: 0 });
  t.equal(served(given.folder, PLAN), 'second one');
  t.equal((await given.store.files.file(path(PLAN)))?.bytes, 10);
});

t.test('a removal that could not be done is done by the next one', async (t) => {
  const { given, at } = await staged(t);
  await put(given, PLAN, 'old', ['user:old read']);
  at('removal-journaled', () => {
    unlinkSync(`${given.folder}/store/files${PLAN}`);
    folderAt(given.folder, PLAN);
  });
  await t.rejects(given.committer.remove(path(PLAN), UNCONDITIONAL), { code: 'EISDIR' });
  rmSync(`${given.folder}/store/files${PLAN}`, { recursive: true });
  writeFileSync(`${given.folder}/store/files${PLAN}`, 'old');
  await given.committer.remove(path(PLAN), UNCONDITIONAL);
  t.equal(served(given.folder, PLAN), undefined);
  t.strictSame(await given.store.files.pending(), NOTHING_LEFT);
});

t.test('a removal that could not be done does not take the file that came after it', async (t) => {
  const { given, at } = await staged(t);
  await put(given, PLAN, 'old');
  at('removal-journaled', () => {
    unlinkSync(`${given.folder}/store/files${PLAN}`);
    folderAt(given.folder, PLAN);
  });
  await t.rejects(given.committer.remove(path(PLAN), UNCONDITIONAL), { code: 'EISDIR' });
  rmSync(`${given.folder}/store/files${PLAN}`, { recursive: true });
  await put(given, PLAN, 'new');
  await recover(given.store.files, given.root);
  t.equal(served(given.folder, PLAN), 'new');
});

t.test('a refused form leaves no folder behind', async (t) => {
  const given = await scene(t);
  const partials = [await partialOf(given.root, 'one'), await partialOf(given.root, 'two')];
  const [one, two] = partials;
  if (one === undefined || two === undefined) throw new Error('the test itself is wrong');
  const never = { ...UNCONDITIONAL, ifMatch: '"none"' };
  const uploads = [upload('/a/b/one', one), upload('/a/b/two', two, [], never)];
  await t.rejects(given.committer.commit(uploads), { code: 'precondition-failed' });
  t.strictSame(namesIn(given.folder), []);
  t.strictSame(partialsIn(given.folder), []);
});

/** A scene in which `at` says what happens at a step, the next time. */
async function staged(t: Parameters<typeof scene>[0]) {
  const acts = new Map<CommitStep, () => void>();
  const given: Scene = await scene(t, (step) => {
    const act = acts.get(step);
    acts.delete(step);
    act?.();
  });
  return { given, at: (step: CommitStep, act: () => void) => void acts.set(step, act) };
}

function entryOf(partial: string, on: string, bytes: number) {
  const file = { path: path(on), owner: undefined, bytes, updatedAt: 1_700_000_000_000 };
  return { partial, file, grants: [], replaces: undefined, visibility: 'at-once' as const };
}
