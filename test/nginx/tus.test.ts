/**
 * Resumable uploads as a client sees them, through nginx and through the gateway that stands in for it: the protocol,
 * credentials, and tus-js-client in Node, whose files service is killed while it sends.
 */

import { randomBytes } from 'node:crypto';
import { createReadStream, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { Upload, type UploadOptions } from 'tus-js-client';
import { isProblem } from '../http/asking-files.js';
import { BYTES, locationOf, UPLOADS, VERSION } from '../http/tus-client.js';
import { partialsIn, resumableNamesIn } from '../uploads/given.js';
import { requestBytes, type Site, startSite, until } from './running-site.js';
import { fileOf, killFiles, tusAt } from './tus-site.js';

const MIB = 1024 * 1024;
const BYTES_MAX = 64 * MIB;
const SOON_MS = 20_000;
const ALICE = { as: 'alice' };
const PATH = '/users/alice/plan.bin';
const METADATA = { path: '/users/alice/', filename: 'sent.bin', filetype: 'application/octet-stream' };
const ENV = {
  LATCHKEY_ADMINS: 'user:root',
  LATCHKEY_TOKEN_COOKIE: 'access',
  LATCHKEY_UPLOAD_BYTES_MAX: String(BYTES_MAX),
};

for (const args of [[], ['--no-nginx']]) {
  t.test(`resumable uploads: up ${args}`, async (t) => {
    const site = await startSite(t, ENV, args);
    await theProtocol(t, site);
    await theLocation(t, site);
    await credentials(t, site);
    await aHangingClient(t, site);
    await theClientInParts(t, site);
    await theClientInterrupted(t, site, { chunkSize: MIB });
    await theClientInterrupted(t, site, {});
    await theLastAnswerLost(t, site);
    t.strictSame(partialsIn(site.dataFolder), []);
    t.strictSame(
      resumableNamesIn(site.dataFolder).filter((name) => !name.endsWith('.json')),
      [],
    );
    if (args.length === 0) noIdIsLogged(t, site);
  });
}

async function theProtocol(t: Test, site: Site): Promise<void> {
  const tus = tusAt(site);
  t.match(await tus.send('OPTIONS', UPLOADS), {
    status: 204,
    headers: { 'tus-version': '1.0.0', 'tus-max-size': String(BYTES_MAX), 'tus-extension': /\bchecksum\b/ },
  });
  const at = locationOf(await tus.create({ path: PATH, grants: 'user:bob read' }, { ...ALICE, length: 6 }));
  t.equal((await tus.patch(at, 0, { ...ALICE, body: 'abc' })).headers['upload-offset'], '3');
  isProblem(t, await tus.patch(at, 0, { ...ALICE, body: 'abc' }), 409, 'wrong-offset', /HEAD/);
  const asked = await tus.head(at, ALICE);
  t.match(asked.headers, { 'upload-offset': '3', 'upload-length': '6', 'cache-control': 'no-store' });
  const done = await tus.patch(at, 3, { ...ALICE, body: 'def' });
  t.match(done, { status: 204, headers: { 'upload-offset': '6', 'content-location': `/files${PATH}` } });
  const read = await site.ask('GET', done.headers['content-location'] ?? '', { token: site.token('bob') });
  t.equal(read.body.toString(), 'abcdef');
  if (read.headers.server === 'nginx') t.equal(read.headers.etag, done.headers.etag);
  const large = await tus.create({ path: PATH }, { ...ALICE, length: BYTES_MAX + 1 });
  isProblem(t, large, 413, 'too-large', /smaller one/);
  t.equal(large.headers['tus-max-size'], String(BYTES_MAX));
  for (const name of Object.keys(done.headers)) t.notMatch(name, /^x-latchkey/);
}

async function theLocation(t: Test, site: Site): Promise<void> {
  const made = await tusAt(site).create(
    { path: PATH },
    {
      ...ALICE,
      length: 1,
      headers: {
        'X-Forwarded-Host': 'evil.example',
        'X-Forwarded-Proto': 'gopher',
        Forwarded: 'host=evil.example',
      },
    },
  );
  t.match(locationOf(made), /^\/_latchkey\/uploads\/[0-9a-f]{32}$/, 'a path of this site');
  t.equal((await tusAt(site).end(locationOf(made), ALICE)).status, 204);
}

async function credentials(t: Test, site: Site): Promise<void> {
  const tus = tusAt(site);
  const cookie = { Cookie: `access=${site.token('alice')}` };
  const foreign = { ...cookie, 'Sec-Fetch-Site': 'cross-site' };
  const own = { ...cookie, 'Sec-Fetch-Site': 'same-origin' };
  const create = (headers: Record<string, string>) => tus.create({ path: PATH }, { length: 2, headers });
  isProblem(t, await create(foreign), 403, 'cross-site', /Another site/);
  const at = locationOf(await create(own));
  isProblem(t, await tus.patch(at, 0, { headers: foreign, body: 'x' }), 403, 'cross-site', /Another site/);
  isProblem(t, await tus.end(at, { headers: foreign }), 403, 'cross-site', /Another site/);
  const { stdout } = await site.cli(
    'key',
    'create',
    'alice',
    '--path',
    '/users/alice/other/',
    '--action',
    'write',
  );
  const key = { 'X-Api-Key': stdout.trim() };
  t.equal((await tus.patch(at, 0, { headers: key, body: 'x' })).status, 403, 'a key that reaches less far');
  t.equal((await tus.head(at, { headers: own })).headers['upload-offset'], '0', 'does not end it');
  isProblem(t, await tus.patch(at, 0, { as: 'bob', body: 'x' }), 404, 'not-found', /begin it again/);
  isProblem(t, await tus.patch(at, 0, { body: 'x' }), 401, 'unauthenticated', /sign in/);
  await site.cli('suspend', 'alice');
  t.equal((await tus.patch(at, 0, { headers: own, body: 'x' })).status, 403);
  await site.cli('resume', 'alice');
  t.equal((await tus.head(at, { headers: own })).status, 404, 'but a suspended sender has lost it');
}

async function aHangingClient(t: Test, site: Site): Promise<void> {
  const tus = tusAt(site);
  const at = locationOf(await tus.create({ path: PATH }, { ...ALICE, length: 10 }));
  const headers = { ...VERSION, ...BYTES, 'Upload-Offset': '0', 'Content-Length': '10' };
  const socket = connect(site.port, '127.0.0.1');
  t.teardown(() => socket.destroy());
  socket.on('error', () => undefined);
  socket.write(
    Buffer.concat([requestBytes('PATCH', at, { token: site.token('alice'), headers }), Buffer.from('abc')]),
  );
  const size = async () => readFileSync(`${site.dataFolder}/partial/tus/${at.slice(UPLOADS.length)}`).length;
  await until(
    () => wait(1).then(size),
    (bytes) => bytes === 3,
    SOON_MS,
  );
  t.equal((await tus.head(at, ALICE)).headers['upload-offset'], '3');
  t.equal((await tus.patch(at, 3, { ...ALICE, body: 'defghij' })).status, 204);
  t.equal(fileOf(site, PATH).toString(), 'abcdefghij');
}

interface Seen {
  readonly creations: number;
  /** Where the upload ended, at each HEAD that was answered. */
  readonly offsets: readonly number[];
  /** Of final uploads, the answers. */
  readonly joined: readonly number[];
  readonly lastLocation: string | undefined;
}

type SendOptions = Pick<UploadOptions, 'chunkSize' | 'parallelUploads' | 'metadataForPartialUploads'>;

/** Sends by tus-js-client; `onSent` is told how many bytes have gone out. */
function sent(
  site: Site,
  file: string,
  options: SendOptions,
  onSent: (bytes: number) => void,
): Promise<Seen> {
  let creations = 0;
  const offsets: number[] = [];
  const joined: number[] = [];
  return new Promise((resolve, reject) => {
    // Of a stream, what has gone out is told as it goes.
    new Upload(createReadStream(file) as never, {
      endpoint: `http://127.0.0.1:${site.port}${UPLOADS}`,
      metadata: METADATA,
      headers: { Authorization: `Bearer ${site.token('alice')}` },
      retryDelays: [100, 200, 400, 800, 1600, 1600, 1600, 1600],
      ...options,
      onProgress: onSent,
      onBeforeRequest: (request) => {
        if (request.getMethod() === 'POST') creations += 1;
      },
      onAfterResponse: (request, response) => {
        if (request.getHeader('Upload-Concat')?.startsWith('final;')) joined.push(response.getStatus());
        if (request.getMethod() !== 'HEAD' || response.getStatus() !== 200) return;
        offsets.push(Number(response.getHeader('Upload-Offset')));
      },
      onSuccess: ({ lastResponse }) =>
        resolve({ creations, offsets, joined, lastLocation: lastResponse.getHeader('Content-Location') }),
      onError: reject,
    }).start();
  });
}

async function theClientInterrupted(t: Test, site: Site, options: SendOptions): Promise<void> {
  const bytes = randomBytes(32 * MIB);
  const file = `${site.dataFolder}/bytes`;
  writeFileSync(file, bytes);
  let killed = false;
  const seen = await sent(site, file, options, (gone) => {
    // What has gone out may still be on its way: only what the service has is there when it is killed.
    if (killed || gone < 6 * MIB || storedBytes(site) < MIB) return;
    killed = true;
    killFiles(site);
  });
  t.ok(killed, 'the service was killed');
  t.equal(seen.creations, 1, 'the upload went on, it did not begin again');
  t.ok((seen.offsets.at(-1) ?? 0) > 0, `it went on from ${seen.offsets}`);
  t.equal(seen.lastLocation, '/files/users/alice/sent.bin');
  t.ok(fileOf(site, '/users/alice/sent.bin').equals(bytes), 'and the file is whole');
}

/** Over four connections at once, of several requests each. */
async function theClientInParts(t: Test, site: Site): Promise<void> {
  const bytes = randomBytes(8 * MIB + 3);
  const file = `${site.dataFolder}/bytes`;
  writeFileSync(file, bytes);
  const options = { chunkSize: MIB, parallelUploads: 4, metadataForPartialUploads: METADATA };
  const seen = await sent(site, file, options, () => undefined);
  t.equal(seen.creations, 5, 'four parts, and of them a file');
  t.strictSame(seen.joined, [201]);
  t.equal(seen.lastLocation, '/files/users/alice/sent.bin');
  t.ok(fileOf(site, '/users/alice/sent.bin').equals(bytes), 'the file is whole');
}

/** Of uploads that are not whole. */
function storedBytes({ dataFolder }: Site): number {
  const sizes = resumableNamesIn(dataFolder)
    .filter((name) => !name.includes('.'))
    .map((name) => statSync(`${dataFolder}/partial/tus/${name}`).size);
  return Math.max(0, ...sizes);
}

/** Its sender asks again, and hears that it is done. */
async function theLastAnswerLost(t: Test, site: Site): Promise<void> {
  const tus = tusAt(site);
  const at = locationOf(await tus.create({ path: PATH }, { ...ALICE, length: 3 }));
  const done = await tus.patch(at, 0, { ...ALICE, body: 'abc' });
  killFiles(site);
  const asked = await until(
    () => wait(50).then(() => tus.head(at, ALICE)),
    ({ status }) => status === 200,
    SOON_MS,
  );
  t.match(asked.headers, { 'upload-offset': '3', 'upload-length': '3', etag: done.headers.etag });
}

function noIdIsLogged(t: Test, site: Site): void {
  const log = readFileSync(`${site.dataFolder}/run/access.log`, 'utf8');
  t.match(log, '"uri":"/_latchkey/uploads/-"');
  t.notMatch(log, /uploads\/[0-9a-f]{32}/);
  t.match(log, '"decision":"allow","principal":"user:alice"');
  const ids = readdirSync(`${site.dataFolder}/partial/tus`).map((name) => name.slice(0, 32));
  t.ok(ids.length > 3);
  for (const id of ids) t.notOk(log.includes(id) || site.said().includes(id));
}
