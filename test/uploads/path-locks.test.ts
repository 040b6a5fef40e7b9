/** Who holds which path when: one after another on one path, side by side on others, and never for good. */

import t from 'tap';
import { PathLocks } from '../../src/uploads/path-locks.js';
import { settled } from '../storage/interleavings.js';

/** Work that begins when it is let in and ends when the test says so; `log` has both. */
function scene() {
  const locks = new PathLocks();
  const log: string[] = [];
  const enter = (name: string, paths: readonly string[]) => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const done = locks.run(paths, async () => {
      log.push(`${name} in`);
      await promise;
      log.push(`${name} out`);
      return name;
    });
    done.catch(() => undefined);
    return { leave: resolve, fail: reject, done };
  };
  return { locks, log, enter };
}

t.test('on one path, in the order of arrival', async (t) => {
  const { log, enter } = scene();
  const [one, two, three] = [enter('one', ['/a']), enter('two', ['/a']), enter('three', ['/a'])];
  await settled();
  t.strictSame(log, ['one in']);
  for (const work of [three, two, one]) work.leave();
  t.strictSame(await Promise.all([one.done, two.done, three.done]), ['one', 'two', 'three']);
  t.strictSame(log, ['one in', 'one out', 'two in', 'two out', 'three in', 'three out']);
});

t.test('who asks hears whether a path is free, with the folders above it and all below it', async (t) => {
  const { locks, enter } = scene();
  const [file, folder] = [enter('file', ['/a/b']), enter('folder', ['/c/'])];
  const free = ['/a/b', '/a/', '/', '/a/c', '/c', '/c/d'].filter((path) => locks.isFree(path));
  t.strictSame(free, ['/a/c', '/c']);
  file.leave();
  folder.leave();
  await Promise.all([file.done, folder.done]);
  t.ok(locks.isFree('/'));
});

t.test('on different paths, side by side', async (t) => {
  const { log, enter } = scene();
  const works = [enter('one', ['/a']), enter('two', ['/b']), enter('three', ['/A'])];
  await settled();
  t.strictSame(log, ['one in', 'two in', 'three in']);
  for (const work of works) work.leave();
  await Promise.all(works.map(({ done }) => done));
});

t.test(
  'of several paths, all or none: whoever wants one of them waits, and nobody waits for each other',
  async (t) => {
    const { log, enter } = scene();
    const form = enter('form', ['/a', '/b']);
    const crossed = enter('crossed', ['/b', '/a']);
    const single = enter('single', ['/a']);
    await settled();
    t.strictSame(log, ['form in']);
    form.leave();
    await form.done;
    await settled();
    t.strictSame(log, ['form in', 'form out', 'crossed in']);
    crossed.leave();
    single.leave();
    await Promise.all([crossed.done, single.done]);
    t.strictSame(log.slice(3), ['crossed out', 'single in', 'single out']);
  },
);

t.test('whoever fails hands its own error on, and the paths', async (t) => {
  const { enter } = scene();
  const failing = enter('failing', ['/a']);
  const next = enter('next', ['/a']);
  failing.fail(new Error('no space'));
  next.leave();
  await t.rejects(failing.done, { message: 'no space' });
  t.equal(await next.done, 'next');
});

t.test('the same path named twice is held once', async (t) => {
  const { enter } = scene();
  const twice = enter('twice', ['/a', '/a']);
  const next = enter('next', ['/a']);
  twice.leave();
  next.leave();
  t.strictSame(await Promise.all([twice.done, next.done]), ['twice', 'next']);
});

t.test('no path at all waits for nobody', async (t) => {
  t.equal(await new PathLocks().run([], async () => 'done'), 'done');
});

t.test('a folder is held with all below it, and with nothing of a like name', async (t) => {
  const { log, enter } = scene();
  const file = enter('file', ['/team/a/b']);
  const folder = enter('folder', ['/team/']);
  const [inside, deep, outside] = [
    enter('inside', ['/team/x']),
    enter('deep', ['/team/a/']),
    enter('outside', ['/teams/x', '/team', '/Team/x']),
  ];
  await settled();
  t.strictSame(log, ['file in', 'outside in'], 'the folder waits for the file, and all in it for the folder');
  file.leave();
  await file.done;
  await settled();
  t.equal(log.at(-1), 'folder in');
  folder.leave();
  await folder.done;
  await settled();
  t.strictSame(log.slice(-2), ['inside in', 'deep in']);
  for (const work of [inside, deep, outside]) work.leave();
  await Promise.all([inside.done, deep.done, outside.done]);
});

t.test('folders that want each other from both ends take turns', async (t) => {
  const { log, enter } = scene();
  const works = [enter('one', ['/a/', '/b/c']), enter('two', ['/b/', '/a/c']), enter('three', ['/'])];
  await settled();
  t.strictSame(log, ['one in']);
  for (const work of works) work.leave();
  await Promise.all(works.map(({ done }) => done));
  t.strictSame(log, ['one in', 'one out', 'two in', 'two out', 'three in', 'three out']);
});
