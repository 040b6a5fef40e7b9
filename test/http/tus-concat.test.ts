/** Uploads in parts that are put together (tus 1.0, concatenation): what each is, whose, and what becomes of it. */

import { createHash } from 'node:crypto';
import t, { type Test } from 'tap';
import { NotKnown } from '../../src/acl/errors.js';
import { UNLIMITED } from '../../src/acl/quota.js';
import type { Verdict } from '../../src/uploads/scan.js';
import { namesIn, partialsIn, path, principal, resumableNamesIn, served } from '../uploads/given.js';
import { type Answer, isProblem } from './asking-files.js';
import { type FilesScene, type FilesSceneOptions, filesScene } from './files-scene.js';
import { type Creation, locationOf, metadata, tusOver, UPLOADS } from './tus-client.js';

const PATH = '/users/alice/plan';
const ALICE = { as: 'alice' };
const OF_PLAN = { path: PATH };
const PARTIAL = { 'upload-concat': 'partial' };
const LETTERS = ['aa', 'b', 'cccc'];

const finalOf = (urls: readonly string[]) => ({ 'upload-concat': `final;${urls.join(' ')}` });

async function partsScene(t: Test, options: FilesSceneOptions = {}) {
  const given = await filesScene(t, options);
  const tus = tusOver(given.ask);
  return {
    ...given,
    tus,
    /** A whole one. */
    part: async (
      body: string,
      creation: Creation = ALICE,
      texts: Readonly<Record<string, string>> = OF_PLAN,
    ) =>
      locationOf(
        await tus.create(texts, {
          ...creation,
          length: body.length,
          body,
          headers: { ...PARTIAL, ...creation.headers },
        }),
      ),
    final: (
      urls: readonly string[],
      creation: Creation = ALICE,
      texts: Readonly<Record<string, string>> = OF_PLAN,
    ) => tus.create(texts, { ...creation, headers: { ...finalOf(urls), ...creation.headers } }),
  };
}

/** No bytes of uploads, and no partial. */
function nothingLeft(t: Test, { folder }: FilesScene): void {
  t.strictSame(
    resumableNamesIn(folder).filter((name) => !name.endsWith('.json')),
    [],
  );
  t.strictSame(partialsIn(folder), []);
}

t.test('parts are whole and yet no file; a final one is, of their bytes in its order', async (t) => {
  const given = await partsScene(t);
  const { tus } = given;
  const at = locationOf(await tus.create(OF_PLAN, { ...ALICE, length: 2, body: 'a', headers: PARTIAL }));
  const last = await tus.patch(at, 1, { ...ALICE, body: 'a' });
  t.match(last, { status: 204, headers: { 'upload-offset': '2' } });
  t.notOk(last.headers['content-location']);
  const parts = [at, await given.part('b'), await given.part(''), await given.part('cccc')];
  for (const part of parts) {
    const asked = await tus.head(part, ALICE);
    t.match(asked, { status: 200, headers: { ...PARTIAL, 'upload-expires': /GMT$/ } });
    t.equal(asked.headers['upload-offset'], asked.headers['upload-length']);
    t.notOk(asked.headers.etag);
  }
  t.strictSame(namesIn(given.folder), [], 'nothing can be seen');
  const said = finalOf(parts.toReversed());
  const done = await given.final(parts.toReversed(), ALICE, { ...OF_PLAN, grants: 'user:bob read' });
  const ofFile = { 'content-location': `/files${PATH}`, etag: /^"[0-9a-f]+-7"$/ };
  t.match(done, { status: 201, headers: { ...ofFile, 'tus-resumable': '1.0.0' } });
  t.equal(served(given.folder, PATH), 'ccccbaa');
  t.match(await given.store.files.file(path(PATH)), { owner: 'user:alice', bytes: 7 });
  t.match(await given.store.acl.grantsOn([path(PATH)]), [{ principal: 'user:bob', action: 'read' }]);
  const final = locationOf(done);
  t.match(final, /^\/_latchkey\/uploads\/[0-9a-f]{32}$/);
  t.match(await tus.head(final, ALICE), {
    status: 200,
    headers: {
      ...said,
      'upload-offset': '7',
      'upload-length': '7',
      'upload-metadata': metadata({ ...OF_PLAN, grants: 'user:bob read' }),
      etag: done.headers.etag,
    },
  });
  for (const part of parts) t.equal((await tus.head(part, ALICE)).status, 404);
  t.strictSame(resumableNamesIn(given.folder).length, 1, 'what is known of the final one');
  nothingLeft(t, given);
  for (const offset of [0, 7]) {
    const patched = await tus.patch(final, offset, { ...ALICE, body: '' });
    isProblem(t, patched, 403, 'final', /bytes of its parts/);
  }
  t.equal(served(given.folder, PATH), 'ccccbaa');
});

t.test('a part is named by any URL that leads here', async (t) => {
  const given = await partsScene(t);
  const forms: readonly ((at: string) => string)[] = [
    (at) => at,
    (at) => at.slice(UPLOADS.length),
    (at) => `./${at.slice(UPLOADS.length)}`,
    (at) => `https://files.example:8443${at}`,
    (at) => `//files.example${at}`,
  ];
  const urls: string[] = [];
  for (const [i, form] of forms.entries()) urls.push(form(await given.part(String(i))));
  t.equal((await given.final(urls)).status, 201);
  t.equal(served(given.folder, PATH), '01234');
});

t.test('what cannot be put together is refused, and nothing of it is lost', async (t) => {
  const given = await partsScene(t, { uploadBytesMax: 10 });
  const { tus } = given;
  await given.grant('user:bob write /users/alice/');
  const [a, b] = [await given.part('aaaaa'), await given.part('bbbbb')];
  const c = await given.part('c');
  const started = locationOf(await tus.create(OF_PLAN, { ...ALICE, length: 4, body: 'x', headers: PARTIAL }));
  const alone = locationOf(await tus.create(OF_PLAN, { ...ALICE, length: 4 }));
  const bobs = await given.part('bob', { as: 'bob' });
  const elsewhere = await given.part('x', ALICE, { path: `${PATH}2` });
  const none = `${UPLOADS}${'0'.repeat(32)}`;
  const many = Array.from({ length: 65 }, (_, i) => `${UPLOADS}${String(i).padStart(32, '0')}`);
  const says = (concat: string) => ({ ...ALICE, headers: { 'upload-concat': concat } });
  const also = (headers: Record<string, string>) => ({
    ...ALICE,
    headers: { ...finalOf([a, c]), ...headers },
  });
  type Row = readonly [Creation, number, string, RegExp];
  const table: readonly Row[] = [
    [says(''), 400, 'bad-request', /'partial', or 'final;'/],
    [says('Partial'), 400, 'bad-request', /'partial', or 'final;'/],
    [says('final'), 400, 'bad-request', /'partial', or 'final;'/],
    [says('final;'), 400, 'bad-request', /no upload here/],
    [says('final;/a /b'), 400, 'bad-request', /no upload here/],
    [says(`final;${a}/ ${c}`), 400, 'bad-request', /no upload here/],
    [says(`final;${a}?x ${c}`), 400, 'bad-request', /no upload here/],
    [says(`final;${a}#x ${c}`), 400, 'bad-request', /no upload here/],
    [says(`final;ftp://files.example${a}`), 400, 'bad-request', /no upload here/],
    [says(`final;https://[ ${a}`), 400, 'bad-request', /no upload here/],
    [says(`final;https://files.example/files${PATH}`), 400, 'bad-request', /no upload here/],
    [says(`final;${a} ${c} ${a}`), 400, 'bad-request', /each once/],
    [says(`final;${a} https://files.example${a}`), 400, 'bad-request', /each once/],
    [says(`final;${many.join(' ')}`), 400, 'bad-request', /64 parts/],
    [says(`final;${a}${' '.repeat(9000)}${c}`), 400, 'bad-request', /8192 bytes/],
    [also({ 'upload-length': '6' }), 400, 'bad-request', /without Upload-Length/],
    [also({ 'upload-defer-length': '1' }), 400, 'bad-request', /without Upload-Length/],
    [{ ...also({}), body: 'more' }, 400, 'bad-request', /without a body/],
    [also({ 'if-match': '"1-1"' }), 412, 'precondition-failed', /is required/],
    [also({ 'x-latchkey-on-conflict': 'keep-both' }), 400, 'bad-request', /cannot keep both/],
    [says(`final;${a} ${none}`), 404, 'not-found', /^Part 2 of this upload is not there \(any more\)/],
    [says(`final;${a} ${bobs}`), 404, 'not-found', /^Part 2 of this upload is not there \(any more\)/],
    [says(`final;${started} ${a}`), 409, 'conflict', /^Part 1 of this upload is not whole/],
    [says(`final;${a} ${alone}`), 409, 'conflict', /^Part 2 .*Upload-Concat: partial/],
    [says(`final;${a} ${elsewhere}`), 409, 'conflict', /^Part 2 .*another file/],
    [says(`final;${a} ${b} ${c}`), 413, 'too-large', /10 bytes/],
    [{ ...also({}), as: 'bob' }, 404, 'not-found', /^Part 1 of this upload is not there/],
    [{ ...also({}), as: 'root' }, 404, 'not-found', /^Part 1 of this upload is not there/],
    [{ ...also({}), as: 'carol' }, 403, 'forbidden', /may not write/],
    [{ headers: finalOf([a, c]) }, 401, 'unauthenticated', /sign in/],
  ];
  const before = resumableNamesIn(given.folder);
  for (const [creation, status, code, detail] of table) {
    const answer = await tus.create(OF_PLAN, creation);
    isProblem(t, answer, status, code, detail);
    t.notOk(answer.headers.location);
    if (status === 413) t.equal(answer.headers['tus-max-size'], '10');
  }
  const wrong = `sha256 ${createHash('sha256').update('other').digest('base64')}`;
  isProblem(
    t,
    await tus.create(OF_PLAN, also({ 'upload-checksum': wrong })),
    460,
    'checksum-mismatch',
    /checksum/,
  );
  t.strictSame(resumableNamesIn(given.folder), before);
  nothingVisible(t, given);
  const right = `sha256 ${createHash('sha256').update('aaaaac').digest('base64')}`;
  t.equal((await tus.create(OF_PLAN, also({ 'upload-checksum': right }))).status, 201);
  t.equal(served(given.folder, PATH), 'aaaaac');
});

function nothingVisible(t: Test, { folder }: FilesScene): void {
  t.strictSame(namesIn(folder), []);
  t.strictSame(partialsIn(folder), []);
}

t.test('parts are refused as any upload is', async (t) => {
  const given = await partsScene(t, { uploadBytesMax: 10 });
  const { tus } = given;
  const one = { ...ALICE, length: 1, headers: PARTIAL };
  isProblem(t, await tus.create({}, one), 400, 'bad-request', /has no path/);
  isProblem(t, await tus.create(OF_PLAN, { ...one, as: 'carol' }), 403, 'forbidden', /may not write/);
  isProblem(t, await tus.create(OF_PLAN, { ...one, length: 11 }), 413, 'too-large', /10 bytes/);
  const bobs = { as: 'bob' };
  await given.grant('user:bob write /team/');
  const ofTeam = { path: '/team/x' };
  const parts = [await given.part('a', bobs, ofTeam), await given.part('b', bobs, ofTeam)];
  await given.revoke('user:bob write /team/');
  isProblem(t, await given.final(parts, bobs, ofTeam), 403, 'forbidden', /may not write/);
  t.equal((await tus.head(parts[0] ?? '', bobs)).status, 403);
  await given.grant('user:bob write /team/');
  isProblem(t, await given.final(parts, bobs, ofTeam), 404, 'not-found', /^Part 1 .*not there/);
  t.equal((await tus.end(parts[1] ?? '', bobs)).status, 204);
  t.strictSame(resumableNamesIn(given.folder), []);
  nothingVisible(t, given);
});

t.test("nobody's parts are for whoever knows where they are, and has not signed in", async (t) => {
  const given = await partsScene(t);
  await given.grant('anyone write /open/');
  const open = { path: '/open/n' };
  const parts = [await given.part('n', {}, open), await given.part('m', {}, open)];
  isProblem(t, await given.final(parts, ALICE, open), 404, 'not-found', /^Part 1 .*not there/);
  t.equal((await given.final(parts, {}, open)).status, 201);
  t.equal(served(given.folder, '/open/n'), 'nm');
});

t.test('whoever has as many parts as they may is not stuck, and has room again', async (t) => {
  const given = await partsScene(t);
  const parts: string[] = [];
  for (let i = 0; i < 8; i++) parts.push(await given.part(String(i)));
  const more = () => given.tus.create(OF_PLAN, { ...ALICE, length: 1, headers: PARTIAL });
  isProblem(t, await more(), 429, 'too-many', /^8 resumable uploads/);
  t.equal((await given.final(parts)).status, 201);
  t.equal(served(given.folder, PATH), '01234567');
  t.equal((await more()).status, 201);
});

t.test('a quota and a disk without room refuse the final one, and its parts wait', async (t) => {
  const given = await partsScene(t);
  const { quotas } = given.store;
  const parts = [await given.part('aaaa'), await given.part('bbbb')];
  await quotas.setQuota({ subject: principal('user:alice'), bytesMax: 5, filesMax: undefined });
  isProblem(t, await given.final(parts), 507, 'quota-exceeded', /may have 5 bytes/);
  nothingVisible(t, given);
  await quotas.setQuota({ subject: principal('user:alice'), ...UNLIMITED });
  t.equal((await given.final(parts)).status, 201);
  t.strictSame(await quotas.used(principal('user:alice')), { bytes: 8, files: 1 });
});

t.test('what a scan refuses or fails at leaves the parts, and is looked at as a whole', async (t) => {
  const looked: number[] = [];
  let answer: Verdict | undefined;
  const given = await partsScene(t, {
    scan: async ({ bytes }) => {
      looked.push(bytes);
      if (answer === undefined) throw new NotKnown('scan-unavailable', 'the scan is away');
      return answer;
    },
  });
  const parts = [await given.part('a'), await given.part('b')];
  t.strictSame(looked, [], 'no part is looked at');
  isProblem(t, await given.final(parts), 503, 'scan-unavailable', /try again/);
  answer = { kind: 'no', reason: 'it is bad' };
  isProblem(t, await given.final(parts), 422, 'scan-refused', /scan/);
  t.equal(resumableNamesIn(given.folder).length, 4, 'the parts, and nothing else');
  nothingVisible(t, given);
  answer = { kind: 'yes' };
  t.equal((await given.final(parts)).status, 201);
  t.equal(served(given.folder, PATH), 'ab');
  t.strictSame(looked, [2, 2, 2]);
});

t.test('of two that name the same parts one wins, and nothing is mixed', async (t) => {
  const given = await partsScene(t);
  for (let round = 0; round < 5; round++) {
    const parts = await Promise.all(LETTERS.map((body) => given.part(body)));
    const orders = [parts, parts.toReversed(), parts.slice(1), parts.slice(0, 2)];
    const answers = await Promise.all(orders.map((urls) => given.final(urls)));
    const won = answers.filter(({ status }) => status === 201);
    t.ok(won.length >= 1);
    for (const lost of answers.filter(({ status }) => status !== 201)) {
      isProblem(t, lost, 404, 'not-found', /not there \(any more\)/);
    }
    // Each two of these have a part in common.
    t.equal(won.length, 1);
    const index = answers.findIndex(({ status }) => status === 201);
    t.equal(served(given.folder, PATH), ['aabcccc', 'ccccbaa', 'bcccc', 'aab'][index]);
    const left = parts.filter((part) => !orders[index]?.includes(part));
    for (const part of left) t.equal((await given.tus.end(part, ALICE)).status, 204);
    nothingLeft(t, given);
  }
});

t.test('a part that is given up, or carried on, while it is put together waits for that', async (t) => {
  const given = await partsScene(t);
  const parts = await Promise.all(LETTERS.map((body) => given.part(body)));
  const [joined, ...others] = await Promise.all<Answer>([
    given.final(parts),
    ...parts.map((part) => given.tus.end(part, ALICE)),
    ...parts.map((part) => given.tus.patch(part, 0, { ...ALICE, body: 'x' })),
  ]);
  if (joined?.status === 201) t.equal(served(given.folder, PATH), 'aabcccc');
  else t.match(joined?.text, /Part . of this upload is not (?:there|whole)/, `${joined?.status}`);
  for (const { status } of others) t.ok([204, 404, 409, 423].includes(status), `${status}`);
  nothingLeft(t, given);
});
