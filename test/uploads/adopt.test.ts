/** A file that goes, or is replaced, between the look at it and its row: no row is left of what is not there. */

import { rmSync, writeFileSync } from 'node:fs';
import t from 'tap';
import type { FileStore } from '../../src/acl/ports.js';
import { ROOT } from '../../src/acl/resource-path.js';
import { type AdoptWish, adopt } from '../../src/uploads/adopt.js';
import { lookAgain } from '../../src/uploads/second-look.js';
import { path, put, scene, UNCONDITIONAL } from './given.js';

const WISH: AdoptWish = {
  folder: ROOT,
  mode: 'write',
  ownerOf: () => undefined,
  namedMax: 10,
  onProgress: () => undefined,
};

/** The store, and what somebody does just before and just after it is written to first. */
function withTurn(
  files: FileStore,
  before: () => Promise<unknown>,
  after: () => Promise<unknown>,
): FileStore {
  let turns = 0;
  return Object.assign(Object.create(files), {
    records: (selection: Parameters<FileStore['records']>[0]) => files.records(selection),
    reconcile: async (changes: Parameters<FileStore['reconcile']>[0]) => {
      turns += 1;
      if (turns > 1) return files.reconcile(changes);
      await before();
      const made = await files.reconcile(changes);
      await after();
      return made;
    },
  });
}

const NOTHING = async () => undefined;

t.test('each way in which a file can go meanwhile', async (t) => {
  const given = await scene(t);
  const { store, root, committer, folder } = given;
  const remove = (on: string) => committer.remove(path(on), UNCONDITIONAL);
  const byHand = async (on: string) => rmSync(`${folder}/store/files${on}`);
  const table = [
    ['removed by a service before its row', () => remove('/a'), NOTHING, undefined],
    ['removed by hand before its row', () => byHand('/a'), NOTHING, undefined],
    ['removed by a service behind its row', NOTHING, () => remove('/a'), undefined],
    ['replaced before its row', () => put(given, '/a', 'other'), NOTHING, 5],
    ['replaced behind its row', NOTHING, () => put(given, '/a', 'other'), 5],
    ['nothing of it', NOTHING, NOTHING, 3],
  ] as const;
  for (const [name, before, after, bytes] of table) {
    writeFileSync(`${folder}/store/files/a`, 'old');
    writeFileSync(`${folder}/store/files/b`, 'b');
    await adopt({ root, files: withTurn(store.files, before, after) }, WISH);
    t.equal((await store.files.file(path('/a')))?.bytes, bytes, name);
    const looks = await lookAgain(store.files, root, [path('/a'), path('/b')]);
    t.same(
      looks.map(({ outcome }) => outcome),
      ['match', 'match'],
      'store and disk agree',
    );
    rmSync(`${folder}/store/files/a`, { force: true });
    const records = await store.files.records({ folder: ROOT, max: 10 });
    await store.files.reconcile(records.map((from) => ({ path: from.path, from, to: undefined })));
  }
});
