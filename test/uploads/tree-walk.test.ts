/** The tree as it is walked: in the byte order of whole paths, in pages, over everything that a disk may hold. */

import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { ROOT } from '../../src/acl/resource-path.js';
import { namesByBytes } from '../../src/uploads/folder-names.js';
import { walkTree } from '../../src/uploads/tree-walk.js';
import { path, rootIn } from './given.js';

async function tree(t: Test) {
  const folder = t.testdir();
  const root = rootIn(folder);
  await root.prepare();
  return { root, files: `${folder}/store/files` };
}

async function walked(...[root, folder]: Parameters<typeof walkTree>) {
  const entries = [];
  for await (const page of walkTree(root, folder)) entries.push(...page);
  return entries.map((entry) => `${entry.kind} ${entry.kind === 'unservable' ? entry.shown : entry.path}`);
}

t.test('paths come in the order of their bytes, however folders and files are called', async (t) => {
  const { root, files } = await tree(t);
  const segment = fc.string({
    unit: fc.constantFrom('a', 'b', '.', '-', '0', ' ', 'é', '\u{e000}', '😀'),
    minLength: 1,
    maxLength: 3,
  });
  const name = segment.filter((text) => text !== '.' && text !== '..');
  const paths = fc.uniqueArray(fc.array(name, { minLength: 1, maxLength: 3 }), { maxLength: 25 });
  await fc.assert(
    fc.asyncProperty(paths, async (drawn) => {
      rmSync(files, { recursive: true });
      mkdirSync(files);
      const made = new Set<string>();
      for (const segments of drawn) {
        try {
          mkdirSync([files, ...segments.slice(0, -1)].join('/'), { recursive: true });
          writeFileSync([files, ...segments].join('/'), '', { flag: 'wx' });
          made.add(`/${segments.join('/')}`);
        } catch {
          // A file or a folder of that name is there already.
        }
      }
      const found = (await walked(root, ROOT)).filter((line) => line.startsWith('file '));
      const wanted = [...made].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      return JSON.stringify(found) === JSON.stringify(wanted.map((one) => `file ${one}`));
    }),
    { numRuns: 100 },
  );
  t.pass('it held');
});

t.test('names come in pages, each once, whatever the size of a page', async (t) => {
  const folder = t.testdir();
  const names = Array.from({ length: 50 }, (_, i) => `n${(i * 37) % 50}`);
  for (const name of names) writeFileSync(`${folder}/${name}`, '');
  mkdirSync(`${folder}/n1.d`);
  symlinkSync('n1', `${folder}/n1-`);
  const wanted = [...names, 'n1.d', 'n1-'].sort();
  for (const max of [1, 2, 3, 25, 51, 52, 53, 1_000]) {
    const found: string[] = [];
    for await (const page of namesByBytes(folder, max)) {
      t.ok(page.length <= max);
      found.push(...page.map(({ bytes }) => bytes));
    }
    t.same(found, wanted, `${max} at a time`);
  }
});

t.test('what vanishes while it is walked is passed over, files and folders', async (t) => {
  const { root, files } = await tree(t);
  for (let i = 0; i < 1_500; i++) writeFileSync(`${files}/f${String(i).padStart(4, '0')}`, '');
  mkdirSync(`${files}/g`);
  writeFileSync(`${files}/g/in`, '');
  let [count, pages] = [0, 0];
  for await (const page of walkTree(root, ROOT)) {
    if (pages === 0) {
      rmSync(`${files}/f1400`);
      rmSync(`${files}/f1401`);
      mkdirSync(`${files}/f1401`); // it became something else
      rmSync(`${files}/g`, { recursive: true });
    }
    pages += 1;
    count += page.filter(({ kind }) => kind === 'file').length;
  }
  t.same([pages, count], [2, 1_498]);
});

t.test('no symlink is followed, neither below nor above', async (t) => {
  const { root, files } = await tree(t);
  mkdirSync(`${files}/real`);
  writeFileSync(`${files}/real/a`, '');
  symlinkSync('real', `${files}/link`);
  symlinkSync('..', `${files}/real/up`);
  t.same(await walked(root, ROOT), [
    'folder /',
    'other /link',
    'folder /real/',
    'file /real/a',
    'other /real/up',
  ]);
  t.same(await walked(root, path('/link/')), []);
  t.same(await walked(root, path('/none/')), []);
  t.same(await walked(root, path('/real/a/')), []);
});

t.test('a tree deeper than any path can be ends there, and says so', async (t) => {
  const { root, files } = await tree(t);
  const deep = 'd'.repeat(200);
  // Longer than a path may be, so it is made step by step.
  const script = `cd "$1"; for i in $(seq 1 25); do mkdir "$2"; cd "./$2"; done; echo x > end`;
  execFileSync('bash', ['-c', script, 'bash', files, deep]);
  const found = await walked(root, ROOT);
  t.equal(found.filter((line) => line.startsWith('unservable ')).length, 1);
  t.match(found.at(-1), /^unservable /);
  t.ok(found.length > 10 && found.every((line) => line.length < 4_500));
  execFileSync('rm', ['-rf', files]);
});
