/** Resumable uploads (tus 1.0) against the files service: the protocol, by raw requests. */

import { createHash } from 'node:crypto';
import t from 'tap';
import { folderAt, namesIn, partialsIn, path, refusing, resumableNamesIn, served } from '../uploads/given.js';
import { type Answer, isProblem } from './asking-files.js';
import { filesScene } from './files-scene.js';
import { BYTES, type Creation, locationOf, metadata, tusOver, UPLOADS, VERSION } from './tus-client.js';

const PATH = '/users/alice/plan';
const ALICE = { as: 'alice' };
const GONE = { status: 404 };

const sha = (algorithm: string, text: string) => ({
  'upload-checksum': `${algorithm} ${createHash(algorithm).update(text).digest('base64')}`,
});

t.test(
  'created, carried on, asked, done: it is a file, with its grants, and its sender is told',
  async (t) => {
    const given = await filesScene(t);
    const tus = tusOver(given.ask);
    const made = await tus.create({ path: PATH, grants: 'user:bob read' }, { ...ALICE, length: 10 });
    const at = locationOf(made);
    t.match(at, /^\/_latchkey\/uploads\/[0-9a-f]{32}$/);
    t.match(made.headers, { 'tus-resumable': '1.0.0', 'upload-expires': /GMT$/ });
    const first = await tus.patch(at, 0, { ...ALICE, body: 'hello' });
    t.match(first, { status: 204, headers: { 'upload-offset': '5', 'upload-expires': /GMT$/ } });
    t.equal(served(given.folder, PATH), undefined, 'not before it is whole');
    const asked = await tus.head(at, ALICE);
    t.match(asked, {
      status: 200,
      headers: {
        'upload-offset': '5',
        'upload-length': '10',
        'upload-metadata': metadata({ path: PATH, grants: 'user:bob read' }),
        'upload-expires': made.headers['upload-expires'],
        'cache-control': 'no-store',
      },
    });
    const last = await tus.patch(at, 5, { ...ALICE, body: 'world' });
    const ofFile = { 'content-location': `/files${PATH}`, etag: /^"[0-9a-f]+-a"$/ };
    t.match(last, { status: 204, headers: { 'upload-offset': '10', ...ofFile } });
    t.notOk(last.headers['access-control-allow-origin'], 'the library has no say in CORS');
    t.equal(served(given.folder, PATH), 'helloworld');
    t.match(await given.store.files.file(path(PATH)), { owner: 'user:alice', bytes: 10 });
    t.match(await given.store.acl.grantsOn([path(PATH)]), [{ principal: 'user:bob', action: 'read' }]);
    t.strictSame(partialsIn(given.folder), []);
    t.equal(resumableNamesIn(given.folder).length, 1, 'what is known of it, without its bytes');

    t.match(await tus.head(at, ALICE), {
      status: 200,
      headers: { 'upload-offset': '10', 'upload-length': '10', etag: last.headers.etag },
    });
    const empty = await tus.patch(at, 10, { ...ALICE, body: '' });
    t.match(empty, { status: 204, headers: { 'upload-offset': '10', etag: last.headers.etag } });
    isProblem(
      t,
      await tus.patch(at, 10, { ...ALICE, body: 'more' }),
      413,
      'too-large',
      /begin one that fits/,
    );
    isProblem(t, await tus.end(at, ALICE), 409, 'conflict', /delete the file itself/);
    t.equal(served(given.folder, PATH), 'helloworld');
  },
);

t.test('what is offered is said to anybody', async (t) => {
  const { ask } = await filesScene(t);
  for (const target of [UPLOADS, `${UPLOADS}${'a'.repeat(32)}`]) {
    t.match(await ask('OPTIONS', target), {
      status: 204,
      headers: {
        'tus-version': '1.0.0',
        'tus-extension':
          'creation,creation-with-upload,creation-defer-length,termination,expiration,checksum,concatenation',
        'tus-max-size': '1048576',
        'tus-checksum-algorithm': 'sha1,sha256',
      },
    });
  }
});

t.test('the path is whole, or a folder and a filename; its name is normalised', async (t) => {
  const { ask, folder } = await filesScene(t);
  const tus = tusOver(ask);
  const table = [
    [{ path: '/users/alice/a b+%20?#.txt' }, '/users/alice/a b+%20?#.txt'],
    [{ path: '/users/alice/', filename: 'b.txt', filetype: 'text/html' }, '/users/alice/b.txt'],
    [{ path: '/users/alice/new/folder/', filename: 'U\u0308.txt' }, '/users/alice/new/folder/\u00dc.txt'],
    [{ path: '/users/alice/o\u0308.txt', filename: 'not this' }, '/users/alice/\u00f6.txt'],
  ] as const;
  for (const [texts, at] of table) {
    const { headers } = await tus.create(texts, { ...ALICE, length: 1, body: 'x' });
    t.equal(decodeURIComponent(headers['content-location'] ?? ''), `/files${at}`);
    t.equal(served(folder, at), 'x');
  }
});

t.test('with the creation may come some bytes, all, or none of a file that is empty', async (t) => {
  const { ask, folder } = await filesScene(t);
  const tus = tusOver(ask);
  const some = await tus.create({ path: PATH }, { ...ALICE, length: 4, body: 'ab' });
  t.equal(some.headers['upload-offset'], '2');
  const done = await tus.patch(locationOf(some), 2, { ...ALICE, body: 'cd' });
  t.equal(done.headers['content-location'], `/files${PATH}`);
  const whole = await tus.create({ path: `${PATH}2` }, { ...ALICE, length: 3, body: 'abc' });
  t.match(whole.headers, { 'upload-offset': '3', 'content-location': `/files${PATH}2`, etag: /^"/ });
  t.notOk(whole.headers['upload-expires']);
  const empty = await tus.create({ path: `${PATH}3` }, { ...ALICE, length: 0 });
  t.match(empty, { status: 201, headers: { 'content-location': `/files${PATH}3` } });
  t.strictSame(
    [served(folder, PATH), served(folder, `${PATH}2`), served(folder, `${PATH}3`)],
    ['abcd', 'abc', ''],
  );
});

t.test('a length that is told later holds, and until then that of the service', async (t) => {
  const { ask, folder } = await filesScene(t, { uploadBytesMax: 8 });
  const tus = tusOver(ask);
  const later = { ...ALICE, headers: { 'upload-defer-length': '1' } };
  const at = locationOf(await tus.create({ path: PATH }, later));
  t.equal((await tus.patch(at, 0, { ...ALICE, body: 'abc' })).status, 204);
  t.match((await tus.head(at, ALICE)).headers, { 'upload-offset': '3', 'upload-defer-length': '1' });
  isProblem(t, await tus.patch(at, 3, { ...ALICE, body: '123456' }), 413, 'too-large', /Tus-Max-Size/);
  isProblem(t, await tus.patch(at, 3, { ...ALICE, body: ['1234', '56'] }), 413, 'too-large', /Tus-Max-Size/);
  const { headers } = await tus.head(at, ALICE);
  const offset = Number(headers['upload-offset']);
  t.ok(offset <= 8);
  const length = { 'upload-length': String(offset) };
  const last = await tus.patch(at, offset, { ...ALICE, headers: length, body: '' });
  t.match(last, { status: 204, headers: { etag: /^"/ } });
  t.equal(served(folder, PATH)?.length, offset);
  t.equal(
    (await tus.patch(at, offset, { ...ALICE, headers: { 'upload-length': '9' }, body: '' })).status,
    400,
  );
});

t.test('what cannot be created leaves nothing', async (t) => {
  const given = await filesScene(t, { uploadBytesMax: 100 });
  const { ask } = given;
  const tus = tusOver(ask);
  await given.grant('user:bob write /users/alice/');
  await ask('PUT', `/_latchkey/write/files${PATH}-there`, { ...ALICE, body: 'x' });
  const good = { path: PATH };
  const one = { ...ALICE, length: 1 };
  type Row = readonly [Record<string, string>, Creation, number, string, RegExp];
  const table: readonly Row[] = [
    [good, { length: 1 }, 401, 'unauthenticated', /sign in/],
    [good, { as: 'carol', length: 1 }, 403, 'forbidden', /may not write/],
    [{ ...good, grants: 'anyone read' }, { as: 'bob', length: 1 }, 403, 'forbidden', /may not manage/],
    [{ ...good, grants: 'bob read' }, one, 400, 'bad-request', /begins with user:NAME/],
    [
      good,
      { ...one, headers: { 'x-latchkey-grants': 'anyone deny read' } },
      400,
      'bad-request',
      /in its Upload-Metadata/,
    ],
    [{}, one, 400, 'bad-request', /has no path/],
    [{ path: 'plan' }, one, 400, 'bad-request', /no resource path/],
    [{ path: '/users/alice/../bob/x' }, one, 400, 'bad-request', /no resource path/],
    [{ path: '/users/alice/' }, one, 400, 'bad-request', /filename/],
    [{ path: '/users/alice/', filename: 'a/b' }, one, 400, 'bad-request', /filename/],
    [
      { path: `${PATH}-there`, filename: 'x' },
      { ...one, headers: { 'if-none-match': '*' } },
      412,
      'precondition-failed',
      /another name/,
    ],
    [good, { ...one, headers: { 'if-match': '"1-1"' } }, 412, 'precondition-failed', /is required/],
    [good, { ...one, headers: { 'upload-metadata': 'path ***' } }, 400, 'bad-request', /KEY BASE64/],
    [
      good,
      { ...one, headers: { 'upload-metadata': `path ${Buffer.from([0x2f, 0xff]).toString('base64')}` } },
      400,
      'bad-request',
      /UTF-8/,
    ],
    [{ ...good, much: 'x'.repeat(7000) }, one, 400, 'bad-request', /8192 bytes/],
    [good, ALICE, 400, 'bad-request', /Upload-Length/],
    [good, { ...one, headers: { 'upload-defer-length': '1' } }, 400, 'bad-request', /Upload-Length/],
    [good, { ...ALICE, headers: { 'upload-length': '-1' } }, 400, 'bad-request', /upload-length/i],
    [good, { ...ALICE, headers: { 'upload-length': '1e1' } }, 400, 'bad-request', /upload-length/i],
    [good, { ...ALICE, length: 101 }, 413, 'too-large', /100 bytes/],
    [good, { ...one, body: 'xy' }, 413, 'too-large', /begin one that fits/],
    [good, { ...one, headers: { 'upload-checksum': 'md5 AAAA' } }, 400, 'bad-request', /sha1 or sha256/],
    [good, { ...one, headers: { 'upload-checksum': 'sha1 AAAA' } }, 400, 'bad-request', /no sha1/],
    [good, { ...one, body: 'x', headers: sha('sha1', 'y') }, 460, 'checksum-mismatch', /send them again/],
    [good, { ...one, headers: { 'tus-resumable': '0.2.2' } }, 412, 'wrong-version', /1\.0\.0/],
    [good, { ...one, headers: { 'x-http-method-override': 'DELETE' } }, 400, 'bad-request', /without X-HTTP/],
    [{ path: `${PATH}-there/below` }, { ...one, body: 'x' }, 409, 'conflict', /is a file already/],
  ];
  for (const [texts, creation, status, code, detail] of table) {
    const answer = await tus.create(texts, creation);
    isProblem(t, answer, status, code, detail);
    t.equal(answer.headers['tus-resumable'], '1.0.0');
    t.notOk(answer.headers.location);
    if (status === 413) t.equal(answer.headers['tus-max-size'], '100');
    if (code === 'wrong-version') t.equal(answer.headers['tus-version'], '1.0.0');
  }
  t.strictSame(resumableNamesIn(given.folder), []);
  t.strictSame(partialsIn(given.folder), []);
  t.strictSame(namesIn(given.folder), ['users', 'users/alice', 'users/alice/plan-there']);
});

t.test('what cannot be carried on stays as it was', async (t) => {
  const { ask } = await filesScene(t);
  const tus = tusOver(ask);
  const at = locationOf(await tus.create({ path: PATH }, { ...ALICE, length: 10, body: 'abc' }));
  const from = (offset: string, more = {}) => ({ ...VERSION, ...BYTES, 'upload-offset': offset, ...more });
  const table = [
    ['PATCH', from('2'), 409, 'wrong-offset', /by HEAD/],
    ['PATCH', from('4'), 409, 'wrong-offset', /by HEAD/],
    ['PATCH', from('-1'), 400, 'bad-request', /upload-offset/],
    ['PATCH', from('3.0'), 400, 'bad-request', /upload-offset/],
    ['PATCH', { ...VERSION, ...BYTES }, 400, 'bad-request', /Upload-Offset/],
    [
      'PATCH',
      from('3', { 'content-type': 'text/plain' }),
      415,
      'unsupported-media-type',
      /offset\+octet-stream/,
    ],
    ['PATCH', from('3', { 'upload-length': '5' }), 400, 'bad-request', /Upload-Length/],
    ['PATCH', { ...BYTES, 'upload-offset': '3' }, 412, 'wrong-version', /Tus-Resumable/],
    ['PATCH', from('3', sha('sha256', 'other')), 460, 'checksum-mismatch', /again/],
    ['PATCH', from('3', { 'upload-checksum': 'crc32 AAAA' }), 400, 'bad-request', /sha1 or sha256/],
    ['PATCH', from('3', { 'x-http-method-override': 'PATCH' }), 400, 'bad-request', /without X-HTTP/],
    ['POST', from('3', { 'x-http-method-override': 'PATCH' }), 405, 'method-not-allowed', /PATCH/],
    ['GET', VERSION, 405, 'method-not-allowed', /PATCH/],
    ['PUT', VERSION, 405, 'method-not-allowed', /PATCH/],
  ] as const;
  for (const [method, headers, status, code, detail] of table) {
    isProblem(t, await ask(method, at, { ...ALICE, headers, body: 'xyz' }), status, code, detail);
    t.equal((await tus.head(at, ALICE)).headers['upload-offset'], '3', `${code}: no byte`);
  }
  isProblem(t, await tus.patch(at, 3, { ...ALICE, body: '12345678' }), 413, 'too-large', /fits/);
  t.equal((await tus.head(at, ALICE)).headers['upload-offset'], '3');
  t.match(await tus.patch(at, 3, { ...ALICE, body: 'xyz', headers: sha('sha256', 'xyz') }), {
    status: 204,
    headers: { 'upload-offset': '6' },
  });
  t.match(await tus.patch(at, 6, { ...ALICE, body: 'last', headers: sha('sha1', 'last') }), {
    status: 204,
    headers: { 'content-location': `/files${PATH}` },
  });
});

t.test("an upload is its sender's: to everybody else there is none of that id", async (t) => {
  const given = await filesScene(t);
  const { ask } = given;
  const tus = tusOver(ask);
  await given.grant('anyone write /open/');
  const alices = locationOf(await tus.create({ path: '/open/a' }, { ...ALICE, length: 2, body: 'a' }));
  const nobodys = locationOf(await tus.create({ path: '/open/n' }, { length: 2, body: 'n' }));
  const none = `${UPLOADS}${'0'.repeat(32)}`;
  const asWhom = [
    ['bob', [alices, nobodys, none], 404, 'not-found', /begin it again/],
    ['alice', [nobodys, none], 404, 'not-found', /begin it again/],
    ['root', [alices, nobodys, none], 404, 'not-found', /begin it again/],
    [undefined, [alices, none], 401, 'unauthenticated', /sign in/],
  ] as const;
  for (const [as, targets, status, code, detail] of asWhom) {
    const who = as === undefined ? {} : { as };
    for (const at of targets) {
      isProblem(t, await tus.patch(at, 1, { ...who, body: 'x' }), status, code, detail);
      isProblem(t, await tus.end(at, who), status, code, detail);
      t.equal((await tus.head(at, who)).status, status);
    }
  }
  t.equal((await tus.patch(alices, 1, { ...ALICE, body: 'a' })).status, 204);
  t.equal((await tus.patch(nobodys, 1, { body: 'n' })).status, 204);
  t.strictSame([served(given.folder, '/open/a'), served(given.folder, '/open/n')], ['aa', 'nn']);
  t.equal((await given.store.files.file(path('/open/n')))?.owner, undefined);
});

t.test('given up, it is gone, and nothing is left', async (t) => {
  const { ask, folder } = await filesScene(t);
  const tus = tusOver(ask);
  const at = locationOf(await tus.create({ path: PATH }, { ...ALICE, length: 2 }));
  t.match(await tus.end(at, ALICE), { status: 204 });
  t.match(await tus.head(at, ALICE), GONE);
  t.match(await tus.end(at, ALICE), GONE);
  t.strictSame(resumableNamesIn(folder), []);
});

t.test('an upload that lost its right has ended, with its bytes; in each of its requests', async (t) => {
  const given = await filesScene(t);
  const tus = tusOver(given.ask);
  const BOB = { as: 'bob' };
  for (const method of ['HEAD', 'PATCH', 'DELETE'] as const) {
    await given.grant('user:bob write /team/');
    const at = locationOf(await tus.create({ path: '/team/x' }, { ...BOB, length: 4, body: 'ab' }));
    await given.revoke('user:bob write /team/');
    const headers = method === 'PATCH' ? { ...BYTES, 'upload-offset': '2' } : {};
    const lost = await tus.send(method, at, { ...BOB, headers, ...(method === 'PATCH' && { body: 'cd' }) });
    t.equal(lost.status, 403);
    t.strictSame(resumableNamesIn(given.folder), [], `${method}: nothing is left`);
    await given.grant('user:bob write /team/');
    t.match(await tus.head(at, BOB), GONE, 'and does not come back');
  }
  t.strictSame(namesIn(given.folder), []);
});

t.test('the right to give grants is asked when it began, and when it is done', async (t) => {
  const given = await filesScene(t);
  const tus = tusOver(given.ask);
  await given.grant('user:bob manage /team/');
  const texts = { path: '/team/x', grants: 'anyone read' };
  const at = locationOf(await tus.create(texts, { as: 'bob', length: 2, body: 'a' }));
  await given.revoke('user:bob manage /team/');
  await given.grant('user:bob write /team/');
  isProblem(t, await tus.patch(at, 1, { as: 'bob', body: 'b' }), 403, 'forbidden', /may not manage/);
  t.strictSame(resumableNamesIn(given.folder), []);
  t.strictSame(namesIn(given.folder), []);
});

t.test('a commit that is refused ends the upload, and says why', async (t) => {
  const given = await filesScene(t);
  const tus = tusOver(given.ask);
  const never = { 'if-none-match': '*' };
  const at = locationOf(await tus.create({ path: PATH }, { ...ALICE, length: 2, headers: never }));
  await given.ask('PUT', `/_latchkey/write/files${PATH}`, { ...ALICE, body: 'first' });
  const refused = await tus.patch(at, 0, { ...ALICE, body: 'xy' });
  isProblem(t, refused, 412, 'precondition-failed', /another name/);
  t.match(await tus.head(at, ALICE), GONE);
  const below = locationOf(await tus.create({ path: `${PATH}-2` }, { ...ALICE, length: 2 }));
  folderAt(given.folder, `${PATH}-2`);
  isProblem(t, await tus.patch(below, 0, { ...ALICE, body: 'xy' }), 409, 'conflict', /is a folder/);
  t.match(await tus.head(below, ALICE), GONE);
  t.equal(served(given.folder, PATH), 'first');
  t.strictSame(resumableNamesIn(given.folder), []);
  t.strictSame(partialsIn(given.folder), []);
});

t.test('a commit that fails on our side is tried again by the next request', async (t) => {
  const given = await filesScene(t);
  const tus = tusOver(given.ask);
  for (const [name, ask] of [
    ['HEAD', (at: string) => tus.head(at, ALICE)],
    ['PATCH', (at: string) => tus.patch(at, 2, { ...ALICE, body: '' })],
  ] as const) {
    const at = locationOf(await tus.create({ path: PATH + name }, { ...ALICE, length: 2, body: 'x' }));
    const accept = refusing(given.databaseFile, 'INSERT');
    t.equal((await tus.patch(at, 1, { ...ALICE, body: 'y' })).status, 500);
    // Told 500, tus-js-client would begin from the start.
    t.equal((await ask(at)).status, name === 'HEAD' ? 423 : 500);
    t.strictSame(partialsIn(given.folder), []);
    accept();
    const done = await ask(at);
    t.match(done.headers, { 'upload-offset': '2', 'content-location': `/files${PATH}${name}` });
    t.equal(served(given.folder, PATH + name), 'xy');
  }
});

t.test('a commit that was done, but could not be noted, is not done twice', async (t) => {
  const given = await filesScene(t);
  const tus = tusOver(given.ask);
  const at = locationOf(await tus.create({ path: PATH }, { ...ALICE, length: 2 }));
  const accept = refusing(given.databaseFile, 'DELETE');
  t.equal((await tus.patch(at, 0, { ...ALICE, body: 'xy' })).status, 500);
  t.equal(served(given.folder, PATH), 'xy', 'it is in its place');
  accept();
  t.match(await tus.head(at, ALICE), { status: 200, headers: { 'upload-offset': '2', etag: /^"/ } });
  t.equal(served(given.folder, PATH), 'xy');
  t.strictSame(partialsIn(given.folder), []);
});

t.test('no more than so many are unfinished, of one user and of all', async (t) => {
  const given = await filesScene(t);
  const tus = tusOver(given.ask);
  const begin = (as: string) =>
    Promise.all(
      Array.from({ length: 12 }, (_, i) => tus.create({ path: `/users/${as}/${i}` }, { as, length: 1 })),
    );
  const made = (answers: readonly Answer[]) => answers.filter(({ status }) => status === 201);
  const alices = await begin('alice');
  const bobs = await begin('bob');
  t.strictSame([made(alices).length, made(bobs).length], [8, 2]);
  for (const [answers, status, code, seconds] of [
    [alices, 429, 'too-many', '60'],
    [bobs, 503, 'too-busy', '1'],
  ] as const) {
    for (const refused of answers.filter((answer) => answer.status !== 201)) {
      isProblem(t, refused, status, code, /finish or delete one/);
      t.equal(refused.headers['retry-after'], seconds);
    }
  }
  const [first] = made(alices).map(locationOf);
  await tus.patch(first ?? '', 0, { ...ALICE, body: 'x' });
  t.equal(
    (await tus.create({ path: PATH }, { ...ALICE, length: 1 })).status,
    201,
    'a finished one makes room',
  );
});
