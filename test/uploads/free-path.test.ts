/** Uploads that never overwrite: each takes the first name that is free, however many ask for one name at once. */

import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import t from 'tap';
import type { Upload } from '../../src/uploads/committer.js';
import { namesIn, partialOf, partialsIn, path, put, type Scene, scene, served, upload } from './given.js';

const NEVER_OVERWRITE = { ifMatch: undefined, ifNoneMatch: '*', ifUnmodifiedSince: undefined };

async function numbered({ root }: Scene, on: string, text: string): Promise<Upload> {
  const partial = await partialOf(root, text);
  return {
    ...upload(on, partial, [], NEVER_OVERWRITE),
    candidate: async (number) => path(number === 1 ? on : `${on} (${number})`),
  };
}

async function putNumbered(given: Scene, on: string, text: string): Promise<string | undefined> {
  const [committed] = await given.committer.commit([await numbered(given, on, text)]);
  return committed?.path;
}

t.test('what is free is taken as it is, else the first number that is', async (t) => {
  const given = await scene(t);
  t.equal(await putNumbered(given, '/in/a', 'first'), '/in/a');
  t.equal(await putNumbered(given, '/in/a', 'second'), '/in/a (2)');
  await put(given, '/in/a (4)', 'somebody else');
  t.equal(await putNumbered(given, '/in/a', 'third'), '/in/a (3)');
  t.equal(await putNumbered(given, '/in/a', 'fourth'), '/in/a (5)');
  t.equal(served(given.folder, '/in/a'), 'first');
  t.equal(served(given.folder, '/in/a (4)'), 'somebody else');
  t.strictSame(partialsIn(given.folder), []);
});

t.test('a folder, a symlink, and a file that we did not write are in the way as well', async (t) => {
  const given = await scene(t);
  const base = `${given.folder}/store/files`;
  mkdirSync(`${base}/a`);
  symlinkSync('nowhere', `${base}/a (2)`);
  writeFileSync(`${base}/a (3)`, 'by hand');
  t.equal(await putNumbered(given, '/a', 'mine'), '/a (4)');
});

t.test('files of one form that have one name get numbers, too', async (t) => {
  const given = await scene(t);
  const uploads = [];
  for (const text of ['one', 'two', 'three']) uploads.push(await numbered(given, '/a', text));
  const committed = await given.committer.commit(uploads);
  t.strictSame(
    committed.map(({ path: at }) => [at, served(given.folder, at)]),
    [
      ['/a', 'one'],
      ['/a (2)', 'two'],
      ['/a (3)', 'three'],
    ],
  );
});

t.test('of twenty at once each gets a name of its own', async (t) => {
  const given = await scene(t);
  const texts = Array.from({ length: 20 }, (_, i) => `text ${i}`);
  const names = await Promise.all(texts.map((text) => putNumbered(given, '/a', text)));
  const expected = texts.map((_, i) => (i === 0 ? '/a' : `/a (${i + 1})`));
  t.strictSame([...names].sort(), expected.sort());
  t.strictSame(
    names.map((name) => served(given.folder, name ?? '')),
    texts,
  );
});

t.test('a name that is taken by another writer before the lock is had is passed over', async (t) => {
  const given = await scene(t);
  const partial = await partialOf(given.root, 'theirs');
  const theirs = given.committer.commit([upload('/a', partial)]);
  const mine = given.committer.commit([await numbered(given, '/a', 'mine')]);
  await theirs;
  t.strictSame([(await mine)[0]?.path, served(given.folder, '/a')], ['/a (2)', 'theirs']);
});

t.test('when all names are taken, it is refused, and nothing is left', async (t) => {
  const given = await scene(t);
  await put(given, '/a', 'there');
  const partial = await partialOf(given.root, 'mine');
  const stuck = { ...upload('/a', partial, [], NEVER_OVERWRITE), candidate: async () => path('/a') };
  await t.rejects(given.committer.commit([stuck]), { code: 'conflict', message: /too many files/ });
  await t.rejects(
    given.committer.commit([
      { ...stuck, partial: await partialOf(given.root, 'mine'), candidate: async () => undefined },
    ]),
    { code: 'conflict' },
  );
  t.strictSame([namesIn(given.folder), partialsIn(given.folder)], [['a'], []]);
});

t.test(
  'what is found out about a candidate at the last moment refuses all, and nothing is left',
  async (t) => {
    const given = await scene(t);
    const good = await numbered(given, '/a', 'one');
    const revoked = async () => {
      throw new Error('revoked');
    };
    const refused = { ...(await numbered(given, '/b', 'two')), candidate: revoked };
    await t.rejects(given.committer.commit([good, refused]), { message: 'revoked' });
    t.strictSame([namesIn(given.folder), partialsIn(given.folder)], [[], []]);
  },
);
