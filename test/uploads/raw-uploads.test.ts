/** Files that nginx has written, taken over by name: what is no such file is refused, and what was left is removed. */

import { execFileSync } from 'node:child_process';
import {
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import t from 'tap';
import { RawUploads } from '../../src/uploads/raw-uploads.js';
import { partialsIn, rawIn, rootIn, type Scene, scene } from './given.js';

const NAME = '0000000042';
const TEXT = 'what nginx has written';
const DAY_MS = 24 * 60 * 60 * 1000;
const upload = (bytes = TEXT.length, name = NAME) => ({ name, bytes });

/** As nginx does, with the mode that it gives it. */
function written(given: Scene, name = NAME, text = TEXT): string {
  const file = `${given.folder}/partial/nginx/${name}`;
  writeFileSync(file, text, { mode: 0o600 });
  return file;
}

t.test('it becomes a partial, with the mode of one, and stays when nginx removes its name', async (t) => {
  const given = await scene(t);
  const file = written(given);
  const partial = await given.rawUploads.take(upload());
  if (partial === undefined) throw new Error('it was not taken');
  rmSync(file);
  t.equal(partial.bytes, TEXT.length);
  t.strictSame(partialsIn(given.folder), [partial.name]);
  const found = lstatSync(given.root.partialPath(partial.name));
  t.equal(found.mode & 0o777, 0o640);
  t.equal(readFileSync(given.root.partialPath(partial.name), 'utf8'), TEXT);
});

t.test('there is no such file: somebody else has to say why', async (t) => {
  const given = await scene(t);
  t.equal(await given.rawUploads.take(upload()), undefined);
  t.strictSame(partialsIn(given.folder), []);
});

t.test('what nginx would not have handed over is refused, and untouched', async (t) => {
  const given = await scene(t);
  const outside = `${given.folder}/secret`;
  writeFileSync(outside, TEXT);
  const names = ['', '.', '..', '../nginx/0000000042', 'x/0000000042', '42', '00000000042', '000000004a'];
  written(given);
  for (const name of [...names, `${NAME}\0`, `${NAME}\n`, ` ${NAME}`, '٠٠٠٠٠٠٠٠٤٢', `./${NAME}`]) {
    await t.rejects(given.rawUploads.take(upload(TEXT.length, name)), { message: /names no upload/ }, name);
  }
  const others: readonly (readonly [what: string, make: (file: string) => void, message: RegExp])[] = [
    ['a symlink to a file', (file) => symlinkSync(outside, file), /ELOOP/],
    ['a symlink to nothing', (file) => symlinkSync('none', file), /ELOOP/],
    ['a pipe', (file) => execFileSync('mkfifo', [file]), /it is no file/],
    ['a folder', (file) => mkdirSync(file), /EPERM/],
    ['a second name for another file', (file) => linkSync(outside, file), /taken over before/],
    ['fewer bytes', (file) => writeFileSync(file, TEXT.slice(1)), /has 21 bytes, and the request had 22/],
    ['more bytes', (file) => writeFileSync(file, `${TEXT}+`), /has 23 bytes, and the request had 22/],
  ];
  for (const [what, make, message] of others) {
    const file = `${given.folder}/partial/nginx/${NAME}`;
    rmSync(file, { force: true, recursive: true });
    make(file);
    await t.rejects(given.rawUploads.take(upload()), { message }, what);
    t.strictSame(partialsIn(given.folder), [], 'no partial is left');
    t.strictSame(rawIn(given.folder), [NAME], 'it stays where it was');
  }
  t.equal(readFileSync(outside, 'utf8'), TEXT);
});

t.test("another user's file is refused, and says whose nginx must be", { skip: notRoot() }, async (t) => {
  const given = await scene(t);
  execFileSync('chown', ['nobody', written(given)]);
  await t.rejects(given.rawUploads.take(upload()), { message: /workers must run as the user of the files/ });
  t.strictSame(partialsIn(given.folder), []);
});

t.test('one file is taken once, though nginx or somebody on its behalf asks again', async (t) => {
  const given = await scene(t);
  written(given);
  const first = await given.rawUploads.take(upload());
  await t.rejects(given.rawUploads.take(upload()), { message: /taken over before/ });
  t.strictSame(partialsIn(given.folder), [first?.name], 'the first one is as it was');
});

t.test(
  'what was left for a day is removed; what nginx may still write, and what is not its own, stays',
  async (t) => {
    const given = await scene(t);
    const now = Date.now();
    for (const name of ['0000000001', '0000000002', '123', 'notes.txt']) written(given, name);
    t.equal(await given.rawUploads.sweep(now + DAY_MS - 60_000), 0, 'younger');
    t.equal(rawIn(given.folder).length, 4);
    t.equal(await given.rawUploads.sweep(now + DAY_MS + 60_000), 2, 'older');
    t.strictSame([...rawIn(given.folder)].sort(), ['123', 'notes.txt']);
  },
);

t.test('a time that was set on a file does not make it old', async (t) => {
  const given = await scene(t);
  execFileSync('touch', ['-d', '2001-01-01', written(given)]);
  t.equal(await given.rawUploads.sweep(Date.now()), 0);
});

t.test('a folder that is elsewhere, or cannot be made, is told at the start', async (t) => {
  const folder = t.testdir();
  const root = rootIn(folder);
  await root.prepare();
  writeFileSync(`${folder}/partial/nginx`, 'a file');
  const uploads = new RawUploads(`${folder}/partial`, root);
  await t.rejects(uploads.prepare(), { code: 'EEXIST' });
  renameSync(`${folder}/partial/nginx`, `${folder}/file`);
  await uploads.prepare();
  t.equal(lstatSync(`${folder}/partial/nginx`).mode & 0o777, 0o700);
  t.strictSame([partialsIn(folder), rawIn(folder)], [[], []], 'the probe is gone');
});

function notRoot(): false | string {
  return process.getuid?.() === 0 ? false : 'only root can give a file away';
}
