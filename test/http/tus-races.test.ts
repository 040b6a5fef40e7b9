/** Several requests at one upload, and connections that break or hang: one writes at a time, and what has come stays. */

import { createHash } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { type ClientRequest, request } from 'node:http';
import t, { type Test } from 'tap';
import { until } from '../nginx/running-site.js';
import { path, resumableNamesIn, served } from '../uploads/given.js';
import { token } from './asking-files.js';
import { type FilesScene, filesScene } from './files-scene.js';
import { BYTES, locationOf, tusOver, VERSION } from './tus-client.js';

const PATH = '/users/alice/plan';
const ALICE = { as: 'alice' };
const LIMIT_MS = 30_000;

interface Hanging {
  readonly asked: ClientRequest;
  /** The status, or `undefined` where the connection broke. */
  readonly answered: Promise<number | undefined>;
}

/** A PATCH that says it brings `length` bytes, and sends these. */
function hangingPatch(
  t: Test,
  { socket }: FilesScene,
  at: string,
  bytes: string,
  headers: Readonly<Record<string, string>> = {},
): Hanging {
  const asked = request({
    socketPath: socket,
    method: 'PATCH',
    path: at,
    agent: false,
    headers: {
      ...VERSION,
      ...BYTES,
      'upload-offset': '0',
      'content-length': '10',
      authorization: `Bearer ${token('alice')}`,
      ...headers,
    },
  });
  const answered = new Promise<number | undefined>((resolve) => {
    asked.once('response', (answer) => resolve(answer.resume().statusCode));
    asked.once('error', () => resolve(undefined));
  });
  asked.write(bytes);
  t.teardown(() => void asked.destroy());
  return { asked, answered };
}

t.test('of 100 requests with the same bytes one is taken', async (t) => {
  const given = await filesScene(t);
  const tus = tusOver(given.ask);
  const at = locationOf(await tus.create({ path: PATH }, { ...ALICE, length: 20 }));
  const letters = Array.from({ length: 100 }, (_, i) => String.fromCharCode(97 + (i % 26)).repeat(10));
  const answers = await Promise.all(letters.map((body) => tus.patch(at, 0, { ...ALICE, body })));
  const statuses = answers.map(({ status }) => status);
  t.equal(statuses.filter((status) => status === 204).length, 1);
  t.equal(statuses.filter((status) => status === 409).length, 99);
  t.equal((await tus.head(at, ALICE)).headers['upload-offset'], '10');
  const lasts = await Promise.all(letters.map((body) => tus.patch(at, 10, { ...ALICE, body })));
  t.equal(lasts.filter(({ status }) => status === 204).length, 1, 'and of the last bytes');
  t.match(served(given.folder, PATH), /^([a-z])\1{9}([a-z])\2{9}$/, 'nothing of the others is in it');
  t.match(await given.store.files.file(path(PATH)), { bytes: 20 });
});

t.test('a request that hangs makes room for the next one, and what it brought stays', async (t) => {
  const given = await filesScene(t);
  const tus = tusOver(given.ask);
  const at = locationOf(await tus.create({ path: PATH }, { ...ALICE, length: 10 }));
  const { answered } = hangingPatch(t, given, at, 'abc');
  const size = () =>
    given.resumable.ofOwner('user:alice' as never).map((upload) => given.resumable.offset(upload));
  await until(
    async () => (await Promise.all(size()))[0],
    (bytes) => bytes === 3,
    LIMIT_MS,
  );
  const asked = await tus.head(at, ALICE);
  t.equal(asked.headers['upload-offset'], '3');
  t.equal(await answered, 204, 'it is told where the upload ends');
  t.equal((await tus.patch(at, 3, { ...ALICE, body: 'defghij' })).status, 204);
  t.equal(served(given.folder, PATH), 'abcdefghij');
});

t.test('what came before a connection broke stays; with a checksum, nothing does', async (t) => {
  const given = await filesScene(t);
  const tus = tusOver(given.ask);
  const digest = createHash('sha256').update('abcdefghij').digest('base64');
  for (const [headers, kept] of [
    [{}, '3'],
    [{ 'upload-checksum': `sha256 ${digest}` }, '0'],
  ] as const) {
    const at = locationOf(await tus.create({ path: PATH }, { ...ALICE, length: 10 }));
    const { asked } = hangingPatch(t, given, at, 'abc', headers);
    const size = async () => (await stat(`${given.folder}/partial/tus/${at.split('/').at(-1)}`)).size;
    await until(size, (bytes) => bytes === 3, LIMIT_MS);
    asked.destroy();
    t.equal((await tus.head(at, ALICE)).headers['upload-offset'], kept);
    t.equal((await tus.end(at, ALICE)).status, 204);
  }
});

t.test('a creation whose connection breaks leaves nothing: nobody knows where it is', async (t) => {
  const given = await filesScene(t);
  const asked = request({
    socketPath: given.socket,
    method: 'POST',
    path: '/_latchkey/uploads/',
    agent: false,
    headers: {
      ...VERSION,
      ...BYTES,
      'content-length': '10',
      'upload-length': '10',
      'upload-metadata': `path ${Buffer.from(PATH).toString('base64')}`,
      authorization: `Bearer ${token('alice')}`,
    },
  });
  asked.on('error', () => undefined);
  t.teardown(() => void asked.destroy());
  asked.write('abc');
  const names = async () => (await readdir(`${given.folder}/partial/tus`)).length;
  await until(names, (count) => count === 2, LIMIT_MS);
  asked.destroy();
  await until(names, (count) => count === 0, LIMIT_MS);
  // Its files go first.
  const known = async () => given.resumable.ofOwner('user:alice' as never).length;
  await until(known, (count) => count === 0, LIMIT_MS);
});

t.test('given up while its bytes come, it is gone and stays gone', async (t) => {
  const given = await filesScene(t);
  const tus = tusOver(given.ask);
  const at = locationOf(await tus.create({ path: PATH }, { ...ALICE, length: 10 }));
  const { asked, answered } = hangingPatch(t, given, at, 'abc');
  t.equal((await tus.end(at, ALICE)).status, 204);
  asked.end('defghij');
  await answered;
  t.equal((await tus.head(at, ALICE)).status, 404);
  t.strictSame(resumableNamesIn(given.folder), []);
  t.equal(served(given.folder, PATH), undefined);
});

t.test('asked many times at its last byte, it is committed once', async (t) => {
  const steps: string[] = [];
  const given = await filesScene(t, { onStep: (step) => void steps.push(step) });
  const tus = tusOver(given.ask);
  const at = locationOf(
    await tus.create({ path: PATH, grants: 'user:bob read' }, { ...ALICE, length: 4, body: 'abc' }),
  );
  const last = tus.patch(at, 3, { ...ALICE, body: 'd' });
  const others = Array.from({ length: 20 }, () => tus.head(at, ALICE));
  const [patched, ...asked] = await Promise.all([last, ...others]);
  t.equal(patched?.status, 204);
  // 423: the path is committing, and nobody can know who may write there.
  for (const { status } of asked) t.ok(status === 200 || status === 423);
  t.equal(steps.filter((step) => step === 'journaled').length, 1);
  t.equal(served(given.folder, PATH), 'abcd');
});
