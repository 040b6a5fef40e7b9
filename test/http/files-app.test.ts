/**
 * The files service, asked over its unix socket: each status that a route has, with the problem that names the
 * remedy, and what is on the disk and in the store afterwards.
 */

import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { entry } from '../storage/given.js';
import { namesIn, partialsIn, path, refusing, served } from '../uploads/given.js';
import { API, DOWNLOAD, FORM_HEADERS, form, isProblem, token, WRITE } from './asking-files.js';
import { filesScene } from './files-scene.js';

const KIB = 1024;
const HOME = `${WRITE}/users/alice/`;
const FILE = `${HOME}plan`;
const PATH = '/users/alice/plan';
const JSON_BODY = { 'content-type': 'application/json' };
const ONE_FILE = form({ name: 'file', filename: 'plan', text: 'in a form' });

t.test('PUT makes a file (201) and replaces it (204), by the entity tag that nginx gives it', async (t) => {
  const given = await filesScene(t);
  const made = await given.ask('PUT', FILE, { as: 'alice', body: 'first' });
  t.equal(made.status, 201);
  t.equal(made.headers.location, '/files/users/alice/plan');
  t.strictSame(JSON.parse(made.text), {
    path: PATH,
    url: '/files/users/alice/plan',
    bytes: 5,
    etag: made.headers.etag,
    created: true,
  });
  const headers = { 'if-match': made.headers.etag ?? '' };
  const replaced = await given.ask('PUT', FILE, { as: 'alice', body: ['second ', 'one'], headers });
  t.strictSame([replaced.status, replaced.text], [204, '']);
  t.not(replaced.headers.etag, made.headers.etag);
  t.equal(served(given.folder, PATH), 'second one');
  t.equal((await given.ask('PUT', FILE, { as: 'alice' })).status, 204, 'an empty file is one');
  t.equal(served(given.folder, PATH), '');
});

t.test('POST puts the files of a form into a folder (201), DELETE removes one (204)', async (t) => {
  const given = await filesScene(t);
  const parts = ['a', 'b'].map((filename) => ({ name: 'file', filename, text: `bytes of ${filename}` }));
  const posted = await given.ask('POST', HOME, { as: 'alice', headers: FORM_HEADERS, body: form(...parts) });
  t.equal(posted.status, 201);
  const { files } = JSON.parse(posted.text) as { files: { path: string; created: boolean }[] };
  t.strictSame(
    files.map((file) => [file.path, file.created]),
    [
      ['/users/alice/a', true],
      ['/users/alice/b', true],
    ],
  );
  t.equal(served(given.folder, '/users/alice/b'), 'bytes of b');
  t.equal((await given.ask('DELETE', `${HOME}a`, { as: 'alice' })).status, 204);
  t.strictSame(namesIn(given.folder), ['users', 'users/alice', 'users/alice/b']);
});

t.test('a form is all or none', async (t) => {
  const given = await filesScene(t);
  await given.grant('user:alice deny write /users/alice/frozen');
  const parts = ['a', 'frozen'].map((filename) => ({ name: 'file', filename, text: filename }));
  const refused = await given.ask('POST', HOME, { as: 'alice', headers: FORM_HEADERS, body: form(...parts) });
  isProblem(t, refused, 403, 'forbidden', /ask someone who manages it/);
  t.strictSame([namesIn(given.folder), partialsIn(given.folder)], [[], []]);
});

t.test('what is refused is refused with the remedy, and changes nothing', async (t) => {
  const given = await filesScene(t, { uploadBytesMax: 10 * KIB });
  const base = `${given.folder}/store/files/users/alice`;
  mkdirSync(`${base}/folder`, { recursive: true });
  writeFileSync(`${base}/plan`, 'as it was');
  await given.store.files.beginCommit([entry('hidden', '/users/alice/busy', 'hidden')]);
  const before = namesIn(given.folder);
  const large = 'x'.repeat(10 * KIB + 1);
  const grants = (text: string) => ({ 'x-latchkey-grants': text });
  const noGrant = { principal: 'user:bob', path: '/team/', action: 'read' };
  type Options = Parameters<typeof given.ask>[2];
  const alice = (options: Options = {}): Options => ({ as: 'alice', body: 'new', ...options });
  const posting = (body: string, more = {}): Options =>
    alice({ body, headers: { ...FORM_HEADERS, ...more } });
  const api = (body: unknown, as = 'alice'): Options => ({
    as,
    headers: JSON_BODY,
    body: JSON.stringify(body),
  });
  const table: readonly (readonly [string, string, Options, number, string, RegExp])[] = [
    ['PUT', FILE, { body: 'new' }, 401, 'unauthenticated', /sign in/],
    ['PUT', FILE, { headers: { authorization: 'Bearer x' }, body: 'new' }, 401, 'unauthenticated', /sign in/],
    ['POST', HOME, { headers: FORM_HEADERS, body: ONE_FILE }, 401, 'unauthenticated', /sign in/],
    ['POST', HOME, { headers: JSON_BODY, body: '{}' }, 401, 'unauthenticated', /sign in/],
    ['DELETE', FILE, {}, 401, 'unauthenticated', /sign in/],
    ['GET', `${DOWNLOAD}${PATH}`, {}, 401, 'unauthenticated', /sign in/],
    ['GET', `${API}/grants?path=/team/`, {}, 401, 'unauthenticated', /sign in/],
    ['PUT', FILE, alice({ as: 'bob' }), 403, 'forbidden', /may not write.*ask someone/],
    ['POST', HOME, { ...posting(ONE_FILE), as: 'bob' }, 403, 'forbidden', /may not write/],
    ['DELETE', FILE, { as: 'bob' }, 403, 'forbidden', /may not write/],
    ['DELETE', `${WRITE}/users/bob/none`, { as: 'alice' }, 403, 'forbidden', /may not write/],
    ['GET', `${DOWNLOAD}${PATH}`, { as: 'bob' }, 403, 'forbidden', /may not read/],
    ['PUT', `${API}/grants`, api(noGrant), 403, 'forbidden', /may not manage/],
    ['GET', `${API}/grants?path=/team/`, { as: 'alice' }, 403, 'forbidden', /may not manage/],
    ['PUT', `${HOME}a%2fb`, alice(), 403, 'forbidden', /ask someone/],
    ['PUT', `${HOME}../bob/x`, alice(), 403, 'forbidden', /ask someone/],
    ['PUT', `${HOME}folder/`, alice(), 400, 'bad-request', /name a file in it/],
    [
      'PUT',
      FILE,
      alice({ headers: { 'content-range': 'bytes 0-1/9' } }),
      400,
      'bad-request',
      /the whole file/,
    ],
    ['PUT', FILE, alice({ headers: { 'if-match': 'unquoted' } }), 400, 'bad-request', /quoted entity tags/],
    ['PUT', FILE, alice({ headers: grants('user:bob fly') }), 400, 'bad-request', /read, write or manage/],
    ['PUT', FILE, alice({ headers: grants('bob read') }), 400, 'bad-request', /begins with user:NAME/],
    ['PUT', FILE, alice({ headers: grants('user:%ff read') }), 400, 'bad-request', /percent-encoding/],
    [
      'PUT',
      FILE,
      alice({ headers: grants('anyone read,'.repeat(101)) }),
      400,
      'bad-request',
      /on its folder/,
    ],
    ['POST', FILE, posting(ONE_FILE), 400, 'bad-request', /ends in '\/'; PUT/],
    ['POST', HOME, posting(form({ name: 'f', filename: '..', text: '' })), 400, 'bad-request', /rename it/],
    ['PUT', `${API}/grants`, api({ ...noGrant, action: 'fly' }, 'root'), 400, 'bad-request', /action/],
    ['PUT', `${API}/grants`, api({ ...noGrant, path: 'x' }, 'root'), 400, 'bad-request', /begin with \//],
    ['PUT', `${API}/grants`, { as: 'root', headers: JSON_BODY, body: '{' }, 400, 'bad-request', /JSON/],
    ['DELETE', `${HOME}none`, { as: 'alice' }, 404, 'not-found', /no such file/],
    ['GET', `${DOWNLOAD}/users/alice/folder/`, { as: 'alice' }, 404, 'not-found', /name a file in it/],
    ['GET', '/_latchkey/none', { as: 'alice' }, 404, 'not-found', /look up the URL/],
    ['PUT', '/_latchkey/none', alice(), 404, 'not-found', /look up the URL/],
    ['GET', FILE, { as: 'alice' }, 405, 'method-not-allowed', /PUT, POST, DELETE/],
    ['PATCH', FILE, alice(), 405, 'method-not-allowed', /PUT, POST, DELETE/],
    ['POST', `${DOWNLOAD}${PATH}`, alice(), 405, 'method-not-allowed', /GET, HEAD/],
    ['POST', `${API}/grants`, api(noGrant), 405, 'method-not-allowed', /GET, HEAD, PUT, DELETE/],
    ['PUT', `${HOME}folder`, alice(), 409, 'conflict', /choose a name/],
    ['PUT', `${FILE}/below`, alice(), 409, 'conflict', /choose another path/],
    ['DELETE', `${HOME}folder`, { as: 'alice' }, 409, 'conflict', /one by one/],
    [
      'POST',
      HOME,
      posting(form({ name: 'f', filename: 'folder', text: '' })),
      409,
      'conflict',
      /choose a name/,
    ],
    ['PUT', FILE, alice({ headers: { 'if-none-match': '*' } }), 412, 'precondition-failed', /another name/],
    ['PUT', FILE, alice({ headers: { 'if-match': '"stale"' } }), 412, 'precondition-failed', /read it again/],
    [
      'PUT',
      `${HOME}none`,
      alice({ headers: { 'if-match': '*' } }),
      412,
      'precondition-failed',
      /to make one/,
    ],
    [
      'DELETE',
      FILE,
      { as: 'alice', headers: { 'if-match': '"x"' } },
      412,
      'precondition-failed',
      /read it again/,
    ],
    ['POST', HOME, posting(ONE_FILE, { 'if-none-match': '*' }), 412, 'precondition-failed', /another name/],
    ['PUT', FILE, alice({ body: large }), 413, 'too-large', /LATCHKEY_UPLOAD_BYTES_MAX/],
    ['PUT', FILE, alice({ body: [large] }), 413, 'too-large', /LATCHKEY_UPLOAD_BYTES_MAX/],
    [
      'POST',
      HOME,
      posting(form({ name: 'f', filename: 'a', text: large })),
      413,
      'too-large',
      /UPLOAD_BYTES_MAX/,
    ],
    [
      'POST',
      HOME,
      { ...posting(''), body: [form({ name: 'f', filename: 'a', text: large })] },
      413,
      'too-large',
      /UPLOAD_BYTES_MAX/,
    ],
    [
      'PUT',
      `${API}/grants`,
      api({ ...noGrant, principal: 'x'.repeat(1024 * KIB) }),
      413,
      'too-large',
      /a smaller one/,
    ],
    [
      'POST',
      HOME,
      alice({ headers: JSON_BODY, body: '{}' }),
      415,
      'unsupported-media-type',
      /multipart\/form-data/,
    ],
    ['POST', HOME, { as: 'alice' }, 415, 'unsupported-media-type', /multipart\/form-data/],
    [
      'PUT',
      `${API}/grants`,
      { ...api(noGrant), headers: { 'content-type': 'text/xml' } },
      415,
      'unsupported-media-type',
      /application\/json/,
    ],
    ['PUT', `${HOME}busy`, alice(), 503, 'committing', /in a moment/],
    ['DELETE', `${HOME}busy`, { as: 'alice' }, 503, 'committing', /in a moment/],
    ['GET', `${DOWNLOAD}/users/alice/busy`, { as: 'alice' }, 503, 'committing', /in a moment/],
    [
      'POST',
      HOME,
      posting(form({ name: 'f', filename: 'busy', text: '' })),
      503,
      'committing',
      /in a moment/,
    ],
  ];
  for (const [method, target, options, status, code, detail] of table) {
    t.comment(`${method} ${target}`);
    const answer = await given.ask(method, target, options);
    isProblem(t, answer, status, code, detail);
    if (status === 401) t.match(answer.headers['www-authenticate'], /^Bearer realm="latchkey"/);
    if (status === 405) t.match(answer.headers.allow, detail);
    if (status === 503) t.equal(answer.headers['retry-after'], '1');
  }
  t.strictSame(namesIn(given.folder), before);
  t.equal(served(given.folder, PATH), 'as it was');
  t.strictSame(partialsIn(given.folder), []);
});

t.test('a store that fails is 500 without its reason, and nothing is left', async (t) => {
  const given = await filesScene(t);
  const allow = refusing(given.databaseFile, 'INSERT');
  const failed = await given.ask('PUT', FILE, { as: 'alice', body: 'new' });
  isProblem(t, failed, 500, 'internal', /the log of the files service says what/);
  t.notMatch(failed.text, /the test refuses/);
  t.match(JSON.stringify(given.logged), /the test refuses/);
  t.strictSame(partialsIn(given.folder), []);
  allow();
  t.equal((await given.ask('PUT', FILE, { as: 'alice', body: 'new' })).status, 201);
});

t.test('a store that is away is 503, for every route', async (t) => {
  const given = await filesScene(t);
  await given.store.close();
  renameSync(given.databaseFile, `${given.databaseFile}.away`);
  for (const [method, target] of [
    ['PUT', FILE],
    ['DELETE', FILE],
    ['GET', `${DOWNLOAD}${PATH}`],
  ] as const) {
    const answer = await given.ask(method, target, { as: 'alice' });
    isProblem(t, answer, 503, 'store-unavailable', /in a moment/);
  }
  t.equal((await given.ask('GET', '/readyz')).status, 503);
  t.equal((await given.ask('GET', '/healthz')).status, 200);
  t.strictSame(namesIn(given.folder), []);
});

t.test('exactly the limit is taken', async (t) => {
  const given = await filesScene(t, { uploadBytesMax: 10 * KIB });
  const body = 'x'.repeat(10 * KIB);
  t.equal((await given.ask('PUT', FILE, { as: 'alice', body })).status, 201);
  t.equal((await given.ask('PUT', FILE, { as: 'alice', body: [body] })).status, 204);
});

t.test('what the documentation says of itself names these routes', async (t) => {
  const given = await filesScene(t);
  const { status, text } = await given.ask('GET', `${API}/openapi.json`);
  t.equal(status, 200);
  const { paths } = JSON.parse(text) as {
    paths: Readonly<Record<string, Record<string, { responses: object }>>>;
  };
  const answers = Object.values(paths).flatMap((route) =>
    Object.values(route).map(({ responses }) => responses),
  );
  t.ok(answers.length >= 8);
  t.ok(
    // Who asks where a resumable upload ends is told 423 instead.
    answers.every((responses) => '503' in responses || '423' in responses),
    'each may answer that it is not known now',
  );
});

t.test('a token of somebody else names somebody else', async (t) => {
  const given = await filesScene(t);
  const headers = { authorization: `Bearer ${token('bob')}` };
  isProblem(t, await given.ask('PUT', FILE, { headers, body: 'x' }), 403, 'forbidden', /may not write/);
  t.equal((await given.ask('PUT', `${WRITE}/users/bob/plan`, { headers, body: 'x' })).status, 201);
  t.equal((await given.store.files.file(path('/users/bob/plan')))?.owner, 'user:bob');
});
