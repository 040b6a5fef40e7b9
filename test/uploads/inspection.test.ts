/** What is refused for its content leaves nothing, what cannot be told leaves nothing, and the right is asked again. */

import { readFileSync, writeFileSync } from 'node:fs';
import t, { type Test } from 'tap';
import { NotKnown } from '../../src/acl/errors.js';
import { Committer, type Upload } from '../../src/uploads/committer.js';
import { Copier } from '../../src/uploads/copier.js';
import { Inspection } from '../../src/uploads/inspection.js';
import { ANY_TYPE, typeOfText } from '../../src/uploads/media-types.js';
import { Mover } from '../../src/uploads/mover.js';
import type { Scan } from '../../src/uploads/scan.js';
import { namesIn, partialOf, partialsIn, path, scene, served, upload } from './given.js';

const NO_PAGES = { allowed: [], refused: ['text/html'] };
/** Without the thread: what text is. */
const fileTypes = { of: async ({ file }: { file: string }) => typeOfText(readFileSync(file, 'latin1')) };

async function inspected(t: Test, scan?: Scan, rules = ANY_TYPE) {
  const given = await scene(t);
  const { root, locks, store } = given;
  const refused: object[] = [];
  const inspection = new Inspection({ rules, fileTypes, scan, onRefused: (what) => void refused.push(what) });
  const { files, moves, tree, acl, expiries } = store;
  const committer = new Committer({ root, files, expiries, clock: () => Date.now(), locks, inspection });
  const mover = new Mover({ root, files, moves, tree, locks, inspection });
  const copier = new Copier({ root, acl, committer, locks });
  const of = async (on: string, text: string, more: Partial<Upload> = {}): Promise<Upload> => ({
    ...upload(on, await partialOf(root, text)),
    ...more,
  });
  return { ...given, refused, committer, mover, copier, of };
}

/** As a virus scanner: by what is in the file, which it opens by itself. */
const scan: Scan = async ({ file }) => {
  const text = readFileSync(file, 'utf8');
  if (text.includes('unknown')) throw new NotKnown('scan-unavailable', 'the test does not know');
  return text.includes('virus') ? { kind: 'no', reason: 'a virus' } : { kind: 'yes' };
};

t.test('a scan says yes, no, or nothing that can be understood', async (t) => {
  const given = await inspected(t, scan);
  await given.committer.commit([await given.of('/a', 'fine')]);
  t.equal(served(given.folder, '/a'), 'fine');
  for (const [text, code] of [
    ['a virus', 'scan-refused'],
    ['unknown', 'scan-unavailable'],
  ] as const) {
    await t.rejects(given.committer.commit([await given.of('/a', text)]), { code });
    await t.rejects(given.committer.commit([await given.of('/new/b', text)]), { code });
    const two = [await given.of('/new/c', 'fine'), await given.of('/new/d', text)];
    await t.rejects(given.committer.commit(two), { code }, 'all or none');
  }
  t.strictSame(namesIn(given.folder), ['a']);
  t.equal(served(given.folder, '/a'), 'fine', 'what was there stands');
  t.strictSame(partialsIn(given.folder), []);
  t.match(given.refused, [
    { path: '/a', bytes: 7, reason: 'a virus' },
    { path: '/new/b' },
    { path: '/new/d' },
  ]);
});

t.test('nothing is visible while it is scanned, and no lock is held', async (t) => {
  const { promise: answered, resolve: answer } = Promise.withResolvers<void>();
  const { promise: asked, resolve: ask } = Promise.withResolvers<void>();
  const given = await inspected(t, async ({ file }) => {
    if (readFileSync(file, 'utf8') !== 'slow') return { kind: 'yes' };
    ask();
    await answered;
    return { kind: 'yes' };
  });
  const slow = given.committer.commit([await given.of('/a', 'slow')]);
  await asked;
  t.equal(served(given.folder, '/a'), undefined);
  await given.committer.commit([await given.of('/a', 'quick')]);
  t.equal(served(given.folder, '/a'), 'quick', 'another one is not kept waiting');
  answer();
  await slow;
  t.equal(served(given.folder, '/a'), 'slow');
});

t.test('a right that was lost meanwhile refuses the upload', async (t) => {
  let may = true;
  const given = await inspected(t, async () => {
    may = false;
    return { kind: 'yes' };
  });
  const authorise = async () => {
    if (!may) throw new Error('revoked');
  };
  await t.rejects(given.committer.commit([await given.of('/a', 'x', { authorise })]), /revoked/);
  writeFileSync(`${given.folder}/store/files/b`, 'x');
  may = true;
  const copy = {
    from: path('/b'),
    to: path('/c'),
    grants: 'drop',
    onConflict: 'refuse',
    bytesMax: undefined,
  } as const;
  await t.rejects(given.copier.copy({ ...copy, owner: undefined, authorise }), /revoked/);
  t.strictSame(namesIn(given.folder), ['b']);
  t.strictSame(partialsIn(given.folder), []);
});

t.test('a copy is looked at as an upload is; a move, where the ending changes', async (t) => {
  const given = await inspected(t, undefined, NO_PAGES);
  const there = (on: string, text: string) => writeFileSync(`${given.folder}/store/files${on}`, text);
  there('/page.txt', '<html>');
  there('/plain.txt', 'Use <script> with care.');
  const authorise = async () => {};
  const shape = {
    grants: 'drop',
    onConflict: 'refuse',
    owner: undefined,
    bytesMax: undefined,
    authorise,
  } as const;
  const copy = async (from: string, to: string): Promise<unknown> =>
    given.copier.copy({ ...shape, from: path(from), to: path(to) });
  const move = async (from: string, to: string): Promise<unknown> =>
    given.mover.move({ ...shape, from: path(from), to: path(to) });
  for (const act of [copy, move]) {
    await t.rejects(act('/plain.txt', '/plain.html'), {
      code: 'type-refused',
      message: /text\/html is refused/,
    });
  }
  await t.rejects(copy('/page.txt', '/again.txt'), { code: 'type-refused' });
  await move('/page.txt', '/away/page.txt');
  await copy('/plain.txt', '/plain.md');
  t.strictSame(namesIn(given.folder), ['away', 'away/page.txt', 'plain.md', 'plain.txt']);
});

t.test('who asks for an ending gets what it stands for', async (t) => {
  const given = await inspected(t);
  const asNamed = { content: 'as-named' } as const;
  await t.rejects(given.committer.commit([await given.of('/a.csv', '<html>\0', asNamed)]), {
    code: 'type-refused',
    message: /says that it is text\/csv, and it is application\/octet-stream/,
  });
  await given.committer.commit([await given.of('/a.csv', 'a,b', asNamed)]);
  await given.committer.commit([await given.of('/b.csv', '\0')]);
  t.strictSame(namesIn(given.folder), ['a.csv', 'b.csv']);
});

t.test('one form asks for few scans at once, however many files are in it', async (t) => {
  let [running, most] = [0, 0];
  const given = await inspected(t, async ({ path: on }) => {
    running += 1;
    most = Math.max(most, running);
    await new Promise((resolve) => setImmediate(resolve));
    running -= 1;
    return on === '/7' ? { kind: 'no', reason: 'a virus' } : { kind: 'yes' };
  });
  const names = Array.from({ length: 20 }, (_, i) => `/${i}`);
  const form = await Promise.all(names.map((on) => given.of(on, on)));
  await t.rejects(given.committer.commit(form), { code: 'scan-refused' });
  t.equal(running, 0, 'none goes on behind the answer');
  t.ok(most <= 4, `${most} at once`);
  t.strictSame(partialsIn(given.folder), []);
});

t.test(
  'the nearest folder says which types are taken, and what the site refuses is refused there, too',
  async (t) => {
    const rules = {
      allowed: ['text/plain'],
      refused: ['text/html'],
      folders: [
        { folder: path('/any/'), allowed: [], refused: ['text/csv'] },
        { folder: path('/any/css/'), allowed: ['text/css'], refused: [] },
      ],
    };
    const given = await inspected(t, undefined, rules);
    for (const [on, text, may] of [
      ['/a.txt', 'x', true],
      ['/a.css', 'x', false],
      ['/anyone/a.css', 'x', false],
      ['/any/a.css', 'x', true],
      ['/any/deep/a.md', 'x', true],
      ['/any/a.csv', 'x', false],
      ['/any/a.txt', '<html>', false],
      ['/any/css/a.css', 'x', true],
      ['/any/css/a.txt', 'x', false],
      ['/any/css/a.csv', 'x', false],
    ] as const) {
      const commit = given.committer.commit([await given.of(on, text)]);
      if (may) t.match(await commit, [{ path: on }]);
      else await t.rejects(commit, { code: 'type-refused' }, on);
    }
    const move = (from: string, to: string) =>
      given.mover.move({
        from: path(from),
        to: path(to),
        grants: 'keep',
        onConflict: 'refuse',
        authorise: async () => {},
      });
    // A file is judged by where it goes; a folder only goes where the same holds for all that is in it.
    await t.rejects(move('/any/a.css', '/a.css'), { code: 'type-refused' });
    await t.rejects(move('/any/a.css', '/any/css/a.txt'), { code: 'type-refused' });
    t.match(await move('/any/a.css', '/any/css/b.css'), { path: '/any/css/b.css' });
    for (const [from, to] of [
      ['/any/', '/other/'],
      ['/any/css/', '/any/deep/css/'],
      ['/any/deep/', '/deep/'],
    ] as const) {
      await t.rejects(move(from, to), { code: 'conflict', message: /one by one/ }, from);
    }
    t.match(await move('/any/deep/', '/any/deeper/'), { path: '/any/deeper/' });
  },
);
