/** What is not compared, not done or not wanted any more must become no file, and must not stay in the way. */

import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { request } from 'node:http';
import t from 'tap';
import { NotKnown } from '../../src/acl/errors.js';
import { until } from '../nginx/running-site.js';
import { partialsIn, resumableNamesIn, served } from '../uploads/given.js';
import { isProblem, token } from './asking-files.js';
import { filesScene } from './files-scene.js';
import { BYTES, locationOf, tusOver, VERSION } from './tus-client.js';

const PATH = '/users/alice/plan';
const ALICE = { as: 'alice' };
const LIMIT_MS = 30_000;

function sha256(text: string): Readonly<Record<string, string>> {
  return { 'upload-checksum': `sha256 ${createHash('sha256').update(text).digest('base64')}` };
}

t.test('bytes that are all there, but not compared with their checksum, are no file', async (t) => {
  const given = await filesScene(t);
  const tus = tusOver(given.ask);
  const at = locationOf(await tus.create({ path: PATH }, { ...ALICE, length: 10 }));
  const asked = request({
    socketPath: given.socket,
    method: 'PATCH',
    path: at,
    agent: false,
    headers: {
      ...VERSION,
      ...BYTES,
      ...sha256('other'),
      'upload-offset': '0',
      'transfer-encoding': 'chunked',
      authorization: `Bearer ${token('alice')}`,
    },
  });
  asked.on('error', () => undefined);
  t.teardown(() => void asked.destroy());
  asked.write('abcdefghij');
  const file = `${given.folder}/partial/tus/${at.split('/').at(-1)}`;
  await until(
    async () => (await stat(file)).size,
    (bytes) => bytes === 10,
    LIMIT_MS,
  );
  const head = await tus.head(at, ALICE);
  t.match(head, { status: 200, headers: { 'upload-offset': '0' } });
  t.equal(served(given.folder, PATH), undefined);
});

t.test('an upload that is whole and cannot be committed can be given up', async (t) => {
  const given = await filesScene(t, {
    onStep: (step) => {
      if (step === 'prepared') throw Object.assign(new Error('full'), { code: 'ENOSPC' });
    },
  });
  const tus = tusOver(given.ask);
  const at = locationOf(await tus.create({ path: PATH }, { ...ALICE, length: 3 }));
  t.equal((await tus.patch(at, 0, { ...ALICE, body: 'abc' })).status, 507);
  t.equal((await tus.end(at, ALICE)).status, 204);
  t.equal((await tus.head(at, ALICE)).status, 404);
  t.strictSame(resumableNamesIn(given.folder), []);
  t.strictSame(partialsIn(given.folder), []);
});

t.test('however often it is asked for, an upload is scanned a few times at once, and no more', async (t) => {
  let now = Date.now();
  let scans = 0;
  let knows = false;
  const scan = async () => {
    scans += 1;
    if (!knows) throw new NotKnown('scan-unavailable', 'the test does not know');
    return { kind: 'yes' } as const;
  };
  const given = await filesScene(t, { scan, uploadClock: () => now });
  const tus = tusOver(given.ask);
  const at = locationOf(await tus.create({ path: PATH }, { ...ALICE, length: 3 }));
  t.equal((await tus.patch(at, 0, { ...ALICE, body: 'abc' })).status, 503);
  const heads = await Promise.all(Array.from({ length: 9 }, () => tus.head(at, ALICE)));
  t.strictSame([...new Set(heads.map(({ status }) => status))], [423]);
  t.equal(scans, 3);
  isProblem(t, await tus.patch(at, 3, ALICE), 423, 'locked', /ask again in 60 seconds/);
  t.equal(scans, 3, 'nor by an empty PATCH');
  now += 59_999;
  t.equal((await tus.head(at, ALICE)).status, 423);
  knows = true;
  now += 1;
  t.match(await tus.head(at, ALICE), { status: 200, headers: { 'content-location': `/files${PATH}` } });
  t.equal(scans, 4);
  t.equal(served(given.folder, PATH), 'abc');
});
