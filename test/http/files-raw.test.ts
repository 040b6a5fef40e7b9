/** The files service as nginx asks it about a file that it has written; and that on no other URL anybody can. */

import { existsSync, lstatSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { namesIn, partialsIn, path, rawIn, served } from '../uploads/given.js';
import { FORM_HEADERS, isProblem, WRITE } from './asking-files.js';
import { type FilesScene, filesScene } from './files-scene.js';

const RAW = '/_latchkey/raw/files/users/alice/plan';
const PATH = '/users/alice/plan';
const NAME = '0000000007';
const TEXT = 'what nginx has written';

const handed = (name: string, bytes: number | string = TEXT.length) => ({
  'x-latchkey-upload': name,
  'x-latchkey-upload-bytes': String(bytes),
});

function written({ folder }: FilesScene): string {
  const file = `${folder}/partial/nginx/${NAME}`;
  writeFileSync(file, TEXT, { mode: 0o600 });
  return file;
}

t.test('it is made the file, and nginx keeps its own name for it', async (t) => {
  const given = await filesScene(t);
  const file = written(given);
  const made = await given.ask('PUT', RAW, { as: 'alice', headers: handed(NAME) });
  t.equal(made.status, 201);
  t.match(JSON.parse(made.text), { path: PATH, url: '/files/users/alice/plan', bytes: TEXT.length });
  t.equal(served(given.folder, PATH), TEXT);
  t.equal((await given.store.files.file(path(PATH)))?.owner, 'user:alice');
  t.strictSame(partialsIn(given.folder), []);
  t.ok(existsSync(file));
  const again = await given.ask('PUT', `${RAW}-2`, { as: 'alice', headers: handed(NAME) });
  isProblem(t, again, 500, 'internal', /the log/);
  t.match(JSON.stringify(given.logged), /taken over before/);
  t.strictSame(namesIn(given.folder), ['users', 'users/alice', 'users/alice/plan']);
});

t.test('what is refused leaves the file to nginx', async (t) => {
  const given = await filesScene(t, { uploadBytesMax: 1000 });
  const file = written(given);
  await given.grant('user:bob write /users/alice/');
  const table = [
    ['nobody', {}, handed(NAME), 401, 'unauthenticated', /sign in/],
    ['who may not', { as: 'carol' }, handed(NAME), 403, 'forbidden', /may not write/],
    [
      'a writer who grants',
      { as: 'bob' },
      { ...handed(NAME), 'x-latchkey-grants': 'anyone read' },
      403,
      'forbidden',
      /may not manage/,
    ],
    [
      'a precondition',
      { as: 'alice' },
      { ...handed(NAME), 'if-match': '*' },
      412,
      'precondition-failed',
      /make/,
    ],
    ['too much', { as: 'alice' }, handed(NAME, 1001), 413, 'too-large', /UPLOAD_BYTES_MAX/],
    ['other bytes', { as: 'alice' }, handed(NAME, 21), 500, 'internal', /the log/],
    ['no number of bytes', { as: 'alice' }, handed(NAME, 'many'), 500, 'internal', /the log/],
    ['no name', { as: 'alice' }, handed(''), 500, 'internal', /the log/],
    ['a path', { as: 'alice' }, handed(`../nginx/${NAME}`), 500, 'internal', /the log/],
    ['no such file', { as: 'alice' }, handed('0000000008'), 500, 'internal', /the log/],
  ] as const;
  for (const [what, who, headers, status, code, detail] of table) {
    t.comment(what);
    isProblem(t, await given.ask('PUT', RAW, { ...who, headers }), status, code, detail);
  }
  t.strictSame([namesIn(given.folder), partialsIn(given.folder), rawIn(given.folder)], [[], [], [NAME]]);
  t.equal(lstatSync(file).nlink, 1);
  t.equal(lstatSync(file).mode & 0o777, 0o600);
});

t.test('on every other URL the names are a visitor’s, and count for nothing', async (t) => {
  const given = await filesScene(t);
  const file = written(given);
  const alice = { as: 'alice', headers: handed(NAME) };
  t.equal((await given.ask('PUT', `${WRITE}${PATH}`, { ...alice, body: 'own' })).status, 201);
  t.equal(served(given.folder, PATH), 'own');
  const form = { ...FORM_HEADERS, ...handed(NAME) };
  const posted = await given.ask('POST', `${WRITE}/users/alice/`, {
    as: 'alice',
    headers: form,
    body: '--xx--',
  });
  t.equal(posted.status, 400);
  for (const method of ['POST', 'DELETE', 'GET']) {
    t.equal((await given.ask(method, RAW, alice)).status, 405, `${method} is none of nginx's uploads`);
  }
  t.equal(lstatSync(file).nlink, 1, 'nobody has taken it');
});
