/**
 * The start after a crash: what was journaled is finished or given up, what cannot be is said and kept, and
 * nothing else is touched. Doing it again changes nothing.
 */

import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import t from 'tap';
import type { CommitEntry } from '../../src/acl/ports.js';
import { recover } from '../../src/uploads/recovery.js';
import { StorageRoot } from '../../src/uploads/storage-root.js';
import {
  draft,
  folderAt,
  mayRead,
  partialOf,
  partialsIn,
  path,
  put,
  type Scene,
  scene,
  served,
} from './given.js';

const PLAN = '/team/plan.txt';
const SECOND = 1_700_000_000;
const SHARED_MEMORY = '/dev/shm';
const IS_ELSEWHERE = existsSync(SHARED_MEMORY) && statSync(SHARED_MEMORY).dev !== statSync('.').dev;
const NOTHING = { finished: 0, abandoned: 0, removals: 0, dropped: 0, stuck: [] };

t.test('where nothing was left, nothing is done', async (t) => {
  const { store, root } = await scene(t);
  t.strictSame(await recover(store.files, root), NOTHING);
});

t.test('a journaled upload whose rename was still to be done is finished', async (t) => {
  const given = await scene(t);
  await journaled(given, PLAN, 'new', ['user:bob read']);
  t.equal(await mayRead(given.authorizer, 'user:bob', PLAN), 'not-known');
  t.strictSame(await recover(given.store.files, given.root), { ...NOTHING, finished: 1 });
  t.equal(served(given.folder, PLAN), 'new');
  t.equal(await mayRead(given.authorizer, 'user:bob', PLAN), true);
  t.strictSame(await recover(given.store.files, given.root), NOTHING);
});

t.test('one that was renamed already is recorded', async (t) => {
  const given = await scene(t);
  const { partial } = await journaled(given, PLAN, 'new', ['user:bob read']);
  await given.root.publish(partial, path(PLAN));
  t.strictSame(await recover(given.store.files, given.root), { ...NOTHING, finished: 1 });
  t.equal(await mayRead(given.authorizer, 'user:bob', PLAN), true);
});

t.test('one whose bytes somebody has thrown away is given up: the old file stands as it was', async (t) => {
  const given = await scene(t);
  await put(given, PLAN, 'old', ['user:bob read']);
  for (const text of ['newer', 'new']) {
    const { partial } = await journaled(given, PLAN, text, ['user:bob deny read']);
    await given.root.dropPartial(partial);
    const says = `of another size or of the same (${text})`;
    t.strictSame(await recover(given.store.files, given.root), { ...NOTHING, abandoned: 1 }, says);
    t.equal(served(given.folder, PLAN), 'old');
    t.equal(await mayRead(given.authorizer, 'user:bob', PLAN), true);
  }
});

t.test('a removal is done', async (t) => {
  const given = await scene(t);
  await put(given, PLAN, 'old');
  await given.store.files.beginRemoval({ partial: `removal ${PLAN}`, path: path(PLAN) });
  t.strictSame(await recover(given.store.files, given.root), { ...NOTHING, removals: 1 });
  t.equal(served(given.folder, PLAN), undefined);
  t.strictSame(await recover(given.store.files, given.root), NOTHING);
});

t.test('partials that nobody committed are dropped, and what is no partial is left', async (t) => {
  const given = await scene(t);
  await partialOf(given.root, 'one');
  await partialOf(given.root, 'two');
  writeFileSync(`${given.folder}/partial/notes.txt`, 'not ours');
  mkdirSync(`${given.folder}/partial/lost+found`);
  t.strictSame(await recover(given.store.files, given.root), { ...NOTHING, dropped: 2 });
  t.strictSame(partialsIn(given.folder), ['lost+found', 'notes.txt']);
});

t.test('what cannot be finished is said and kept, and all the rest is finished', async (t) => {
  const given = await scene(t);
  await put(given, '/hidden', 'old', ['user:bob read']);
  await put(given, '/removed', 'old');
  await journaled(given, '/hidden', 'new', ['user:bob deny read']);
  await journaled(given, '/at-once', 'new');
  await journaled(given, '/fine', 'new', ['user:bob read']);
  const orphan = (await partialOf(given.root, 'orphan')).name;
  await given.store.files.beginRemoval({ partial: 'removal /removed', path: path('/removed') });
  for (const on of ['/hidden', '/removed']) unlinkSync(`${given.folder}/store/files${on}`);
  for (const on of ['/hidden', '/at-once', '/removed']) folderAt(given.folder, on);
  unlinkSync(given.root.partialPath(orphan));
  mkdirSync(given.root.partialPath(orphan));

  for (const again of [false, true]) {
    const { stuck, ...counts } = await recover(given.store.files, given.root);
    t.strictSame(stuck.map(({ what }) => what).sort(), [orphan, '/hidden', '/at-once', '/removed'].sort());
    t.ok(
      stuck.every(({ cause }) => cause instanceof Error),
      'each with its cause',
    );
    const { stuck: _, ...none } = NOTHING;
    t.strictSame(counts, again ? none : { ...none, finished: 1 });
    t.equal(await mayRead(given.authorizer, 'user:bob', '/hidden'), 'not-known', 'a hidden path stays 503');
    t.equal(await mayRead(given.authorizer, 'user:bob', '/fine'), true);
  }

  for (const on of ['/hidden', '/at-once', '/removed']) {
    rmSync(`${given.folder}/store/files${on}`, { recursive: true });
  }
  rmSync(given.root.partialPath(orphan), { recursive: true });
  const { stuck, finished, removals } = await recover(given.store.files, given.root);
  t.strictSame([stuck, finished, removals], [[], 2, 1], 'and is finished when it has been mended');
  t.strictSame([served(given.folder, '/hidden'), served(given.folder, '/at-once')], ['new', 'new']);
  t.equal(await mayRead(given.authorizer, 'user:bob', '/hidden'), false);
  t.strictSame(partialsIn(given.folder), []);
});

t.test(
  'a commit whose partial has come to lie on another file system is stuck, and is no end of the start',
  { skip: !IS_ELSEWHERE },
  async (t) => {
    const given = await scene(t);
    const { partial } = await journaled(given, PLAN, 'new', ['user:bob read']);
    const partialFolder = mkdtempSync(`${SHARED_MEMORY}/latchkey-`);
    t.teardown(() => rmSync(partialFolder, { recursive: true }));
    writeFileSync(`${partialFolder}/${partial}`, 'new');
    const moved = new StorageRoot({ root: `${given.folder}/store`, mount: '/files/', partialFolder });
    const { stuck } = await recover(given.store.files, moved);
    t.match(stuck, [{ what: PLAN, cause: { code: 'EXDEV' } }]);
    t.strictSame(await recover(given.store.files, given.root), { ...NOTHING, finished: 1 });
  },
);

t.test('a store that cannot be written is no stuck path: nothing can be known without it', async (t) => {
  const given = await scene(t);
  await journaled(given, PLAN, 'new');
  await given.store.close();
  await t.rejects(recover(given.store.files, given.root));
});

/** A commit as it stands in the journal before its rename. */
async function journaled(given: Scene, on: string, text: string, lines: readonly string[] = []) {
  const { name: partial, bytes } = await partialOf(given.root, text);
  utimesSync(given.root.partialPath(partial), SECOND, SECOND);
  const entry: CommitEntry = {
    partial,
    file: { path: path(on), owner: undefined, bytes, updatedAt: SECOND * 1000 },
    grants: lines.map((line) => ({ ...draft(`${line} /`), path: path(on) })),
    replaces: await given.store.files.file(path(on)),
    visibility: lines.length > 0 ? 'hidden' : 'at-once',
  };
  await given.store.files.beginCommit([entry]);
  return entry;
}
