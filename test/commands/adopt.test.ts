/** adopt as a program: every file of a hostile tree is registered or reported, and none is touched. */

import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { openReader } from '../../src/storage/sqlite/connection.js';
import { WRITE } from '../http/asking-files.js';
import { startFiles } from '../http/files-process.js';
import { LATCHKEY, plainEnvironment } from '../nginx/running-site.js';
import { entry, path } from '../storage/given.js';
import { type Desk, resultOf, stopsBefore } from './program.js';
import { contentOf, SECOND, spinWhile, treeDesk } from './tree-desk.js';

const LONG = `${'é'.repeat(127)}n`;

t.test('all that can be served has a record then, and the rest is told', async (t) => {
  const at = await treeDesk(t);
  at.put('/a', '/a.b', '/a b/%2F?#', `/deep/${LONG}/${'x'.repeat(255)}`, '/.hidden', '/empty');
  writeFileSync(`${at.files}/empty`, '');
  mkdirSync(`${at.files}/bad\\folder`);
  writeFileSync(`${at.files}/bad\\folder/in`, '');
  writeFileSync(`${at.files}/new\nline`, '');
  writeFileSync(Buffer.from(`${at.files}/\xfe`, 'latin1'), '');
  symlinkSync('/etc', `${at.files}/link`);
  symlinkSync('.', `${at.files}/loop`);
  const before = contentOf(at.files);
  const { code, stdout, stderr } = await at.run('adopt');
  t.same([code, stderr], [0, '']);
  t.same(stdout.split('\n'), [
    '2 things are no files (nginx serves none of it; put a file or a folder in its place, or remove it)',
    '  /link  (symlink)',
    '  /loop  (symlink)',
    '3 names are no resource paths (nobody can be allowed it, nor what is in it; rename it)',
    '  /bad\\folder/  (it holds a backslash)',
    '  /new\\x0aline  (it holds a control character)',
    '  /\\xfe  (it is not UTF-8)',
    'registered: 6 of 6 files, 0 with an owner; known before: 0',
    '',
  ]);
  t.same(contentOf(at.files), before, 'no file is touched');
  const records = await at.records();
  t.same(
    records.map((record) => record.path),
    ['/.hidden', '/a', '/a b/%2F?#', '/a.b', `/deep/${LONG}/${'x'.repeat(255)}`, '/empty'],
  );
  t.same(records[1], { path: '/a', owner: undefined, bytes: 2, updatedAt: SECOND * 1000 });
  t.equal(records.at(-1)?.bytes, 0);
  t.match(await at.json('adopt'), { files: 6, adopted: 0, known: 6 }, 'again it does nothing');
  t.match(await at.json('fsck'), {
    files: 6,
    rows: 6,
    kinds: [{ kind: 'no-file' }, { kind: 'unservable' }],
  });
});

t.test('owners by the path', async (t) => {
  const at = await treeDesk(t);
  const owners = {
    '/users/alice/a': 'user:alice',
    '/users/alice/deep/b': 'user:alice',
    '/users/É é/c': 'user:É é',
    '/users/file': undefined,
    '/users': undefined,
    '/team/users/alice/d': undefined,
  };
  at.put(...Object.keys(owners).filter((name) => name !== '/users'));
  const { stdout } = await at.run(['adopt', '--owner-by', '/users/{user}/']);
  t.equal(stdout, 'registered: 5 of 5 files, 3 with an owner; known before: 0\n');
  for (const { path: on, owner } of await at.records()) t.equal(owner, owners[on as keyof typeof owners], on);
  at.put('/of/bob/home/x', '/of/bob/y');
  await at.run(['adopt', '/of/', '--owner-by', '/of/{user}/home/']);
  const owned = (await at.records()).filter(({ path: on }) => on.startsWith('/of/'));
  t.same(
    owned.map(({ owner }) => owner),
    ['user:bob', undefined],
  );
});

t.test('a folder alone; a record that is there stays as it is', async (t) => {
  const at = await treeDesk(t);
  at.put('/t/a', '/t/b', '/t-/c', '/u');
  await at.record('/t/b');
  const { stdout } = await at.run(['adopt', '/t/', '--owner-by', '/{user}/']);
  t.equal(stdout, 'registered: 1 of 2 files, 1 with an owner; known before: 1\n');
  t.same(
    (await at.records()).map((record) => [record.path, record.owner]),
    [
      ['/t/a', 'user:t'],
      ['/t/b', 'user:owner'],
    ],
  );
});

t.test('--dry-run tells the same and writes nothing', async (t) => {
  const at = await treeDesk(t);
  at.put('/users/a/x', '/y');
  writeFileSync(`${at.folder}/grants.csv`, 'principal,action,path\nuser:a,read,/y\n');
  const words = ['adopt', '--dry-run', '--owner-by', '/users/{user}/', '--grants', 'grants.csv'];
  t.equal(
    (await at.run(words)).stdout,
    'would be registered: 2 of 2 files, 1 with an owner; known before: 0\n1 grants are good\nnothing was written (--dry-run)\n',
  );
  t.same(await at.records(), []);
  t.equal((await at.run('check user:a read /y')).code, 1);
});

t.test('grants from a file: all of them, or nothing at all is written', async (t) => {
  const at = await treeDesk(t);
  at.put('/y');
  writeFileSync(`${at.folder}/bad.csv`, 'principal,action,path\nuser:a,read,/y\nuser:a,look,/y\n');
  const refused = await at.run('adopt --grants bad.csv');
  t.same(refused, {
    code: 1,
    signal: null,
    stdout: '',
    stderr:
      "latchkey: line 3: 'look' is no action: read, write, manage\nlatchkey: nothing was written: 1 of 2 lines are bad\n",
  });
  t.same(await at.records(), []);
  writeFileSync(`${at.folder}/good.jsonl`, '{"principal":"user:a","action":"read","path":"/y"}\n');
  for (const [added, replaced] of [
    [1, 0],
    [0, 1],
  ]) {
    const { stdout, code } = await at.run('adopt --grants good.jsonl');
    t.match(stdout, new RegExp(`\\ngrants: ${added} added, ${replaced} replaced\\n$`));
    t.equal(code, 0);
  }
  t.equal((await at.run('check user:a read /y')).code, 0);
  t.match(await at.json('adopt --grants good.jsonl'), {
    known: 1,
    grants: { rows: 1, added: 0, replaced: 1 },
  });
});

t.test('a folder that cannot be read: exit 3, and all else is registered', async (t) => {
  const at = await treeDesk(t);
  if (statSync(at.dataFolder).uid === 0) return t.comment('the commands work as root, who reads everything');
  at.put('/a', '/closed/b', '/z');
  chmodSync(`${at.files}/closed`, 0o000);
  const { code, stdout } = await at.run('adopt');
  chmodSync(`${at.files}/closed`, 0o755);
  t.equal(code, 3);
  t.match(stdout, /^1 path could not be read .*\n {2}\/closed\/ {2}\(EACCES\)\nregistered: 2 of 2 files/);
  t.equal((await at.run('adopt')).stdout, 'registered: 1 of 3 files, 0 with an owner; known before: 2\n');
});

t.test('what a commit or a removal is about to change is left to it', async (t) => {
  const at = await treeDesk(t);
  at.put('/a', '/committing', '/removed');
  await at.withStore(async ({ files }) => {
    await files.beginCommit([entry('p', '/committing', 'hidden')]);
    await files.beginRemoval({ partial: 'r', path: path('/removed') });
  });
  const { stdout } = await at.run('adopt');
  t.match(stdout, /^registered: 1 of 3 .*\nbeing written or removed, and left to the service: 2\n$/);
  t.same(
    (await at.records()).map((record) => record.path),
    ['/a'],
  );
});

t.test('a folder that is not there, or behind a symlink, is refused: exit 3', async (t) => {
  const at = await treeDesk(t);
  mkdirSync(`${at.files}/real/in`, { recursive: true });
  symlinkSync('real', `${at.files}/link`);
  for (const folder of ['/none/', '/link/', '/link/in/']) {
    const { code, stdout, stderr } = await at.run(`adopt ${folder}`);
    t.same([code, stdout], [3, ''], folder);
    t.match(
      stderr,
      new RegExp(`^latchkey: there is no folder .*/files${folder.slice(0, -1)}: see LATCHKEY_ROOT`),
    );
  }
});

const MANY = Array.from({ length: 8_000 }, (_, i) => `/many/${i % 7}/file-${i}`);

function startAdopt(t: Parameters<typeof stopsBefore>[0], { dataFolder }: Desk) {
  const child = spawn(LATCHKEY.file, [...LATCHKEY.args, 'adopt'], {
    env: plainEnvironment({ LATCHKEY_DATA: dataFolder }),
    stdio: 'pipe',
  });
  stopsBefore(t).push(child);
  return { child, ended: resultOf(child) };
}

t.test('kill -9 in the middle: the next run goes on where it was', async (t) => {
  const at = await treeDesk(t);
  at.put(...MANY);
  const db = openReader(at.databaseFile);
  const count = db.prepare<[], number>('SELECT count(*) FROM files').pluck();
  const { child, ended } = startAdopt(t, at);
  spinWhile(() => count.get() === 0);
  child.kill('SIGKILL');
  t.equal((await ended).signal, 'SIGKILL');
  const before = count.get() ?? 0;
  db.close();
  t.ok(before > 0 && before < MANY.length, `${before} were registered`);
  t.match(await at.json('fsck'), { problems: 0, files: MANY.length, rows: before });
  t.match(await at.json('adopt'), { adopted: MANY.length - before, known: before });
  t.match(await at.json('fsck'), { kinds: [], rows: MANY.length });
});

t.test('a files service goes on beside it, and its records stand', async (t) => {
  const at = await treeDesk(t);
  at.put(...MANY);
  const files = await startFiles(t, at.dataFolder);
  const { ended } = startAdopt(t, at);
  let runs = true;
  void ended.finally(() => {
    runs = false;
  });
  let uploads = 0;
  for (; runs; uploads += 1) {
    const url = `${WRITE}/users/alice/${uploads}`;
    const { status } = await files.ask('PUT', url, { as: 'alice', body: 'x' });
    const gone = uploads % 2 === 0 ? 204 : (await files.ask('DELETE', url, { as: 'alice' })).status;
    if (status !== 201 || gone !== 204) t.fail(`${url}: ${status}, ${gone}`);
  }
  t.equal((await ended).code, 0);
  t.ok(uploads > 1, `${uploads} uploads meanwhile`);
  t.match(await at.json('fsck'), { kinds: [], files: MANY.length + Math.ceil(uploads / 2) });
  const owners = (await at.records())
    .filter(({ path: on }) => on.startsWith('/users/'))
    .map(({ owner }) => owner);
  t.same([...new Set(owners)], ['user:alice']);
});

t.test('on a terminal there is a bar with the rate and the rest', async (t) => {
  const at = await treeDesk(t);
  at.put('/a', '/b');
  const words = [
    'env',
    '-u',
    'NODE_OPTIONS',
    process.execPath,
    LATCHKEY.args[3],
    'adopt',
    '--data',
    at.dataFolder,
  ];
  const terminal = spawn('script', ['-qec', words.map((word) => `'${word}'`).join(' '), '/dev/null'], {
    env: plainEnvironment({}),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const { code, stdout } = await resultOf(terminal);
  t.equal(code, 0);
  t.match(
    stdout,
    /^\r\[#{30}\] 100 % {2}2 files, [\d,]+ a second, 0:00 left \u001b\[K\r\u001b\[Kregistered: 2 of 2/,
  );
});

t.test('wrong usage', async (t) => {
  const at = await treeDesk(t);
  const usages = [
    ['adopt /team', 'a folder ends in a slash: /team/'],
    ['adopt --owner-by /users/', "--owner-by takes a folder such as /users/{user}/, not '/users/'"],
    ['adopt --grants -', '--grants takes a file, which is read twice; not standard input'],
    ['adopt --grants .', '. cannot be read: it is a folder'],
    ['adopt --grants /dev/null', '--grants takes a file, which is read twice; /dev/null is none'],
  ] as const;
  for (const [words, told] of usages) {
    const { code, stdout, stderr } = await at.run(`${words} --data ${at.folder}/unmade`);
    t.same([code, stdout], [2, ''], words);
    t.equal(stderr, `latchkey: ${told}\nTry: latchkey adopt --help\n`);
  }
  t.notOk(existsSync(`${at.folder}/unmade`));
});
