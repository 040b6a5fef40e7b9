/**
 * What a stranger controls in an upload, and may not do with it: lengths that lie, forms that are broken or
 * without an end, names that reach for a prototype, and connections that other visitors use afterwards.
 */

import { once } from 'node:events';
import { connect } from 'node:net';
import t, { type Test } from 'tap';
import { namesIn, partialsIn, path, served } from '../uploads/given.js';
import { FORM_HEADERS, form, isProblem, token, WRITE } from './asking-files.js';
import { type FilesScene, filesScene } from './files-scene.js';

const KIB = 1024;
const HOME = `${WRITE}/users/alice/`;
const FILE = `${HOME}plan`;
const MULTIPART = 'multipart/form-data';

t.test('behind a refused body, the connection is in order for the next visitor', async (t) => {
  const given = await filesScene(t, { uploadBytesMax: 100 * KIB, formFilesMax: 2 });
  const file = { name: 'f', filename: 'a', text: 'x'.repeat(95 * KIB) };
  // More than the buffers of both sides hold: what nobody reads on would stop the connection.
  const rest = Array.from({ length: 4 }, () => 'x'.repeat(1000 * KIB));
  const large = { ...file, filename: 'b', text: 'x'.repeat(150 * KIB) };
  const bodies = [
    ['PUT', FILE, {}, rest, 413],
    ['PUT', FILE, { 'if-match': '"none"' }, rest, 412],
    ['POST', HOME, FORM_HEADERS, [form({ ...file, filename: '..' }, file), ...rest], 400],
    ['POST', HOME, FORM_HEADERS, [form(file, large), ...rest], 413],
    ['POST', HOME, FORM_HEADERS, [form(large, file), ...rest], 413],
    ['POST', HOME, FORM_HEADERS, [form(file), ...rest], 201],
    ['POST', HOME, { 'content-type': 'text/plain' }, rest, 415],
    ['DELETE', `${HOME}none`, {}, rest, 404],
  ] as const;
  for (const [method, target, headers, chunks, status] of bodies) {
    const lines = Object.entries({ ...headers, 'transfer-encoding': 'chunked' }).map((line) =>
      line.join(': '),
    );
    const body = chunks.map((text) => `${text.length.toString(16)}\r\n${text}\r\n`).join('');
    const head = `${method} ${target} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${token('alice')}`;
    const next = 'GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';
    const text = await given.raw(`${head}\r\n${lines.join('\r\n')}\r\n\r\n${body}0\r\n\r\n${next}`);
    const statuses = [...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, got]) => Number(got));
    t.strictSame(
      statuses,
      [status, 200],
      `${method} is answered ${status}, and the next one by its own answer`,
    );
  }
  t.strictSame(namesIn(given.folder), ['users', 'users/alice', 'users/alice/a'], 'one was taken');
  t.strictSame(partialsIn(given.folder), []);
});

t.test('a client that goes away leaves nothing, and is no error of this service', async (t) => {
  const given = await filesScene(t);
  const head = (method: string, target: string, more: string) =>
    `${method} ${target} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${token('alice')}\r\n${more}\r\n\r\n`;
  const cut = form(
    { name: 'f', filename: 'a', text: 'whole' },
    { name: 'f', filename: 'b', text: 'cut' },
  ).slice(0, -20);
  const requests = {
    'in the middle of a body with a length': `${head('PUT', FILE, 'Content-Length: 1000')}0123456789`,
    'in the middle of a chunked body': `${head('PUT', FILE, 'Transfer-Encoding: chunked')}5\r\n01234\r\n`,
    'in the middle of a form': `${head('POST', HOME, `Content-Type: ${FORM_HEADERS['content-type']}\r\nContent-Length: 9999`)}${cut}`,
  };
  for (const [when, bytes] of Object.entries(requests)) {
    await goesAway(given, bytes);
    await until(() => partialsIn(given.folder).length === 0, `${when}: the partial is dropped`);
    nothingLeft(t, given);
  }
  t.strictSame(
    given.logged.filter(({ level }) => Number(level) >= 50),
    [],
    'nothing was logged as an error',
  );
});

t.test('a body that ends before its length is no upload', async (t) => {
  const given = await filesScene(t);
  const head = `PUT ${FILE} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${token('alice')}\r\n`;
  await halfClosed(given, `${head}Content-Length: 1000\r\n\r\n0123456789`);
  await until(() => partialsIn(given.folder).length === 0, 'the partial is dropped');
  nothingLeft(t, given);
  const both = await given.raw(
    `${head}Connection: close\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  );
  t.match(both, /^HTTP\/1\.1 400 /, 'two lengths are refused');
  nothingLeft(t, given);
});

t.test('Expect: 100-continue is answered, then the upload', async (t) => {
  const given = await filesScene(t);
  const head = `PUT ${FILE} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${token('alice')}\r\nConnection: close\r\n`;
  const text = await given.raw(`${head}Expect: 100-continue\r\nContent-Length: 4\r\n\r\nplan`);
  t.match(text, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 201 /);
  t.equal(served(given.folder, '/users/alice/plan'), 'plan');
});

t.test('a form that is broken is the fault of its sender', async (t) => {
  const given = await filesScene(t);
  const whole = form({ name: 'f', filename: 'a', text: 'text' });
  const octets = `--xx\r\nContent-Disposition: form-data; name="f"\r\nContent-Type: application/octet-stream\r\n\r\ntext\r\n--xx--\r\n`;
  const cases: readonly (readonly [name: string, type: string, body: string, code?: string])[] = [
    ['without a boundary', MULTIPART, whole],
    ['with an empty boundary', `${MULTIPART}; boundary=`, whole],
    ['of another boundary', `${MULTIPART}; boundary=yy`, whole],
    ['cut off in a file', FORM_HEADERS['content-type'], whole.slice(0, -12), 'incomplete'],
    ['cut off in a header', FORM_HEADERS['content-type'], whole.slice(0, 40)],
    [
      'without its last boundary',
      FORM_HEADERS['content-type'],
      whole.replace('--xx--\r\n', ''),
      'incomplete',
    ],
    ['that is empty', FORM_HEADERS['content-type'], ''],
    ['that is only a preamble', FORM_HEADERS['content-type'], 'x'.repeat(200 * KIB)],
    ['of a file without a name', FORM_HEADERS['content-type'], octets],
    [
      'of a file with an empty name',
      FORM_HEADERS['content-type'],
      form({ name: 'f', filename: '', text: 'x' }),
    ],
    ['without any file', FORM_HEADERS['content-type'], form({ name: 'grants', text: 'anyone read' })],
    [
      'of a part without a disposition',
      FORM_HEADERS['content-type'],
      '--xx\r\nX: y\r\n\r\ntext\r\n--xx--\r\n',
    ],
  ];
  for (const [name, type, body, code = 'bad-request'] of cases) {
    const answer = await given.ask('POST', HOME, { as: 'alice', headers: { 'content-type': type }, body });
    t.comment(name);
    isProblem(t, answer, 400, code, /\.$/);
    nothingLeft(t, given);
  }
});

t.test('a form without an end in any direction is refused, with its limit', async (t) => {
  const given = await filesScene(t, { formFilesMax: 3 });
  const file = { name: 'f', filename: 'a', text: 'text' };
  const many = <T>(count: number, make: (i: number) => T) => Array.from({ length: count }, (_, i) => make(i));
  const cases: readonly (readonly [name: string, body: string])[] = [
    ['files', form(...many(4, (i) => ({ ...file, filename: `f${i}` })))],
    ['fields', form(file, ...many(101, (i) => ({ name: `n${i}`, text: '' })))],
    ['fields of one name', form(file, ...many(101, () => ({ name: 'grants', text: '' })))],
    ['parts', form(file, ...many(2_000, () => ({ name: 'n', text: '' })))],
  ];
  for (const [name, body] of cases) {
    const answer = await given.ask('POST', HOME, { as: 'alice', headers: FORM_HEADERS, body });
    t.comment(name);
    isProblem(t, answer, 413, 'too-large', /at most 3 files and 100 fields; send it in several/);
    nothingLeft(t, given);
  }
  const long = form(file, { name: 'grants', text: 'anyone read,'.repeat(6_000) });
  const answer = await given.ask('POST', HOME, { as: 'alice', headers: FORM_HEADERS, body: long });
  isProblem(t, answer, 400, 'bad-request', /65536 bytes/);
  const deep = form({ name: 'n'.repeat(100 * KIB), filename: 'a', text: 'x' });
  const headers = await given.ask('POST', HOME, { as: 'alice', headers: FORM_HEADERS, body: deep });
  t.ok(headers.status < 500, `a part header of 100 KiB is no error of this service: ${headers.status}`);
  t.strictSame(partialsIn(given.folder), []);
});

t.test('fields that reach for a prototype are refused, and reach nothing', async (t) => {
  const given = await filesScene(t);
  const file = { name: 'f', filename: 'a', text: 'text' };
  for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf']) {
    for (const parts of [
      [file, { name, text: 'x' }],
      [{ name, text: 'x' }, file],
      [{ ...file, name }, file],
    ]) {
      const answer = await given.ask('POST', HOME, {
        as: 'alice',
        headers: FORM_HEADERS,
        body: form(...parts),
      });
      isProblem(t, answer, 400, 'bad-request', /rename the field/);
    }
  }
  const json =
    '--xx\r\nContent-Disposition: form-data; name="grants"\r\nContent-Type: application/json\r\n\r\n';
  for (const value of ['{"__proto__":{"outcome":"allow"}}', '["anyone read"]', '{', 'null']) {
    const body = `${json}${value}\r\n${form(file)}`;
    const answer = await given.ask('POST', HOME, { as: 'alice', headers: FORM_HEADERS, body });
    isProblem(t, answer, 400, 'bad-request', /\.$/);
  }
  t.equal(({} as { outcome?: string }).outcome, undefined);
  t.equal((await given.ask('PUT', FILE, { body: 'x' })).status, 401, 'nobody is still nobody');
  nothingLeft(t, given);
});

t.test('a revoke during a slow upload holds: what it was allowed when it began is asked again', async (t) => {
  const given = await filesScene(t);
  await given.grant('user:bob write /team/');
  await given.grant('user:bob manage /team/');
  const cases = [
    ['user:bob manage /team/', { 'x-latchkey-grants': 'anyone read' }],
    ['user:bob write /team/', {}],
  ] as const;
  for (const [line, headers] of cases) {
    async function* slow() {
      yield 'first half, ';
      await until(() => partialsIn(given.folder).length === 1, 'the upload has begun');
      await given.revoke(line);
      yield 'second half';
    }
    const answer = await given.ask('PUT', `${WRITE}/team/plan`, { as: 'bob', headers, body: slow() });
    isProblem(t, answer, 403, 'forbidden', /ask someone who manages it/);
    nothingLeft(t, given);
  }
});

t.test('a path that is too long for the disk is refused, not an error', async (t) => {
  const given = await filesScene(t);
  const long = `${HOME}${'a/'.repeat(2_040)}z`;
  const put = await given.ask('PUT', long, { as: 'alice', body: 'x' });
  isProblem(t, put, 400, 'bad-request', /too long for the file system; shorten it/);
  t.equal((await given.ask('DELETE', long, { as: 'alice' })).status, 404, 'nor is there one');
  t.equal(await given.store.files.file(path('/users/alice/z')), undefined);
  nothingLeft(t, given);
});

function nothingLeft(t: Test, { folder }: FilesScene): void {
  t.strictSame([partialsIn(folder), namesIn(folder)], [[], []], 'no partial, no file, no folder');
}

/** Sends it and, as soon as there is a partial, is gone. */
async function goesAway({ socket: address, folder }: FilesScene, bytes: string): Promise<void> {
  const socket = connect(address, () => socket.write(bytes));
  await until(() => partialsIn(folder).length > 0, 'the upload has begun');
  socket.destroy();
}

/** Sends it, says as soon as there is a partial that there is no more, and waits for the end. */
async function halfClosed({ socket: address, folder }: FilesScene, bytes: string): Promise<void> {
  const socket = connect({ path: address, allowHalfOpen: true }, () => socket.write(bytes));
  const closed = once(socket.resume(), 'close');
  await until(() => partialsIn(folder).length > 0, 'the upload has begun');
  socket.end();
  await closed;
}

async function until(reached: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + 30_000;
  while (!reached()) {
    if (performance.now() > deadline) throw new Error(`not in time: ${what}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
