/**
 * Commits and removals as they go when nothing fails: what is there afterwards, what was refused before anything
 * was written, and what a visitor could have seen in between.
 */

import { mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import t from 'tap';
import {
  mayRead,
  namesIn,
  OWNER,
  partialOf,
  partialsIn,
  path,
  put,
  scene,
  served,
  UNCONDITIONAL,
  upload,
} from './given.js';

const PLAN = '/team/plan.txt';
const RACERS = 20;
const REPLACEMENTS = 5;

t.test(
  'a new file is there with its record, its grants and the entity tag that nginx will give it',
  async (t) => {
    const given = await scene(t);
    const { created, bytes, entityTag } = await put(given, PLAN, 'plan', ['user:bob read']);
    const { mtimeMs, mode } = statSync(`${given.folder}/store/files${PLAN}`);
    t.equal(served(given.folder, PLAN), 'plan');
    t.equal(mode & 0o777, 0o640);
    t.strictSame([created, bytes, entityTag], [true, 4, `"${(mtimeMs / 1000).toString(16)}-4"`]);
    t.strictSame(await given.store.files.file(path(PLAN)), {
      path: path(PLAN),
      owner: OWNER,
      bytes: 4,
      updatedAt: mtimeMs,
    });
    t.equal(await mayRead(given.authorizer, 'user:bob', PLAN), true);
    t.strictSame(partialsIn(given.folder), []);
  },
);

t.test('each version of a path has another entity tag, even of one size in one second', async (t) => {
  const given = await scene(t);
  const tags = new Set<string>();
  for (const text of ['one', 'two', 'six', 'ten']) tags.add((await put(given, PLAN, text)).entityTag);
  t.equal(tags.size, 4);
});

t.test('a replacement keeps the grants that it does not set', async (t) => {
  const given = await scene(t);
  await put(given, PLAN, 'old', ['user:bob read', 'user:eve deny read']);
  await put(given, PLAN, 'new', ['user:ann read']);
  t.equal((await put(given, PLAN, 'newer')).created, false);
  t.strictSame(
    [
      await mayRead(given.authorizer, 'user:bob', PLAN),
      await mayRead(given.authorizer, 'user:eve', PLAN),
      await mayRead(given.authorizer, 'user:ann', PLAN),
    ],
    [true, false, true],
  );
});

t.test('what is in the way is a conflict, before anything is written', async (t) => {
  const given = await scene(t);
  const base = `${given.folder}/store/files`;
  mkdirSync(`${base}/folder`);
  writeFileSync(`${base}/file`, 'file');
  symlinkSync('file', `${base}/link`);
  const before = namesIn(given.folder);
  const cases = [
    ['/folder', /is a folder; choose a name/],
    ['/folder/', /is a folder; choose a name/],
    ['/file/below', /is a file already/],
    ['/link', /no file .* such as a link/],
    ['/link/below', /is a file already/],
  ] as const;
  for (const [on, message] of cases) {
    await t.rejects(put(given, on, 'new', ['user:bob read']), { code: 'conflict', message }, on);
    t.strictSame(await given.store.acl.grantsOn([path(on)]), [], 'no grant is set');
  }
  t.strictSame(namesIn(given.folder), before);
  t.equal(served(given.folder, '/file'), 'file');
  t.strictSame(partialsIn(given.folder), []);
  for (const [on, code] of [
    ['/folder', 'conflict'],
    ['/link', 'conflict'],
    ['/none', 'not-found'],
    ['/link/below', 'not-found'],
  ] as const) {
    await t.rejects(given.committer.remove(path(on), UNCONDITIONAL), { code }, `DELETE ${on}`);
  }
});

t.test('several files are committed together, and two of one name not at all', async (t) => {
  const given = await scene(t);
  const [a, b] = [await partialOf(given.root, 'a'), await partialOf(given.root, 'b')];
  await given.committer.commit([upload('/x/a', a, ['user:bob read']), upload('/x/b', b)]);
  t.strictSame([served(given.folder, '/x/a'), served(given.folder, '/x/b')], ['a', 'b']);
  const [c, d] = [await partialOf(given.root, 'c'), await partialOf(given.root, 'd')];
  const twice = [upload('/x/c', c), upload('/x/c', d)];
  await t.rejects(given.committer.commit(twice), { code: 'conflict', message: /rename one/ });
  t.equal(served(given.folder, '/x/c'), undefined);
  t.strictSame(partialsIn(given.folder), []);
});

t.test('of many that want to be the first, one is', async (t) => {
  const given = await scene(t);
  const first = { ...UNCONDITIONAL, ifNoneMatch: '*' };
  const racers = Array.from({ length: RACERS }, (_, i) => put(given, PLAN, `racer ${i}`, [], first));
  const ends = await Promise.allSettled(racers);
  const won = ends.flatMap((end, i) => (end.status === 'fulfilled' ? [i] : []));
  t.equal(won.length, 1);
  t.equal(served(given.folder, PLAN), `racer ${won[0]}`);
  const codes = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason.code] : []));
  t.strictSame(new Set(codes), new Set(['precondition-failed']));
  t.strictSame(partialsIn(given.folder), []);
});

t.test('of many that replace one version, one does: no update is lost', async (t) => {
  const given = await scene(t);
  const { entityTag } = await put(given, PLAN, 'first');
  const same = { ...UNCONDITIONAL, ifMatch: entityTag };
  const racers = Array.from({ length: RACERS }, (_, i) => put(given, PLAN, `racer ${i}`, [], same));
  const ends = await Promise.allSettled(racers);
  t.equal(ends.filter(({ status }) => status === 'fulfilled').length, 1);
});

t.test('a removal takes the file, its record and its allows, and leaves the denies', async (t) => {
  const given = await scene(t);
  const { entityTag } = await put(given, PLAN, 'old', ['user:bob read', 'user:eve deny read']);
  const stale = { ...UNCONDITIONAL, ifMatch: '"stale"' };
  await t.rejects(given.committer.remove(path(PLAN), stale), { code: 'precondition-failed' });
  await given.committer.remove(path(PLAN), { ...UNCONDITIONAL, ifMatch: entityTag });
  t.equal(served(given.folder, PLAN), undefined);
  t.equal(await given.store.files.file(path(PLAN)), undefined);
  const left = await given.store.acl.grantsOn([path(PLAN)]);
  t.strictSame(
    left.map(({ principal, effect }) => [principal, effect]),
    [['user:eve', 'deny']],
  );
  await t.rejects(given.committer.remove(path(PLAN), UNCONDITIONAL), { code: 'not-found' });
});

t.test('whoever was told yes and opens at once never gets the bytes of other grants', async (t) => {
  const given = await scene(t);
  // In turn, the old text is bob's alone and the new one ann's alone.
  const versions = [
    ['for bob', ['user:bob read', 'user:ann deny read']],
    ['for ann', ['user:ann read', 'user:bob deny read']],
  ] as const;
  await put(given, PLAN, versions[0][0], versions[0][1]);
  let replacing = true;
  const seen = new Set<string>();
  const wrong: string[] = [];
  const visitor = async (name: string) => {
    while (replacing) {
      if ((await mayRead(given.authorizer, `user:${name}`, PLAN)) === true) {
        const text = served(given.folder, PLAN);
        seen.add(`${name}: ${text}`);
        if (text !== `for ${name}`) wrong.push(`${name} got '${text}'`);
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const visitors = [visitor('bob'), visitor('ann')];
  for (let i = 1; i <= REPLACEMENTS; i++) {
    const [text, lines] = versions[i % 2 === 0 ? 0 : 1];
    await put(given, PLAN, text, lines);
  }
  replacing = false;
  await Promise.all(visitors);
  t.strictSame(wrong, []);
  t.strictSame([...seen].sort(), ['ann: for ann', 'bob: for bob'], 'and both were there to see');
});
