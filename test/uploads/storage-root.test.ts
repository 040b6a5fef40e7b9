/**
 * Where a path lies on the disk and what may be done there: nothing outside of the mount is read, written or
 * removed, whatever an operator has put in the way, and what is in the way is said.
 */

import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import t from 'tap';
import { StorageRoot } from '../../src/uploads/storage-root.js';
import { namesIn, partialOf, path, rootIn, scene } from './given.js';

const SHARED_MEMORY = '/dev/shm';
const IS_ELSEWHERE = existsSync(SHARED_MEMORY) && statSync(SHARED_MEMORY).dev !== statSync('.').dev;

t.test('prepare makes both folders, for nobody but owner and group, and may be called again', async (t) => {
  const folder = t.testdir();
  for (let i = 0; i < 2; i++) await rootIn(folder).prepare();
  t.strictSame(readdirSync(folder).sort(), ['partial', 'store']);
  t.equal(statSync(`${folder}/partial`).mode & 0o777, 0o700);
  t.equal(statSync(`${folder}/store/files`).mode & 0o777, 0o750);
});

t.test(
  'partials on another file system are refused, with what to set',
  { skip: !IS_ELSEWHERE },
  async (t) => {
    const folder = t.testdir();
    const elsewhere = mkdtempSync(`${SHARED_MEMORY}/latchkey-`);
    t.teardown(() => rmSync(elsewhere, { recursive: true }));
    const root = new StorageRoot({ root: folder, mount: '/files/', partialFolder: elsewhere });
    await t.rejects(root.prepare(), { message: /different file systems.*set LATCHKEY_PARTIAL/ });
  },
);

t.test('partials where nginx serves are refused', async (t) => {
  const folder = t.testdir({ link: t.fixture('symlink', 'store') });
  for (const inside of ['store', 'store/files', 'store/files/partial', 'store/beside', 'link/partial']) {
    const folders = { root: `${folder}/store`, mount: '/files/', partialFolder: `${folder}/${inside}` };
    mkdirSync(folders.root, { recursive: true });
    await t.rejects(new StorageRoot(folders).prepare(), { message: /could be served/ }, inside);
  }
  const beside = { root: `${folder}/store`, mount: '/files/', partialFolder: `${folder}/store-partials` };
  await t.resolves(new StorageRoot(beside).prepare(), 'a name that only begins alike is beside it');
});

t.test('only what is named as a partial is one: what else lies there is not ours to remove', async (t) => {
  const { root, folder } = await scene(t);
  const { name } = await partialOf(root, 'mine');
  for (const other of ['holiday.jpg', `${name}.bak`, name.toUpperCase(), `x${name}`]) {
    writeFileSync(`${folder}/partial/${other}`, 'precious');
  }
  t.strictSame(await root.partials(), [name]);
});

t.test('a path lies below the mount, name by name as it is', async (t) => {
  const root = new StorageRoot({ root: '/srv/site', mount: '/a/media/', partialFolder: '/srv/partial' });
  const cases = [
    ['/x', '/srv/site/a/media/x'],
    ['/team/plan.pdf', '/srv/site/a/media/team/plan.pdf'],
    ['/%2e%2e/x', '/srv/site/a/media/%2e%2e/x'],
    ['/.../..x', '/srv/site/a/media/.../..x'],
    ['/-rf $HOME;`x`', '/srv/site/a/media/-rf $HOME;`x`'],
  ] as const;
  for (const [resource, disk] of cases) t.equal(root.diskPath(path(resource)), disk);
});

t.test('find tells a file, a folder and anything else, and nothing where nothing is', async (t) => {
  const { root, folder } = await scene(t);
  await root.makeFolders(path('/team/x'));
  writeFileSync(`${folder}/store/files/team/plan`, '0123456789');
  symlinkSync('plan', `${folder}/store/files/team/link`);
  const modifiedSeconds = Math.floor(statSync(`${folder}/store/files/team/plan`).mtimeMs / 1000);
  t.strictSame(await root.find(path('/team/plan')), { kind: 'file', bytes: 10, modifiedSeconds });
  t.equal((await root.find(path('/team')))?.kind, 'folder');
  t.equal((await root.find(path('/team/link')))?.kind, 'other');
  for (const none of ['/none', '/team/none', '/none/x', '/team/plan/x', '/team/plan/x/y']) {
    t.equal(await root.find(path(none)), undefined, none);
  }
});

t.test('a symlink to a folder is followed by nothing', async (t) => {
  const { root, folder } = await scene(t);
  mkdirSync(`${folder}/outside/sub`, { recursive: true });
  writeFileSync(`${folder}/outside/precious`, 'precious');
  symlinkSync(`${folder}/outside`, `${folder}/store/files/link`);
  for (const through of ['/link/precious', '/link/none', '/link/sub/none']) {
    t.equal(await root.find(path(through)), undefined, `${through} is not found`);
    await root.remove(path(through));
    const { name } = await partialOf(root, 'hostile');
    await t.rejects(root.checkFolders(path(through)), { code: 'conflict' });
    await t.rejects(root.makeFolders(path(through)), { code: 'conflict' });
    await t.rejects(root.publish(name, path(through)), { code: 'conflict' });
  }
  t.strictSame(readdirSync(`${folder}/outside`).sort(), ['precious', 'sub']);
  t.equal(readFileSync(`${folder}/outside/precious`, 'utf8'), 'precious');
  t.strictSame(readdirSync(`${folder}/outside/sub`), []);
});

t.test('a file or a dangling link where a folder must be is a conflict, and nothing is made', async (t) => {
  const { root, folder } = await scene(t);
  writeFileSync(`${folder}/store/files/file`, 'a file');
  symlinkSync('nowhere', `${folder}/store/files/dangling`);
  for (const below of ['/file/x', '/file/a/b', '/dangling/x']) {
    await t.rejects(root.checkFolders(path(below)), { code: 'conflict' }, below);
    await t.rejects(
      root.makeFolders(path(below)),
      { code: 'conflict', message: /choose another path/ },
      below,
    );
  }
  t.strictSame(namesIn(folder), ['dangling', 'file']);
  await t.resolves(root.checkFolders(path('/new/a/b')), 'what is missing can be made');
  t.strictSame(namesIn(folder), ['dangling', 'file'], 'and is not made by the look');
});

t.test('folders are made as deep as they are named, once', async (t) => {
  const { root, folder } = await scene(t);
  for (let i = 0; i < 2; i++) await root.makeFolders(path('/a/b c/ü/file'));
  await root.makeFolders(path('/at-the-top'));
  t.strictSame(namesIn(folder), ['a', 'a/b c', 'a/b c/ü']);
  t.equal(statSync(`${folder}/store/files/a/b c`).mode & 0o777, 0o750);
});

t.test('publish puts the partial into place, over a file, never over a folder', async (t) => {
  const { root, folder } = await scene(t);
  await root.publish((await partialOf(root, 'one')).name, path('/team/plan'));
  await root.publish((await partialOf(root, 'two')).name, path('/team/plan'));
  t.equal(readFileSync(`${folder}/store/files/team/plan`, 'utf8'), 'two');
  t.strictSame(await root.partials(), []);
  const { name } = await partialOf(root, 'three');
  await t.rejects(root.publish(name, path('/team')), { code: 'conflict', cause: { code: 'EISDIR' } });
  t.strictSame(await root.partials(), [name], 'the bytes are still there');
  t.equal(await root.hasPartial(name), true);
});

t.test('publish replaces a symlink, not what it leads to', async (t) => {
  const { root, folder } = await scene(t);
  writeFileSync(`${folder}/precious`, 'precious');
  symlinkSync(`${folder}/precious`, `${folder}/store/files/link`);
  await root.publish((await partialOf(root, 'new')).name, path('/link'));
  t.equal(readFileSync(`${folder}/precious`, 'utf8'), 'precious');
  t.equal(statSync(`${folder}/store/files/link`).isFile(), true);
});

t.test('seal gives a partial its second', async (t) => {
  const { root } = await scene(t);
  const { name } = await partialOf(root, 'one');
  await root.seal(name, 1_700_000_000);
  t.equal(statSync(root.partialPath(name)).mtimeMs, 1_700_000_000_000);
});

t.test('remove takes a file or a link, never a folder, and where there is none it is content', async (t) => {
  const { root, folder } = await scene(t);
  await root.publish((await partialOf(root, 'one')).name, path('/team/plan'));
  writeFileSync(`${folder}/precious`, 'precious');
  symlinkSync(`${folder}/precious`, `${folder}/store/files/link`);
  for (const gone of ['/team/plan', '/team/plan', '/link', '/none', '/none/x', '/team/none/x']) {
    await root.remove(path(gone));
  }
  await t.rejects(root.remove(path('/team')), { code: 'EISDIR' });
  t.strictSame(namesIn(folder), ['team']);
  t.equal(readFileSync(`${folder}/precious`, 'utf8'), 'precious');
});

t.test('dropping goes on after what cannot be dropped', async (t) => {
  const { root, folder } = await scene(t);
  const [first, last] = [await partialOf(root, 'one'), await partialOf(root, 'two')];
  mkdirSync(`${folder}/partial/a-folder`);
  await root.tryDropPartials([first, { name: 'a-folder' }, { name: 'none' }, last]);
  t.strictSame(readdirSync(`${folder}/partial`), ['a-folder']);
});

t.test(
  'a folder is listed by what may be served of it: files and folders, with names that a path can have',
  async (t) => {
    const { root, folder } = await scene(t);
    const files = `${folder}/store/files`;
    await root.publish((await partialOf(root, 'one')).name, path('/team/plan'));
    mkdirSync(`${files}/team/sub`);
    symlinkSync(`${files}/team/plan`, `${files}/team/link`);
    symlinkSync(`${files}/team`, `${files}/team/loop`);
    symlinkSync(`${files}/team`, `${files}/alias`);
    writeFileSync(`${files}/team/back\\slash`, '');
    writeFileSync(`${files}/team/new\nline`, '');
    writeFileSync(Buffer.concat([Buffer.from(`${files}/team/`), Buffer.from([0xff])]), '');
    const listing = await root.list(path('/team/'), 10);
    const entries = listing?.entries.toSorted((a, b) => (a.name < b.name ? -1 : 1));
    t.match(entries, [
      { name: 'plan', kind: 'file', path: '/team/plan', bytes: 3 },
      { name: 'sub', kind: 'folder', path: '/team/sub/' },
    ]);
    t.strictSame([entries?.length, listing?.cut], [2, false]);
    t.strictSame(await root.list(path('/team/sub/'), 10), { entries: [], cut: false });
    for (const none of ['/none/', '/team/plan/', '/team/loop/', '/alias/', '/alias/sub/', '/none/none/']) {
      t.equal(await root.list(path(none), 10), undefined, none);
    }
  },
);

t.test(
  'of a folder with more in it than is asked for, so many are listed, and that there is more is said',
  async (t) => {
    const { root, folder } = await scene(t);
    for (let i = 0; i < 200; i++) writeFileSync(`${folder}/store/files/${i}`, '');
    const counted = async (most: number) => {
      const listing = await root.list(path('/'), most);
      return [listing?.entries.length, listing?.cut];
    };
    t.strictSame(await counted(1), [1, true]);
    t.strictSame(await counted(199), [199, true]);
    t.strictSame(await counted(200), [200, false]);
    t.strictSame(await counted(201), [200, false]);
  },
);
