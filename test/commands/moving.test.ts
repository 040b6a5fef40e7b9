/**
 * mv, cp and rm as programs: without a files service, and beside one, which they then ask. Whoever does it, there is one
 * that holds the locks of paths.
 */

import {
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import t from 'tap';
import { WRITE } from '../http/asking-files.js';
import { startFiles } from '../http/files-process.js';
import { type Desk, desk, latchkey, stopsBefore } from './program.js';

const files = (dataFolder: string) => `${dataFolder}/store/files`;

function given({ dataFolder }: Pick<Desk, 'dataFolder'>, on: string, text: string): void {
  const file = files(dataFolder) + on;
  mkdirSync(file.slice(0, file.lastIndexOf('/')), { recursive: true });
  writeFileSync(file, text);
  // As root, the commands work as the owner of the data folder.
  const { uid, gid } = statSync(dataFolder);
  const names = readdirSync(`${dataFolder}/store`, { recursive: true, encoding: 'utf8' });
  for (const name of names) chownSync(`${dataFolder}/store/${name}`, uid, gid);
}

const textOf = ({ dataFolder }: Pick<Desk, 'dataFolder'>, on: string) =>
  existsSync(files(dataFolder) + on) ? readFileSync(files(dataFolder) + on, 'utf8') : undefined;

t.test('without a service, each command does it itself', async (t) => {
  const { run, json, ...place } = await desk(t);
  given(place, '/team/a', 'a');
  given(place, '/team/sub/b', 'b');
  await run('grant user:bob read /team/a');
  t.match(await run('mv /team/a /team/c'), {
    code: 0,
    stdout: 'moved: /team/a to /team/c with 1 grants and 0 links\n',
    stderr: '',
  });
  t.strictSame([textOf(place, '/team/a'), textOf(place, '/team/c')], [undefined, 'a']);
  t.match(await run('check user:bob read /team/c'), { code: 0 });
  t.match(await run('cp /team/c /team/d --drop-grants'), {
    code: 0,
    stdout: 'copied: /team/c to /team/d (1 bytes)\n',
  });
  t.match(await run('check user:bob read /team/d'), { code: 1 });
  t.match(await run('cp /team/d /team/d --on-conflict keep-both --drop-grants'), {
    code: 0,
    stdout: 'copied: /team/d to /team/d (2) (1 bytes)\n',
  });
  t.match(await run('cp /team/c /team/d --on-conflict replace --drop-grants'), { code: 0 });
  t.match(await json('mv /team/ /archive/'), {
    from: '/team/',
    to: '/archive/',
    grants: 1,
    revision: Number,
  });
  t.match(await run('rm /archive/ --recursive'), { code: 0, stdout: 'removed: 4 files\n', stderr: '' });
  t.equal(textOf(place, '/archive/c'), undefined);
});

t.test('what cannot be is one line and exit code 1, with nothing on standard output', async (t) => {
  const { run, ...place } = await desk(t);
  given(place, '/a', 'a');
  given(place, '/b', 'b');
  const cases = [
    ['mv /none /x', 1, /^latchkey: there is nothing at the source\n$/],
    ['mv /a /b', 1, /^latchkey: there is a file at the target; choose another path, or replace it\n$/],
    ['mv /a /x/', 1, /name it in the target/],
    ['cp /a /b', 1, /replace it/],
    ['mv /a /b --on-conflict burn', 2, /--on-conflict takes refuse, replace, keep-both/],
    ['cp /a /b --on-conflict keep-both --replace', 2, /exclude each other/],
    ['cp /a/ /b/', 1, /a file is copied, to a file/],
    ['rm /none', 1, /no such file/],
    ['rm /none/ --recursive', 1, /no such folder/],
    ['rm / --recursive', 1, /below the root/],
    ['rm /x/', 2, /add --recursive/],
    ['mv /a', 2, /the usage is: latchkey mv FROM TO/],
    ['mv a /b', 2, /a/],
  ] as const;
  for (const [words, code, stderr] of cases) {
    t.match(await run(words), { code, stdout: '', stderr }, words);
  }
  t.strictSame([textOf(place, '/a'), textOf(place, '/b')], ['a', 'b']);
});

t.test('beside a files service, it is the service that does it', async (t) => {
  stopsBefore(t);
  const dataFolder = `${t.testdir()}/data`;
  const service = await startFiles(t, dataFolder);
  const run = (words: string) => latchkey(words.split(' '), { env: { LATCHKEY_DATA: dataFolder } });
  t.equal((await service.ask('PUT', `${WRITE}/users/alice/a`, { as: 'alice', body: 'text' })).status, 201);
  t.equal(statSync(`${dataFolder}/run/operator.sock`).mode & 0o777, 0o600, 'its socket is its owner alone');
  t.match(await run('mv /users/alice/a /users/alice/b'), { code: 0, stderr: '' });
  t.equal(textOf({ dataFolder }, '/users/alice/b'), 'text');
  t.match(await run('cp /users/alice/b /users/alice/c'), { code: 0, stderr: '' });
  t.match(await run('mv /users/alice/b /users/alice/c'), {
    code: 1,
    stdout: '',
    stderr: /^latchkey: there is a file/,
  });
  t.match(await run('mv /users/alice/b /users/alice/c --on-conflict keep-both'), {
    code: 0,
    stdout: /^moved: \/users\/alice\/b to \/users\/alice\/c \(2\) with /,
  });
  t.match(await run('rm /users/alice/c'), { code: 0, stderr: '' });
  t.match(await run('rm /users/ --recursive'), { code: 0, stdout: 'removed: 1 files\n' });
  t.equal((await service.ask('PUT', `${WRITE}/users/alice/a`, { as: 'alice', body: 'text' })).status, 201);
});

t.test('a move during uploads to the same path loses nothing', async (t) => {
  stopsBefore(t);
  const dataFolder = `${t.testdir()}/data`;
  const service = await startFiles(t, dataFolder);
  const run = (words: string) => latchkey(words.split(' '), { env: { LATCHKEY_DATA: dataFolder } });
  const put = (body: string) => service.ask('PUT', `${WRITE}/users/alice/a`, { as: 'alice', body });
  await put('0');
  let moved = false;
  const moving = run('mv /users/alice/a /users/alice/b').then((result) => {
    moved = true;
    return result;
  });
  const statuses: number[] = [];
  for (let i = 1; !moved; i++) statuses.push((await put(String(i))).status);
  t.match(await moving, { code: 0 });
  t.ok(
    statuses.every((status) => [201, 204, 503].includes(status)),
    [...new Set(statuses)].join(),
  );
  const accepted = statuses.filter((status) => status !== 503).length;
  t.ok(accepted > 0);
  t.match(textOf({ dataFolder }, '/users/alice/b'), /^\d+$/, 'one version moved');
});

t.test('two commands at once take turns', async (t) => {
  const { run, ...place } = await desk(t);
  for (const on of ['/a', '/b', '/c']) given(place, on, on);
  const results = await Promise.all(['/a', '/b', '/c'].map((on) => run(`mv ${on} /moved${on}`)));
  t.strictSame(
    results.map(({ code, stderr }) => [code, stderr]),
    [
      [0, ''],
      [0, ''],
      [0, ''],
    ],
  );
  t.equal(textOf(place, '/moved/c'), '/c');
});
