/** What limits every upload limits a resumable one: by what its creation declares, and again when its bytes are there. */

import t from 'tap';
import { UNLIMITED } from '../../src/acl/quota.js';
import { partialsIn, path, principal, resumableNamesIn, served } from '../uploads/given.js';
import { isProblem } from './asking-files.js';
import { filesScene } from './files-scene.js';
import { locationOf, tusOver } from './tus-client.js';

const ALICE = principal('user:alice');
const BY_ALICE = { as: 'alice' };
const PATH = '/users/alice/plan';
const TEN = 'x'.repeat(10);

t.test('a quota refuses what is declared before a byte, and what was not when it is there', async (t) => {
  const given = await filesScene(t);
  const tus = tusOver(given.ask);
  const { quotas } = given.store;
  await quotas.setQuota({ subject: ALICE, bytesMax: 5, filesMax: undefined });
  const refused = await tus.create({ path: PATH }, { ...BY_ALICE, length: 10 });
  isProblem(t, refused, 507, 'quota-exceeded', /may have 5 bytes/);
  t.strictSame(resumableNamesIn(given.folder), [], 'nothing was begun');

  const deferred = { ...BY_ALICE, headers: { 'upload-defer-length': '1' } };
  const at = locationOf(await tus.create({ path: PATH }, deferred));
  const last = { ...BY_ALICE, headers: { 'upload-length': '10' }, body: TEN };
  isProblem(t, await tus.patch(at, 0, last), 507, 'quota-exceeded', /may have 5 bytes/);
  t.equal(served(given.folder, PATH), undefined);
  t.equal((await tus.head(at, BY_ALICE)).status, 423, 'it may be asked again');
  t.notOk(
    given.logged.some(({ level }) => level === 50),
    'a full quota is no error of ours',
  );
  await quotas.setQuota({ subject: ALICE, ...UNLIMITED });
  t.match(await tus.head(at, BY_ALICE), { status: 200, headers: { 'content-location': `/files${PATH}` } });
  t.equal(served(given.folder, PATH), TEN, 'with room again, nothing has to be sent again');
  t.strictSame(await quotas.used(ALICE), { bytes: 10, files: 1 });
  t.strictSame(partialsIn(given.folder), []);
});

t.test('no more at once than one user may have under way', async (t) => {
  const given = await filesScene(t, { userUploadsMax: 1 });
  const tus = tusOver(given.ask);
  const at = locationOf(await tus.create({ path: PATH }, { ...BY_ALICE, length: 20 }));
  const stop = new AbortController();
  async function* stalled() {
    yield TEN;
    await new Promise((resolve) => stop.signal.addEventListener('abort', resolve));
    yield TEN;
  }
  const first = tus.patch(at, 0, { ...BY_ALICE, body: stalled() });
  // The second one is refused from when the first has begun.
  let second = await tus.create({ path: `${PATH}2` }, { ...BY_ALICE, length: 1, body: 'x' });
  for (let i = 2; second.status === 201; i++) {
    second = await tus.create({ path: `${PATH}${i + 1}` }, { ...BY_ALICE, length: 1, body: 'x' });
  }
  isProblem(t, second, 429, 'too-many', /1 uploads of yours are under way/);
  stop.abort();
  t.match(await first, { status: 204, headers: { 'upload-offset': '20' } });
  t.equal(served(given.folder, PATH), TEN + TEN);
});

t.test('names and conflicts are those of any upload', async (t) => {
  const given = await filesScene(t);
  const tus = tusOver(given.ask);
  const made = (texts: Record<string, string>, headers: Record<string, string> = {}) =>
    tus.create(texts, { ...BY_ALICE, length: 1, headers, body: 'x' });
  isProblem(t, await made({ path: '/users/alice/a\u202Eb' }), 400, 'bad-request', /U\+202E/);
  isProblem(t, await made({ path: '/users/alice/', filename: 'a\u200Bb' }), 400, 'bad-request', /U\+200B/);
  const composed = await made({ path: '/users/alice/e\u0301/', filename: 'e\u0301' });
  t.match(composed, { status: 201, headers: { 'content-location': '/files/users/alice/%C3%A9/%C3%A9' } });
  t.equal(served(given.folder, path('/users/alice/\u00e9/\u00e9')), 'x');

  t.equal((await made({ path: PATH })).status, 201);
  const says = (policy: string) => ({ 'x-latchkey-on-conflict': policy });
  isProblem(t, await made({ path: PATH }, says('refuse')), 412, 'precondition-failed', /choose another name/);
  isProblem(t, await made({ path: PATH }, says('keep-both')), 400, 'bad-request', /cannot keep both/);
  isProblem(t, await made({ path: PATH }, says('burn')), 400, 'bad-request', /one of replace/);
  t.equal((await made({ path: PATH }, says('replace'))).status, 201);
});

t.test('when it shall end is said at its creation, and counts from its last byte', async (t) => {
  const given = await filesScene(t);
  const tus = tusOver(given.ask);
  const made = (expires: string, headers: Record<string, string> = {}) =>
    tus.create({ path: PATH, expires }, { ...BY_ALICE, length: 1, headers, body: 'x' });
  isProblem(t, await made('soon'), 400, 'bad-request', /expires after a duration/);
  isProblem(t, await made('2001-01-01T00:00Z'), 400, 'bad-request', /in the future/);
  isProblem(t, await made('1h', { 'x-latchkey-expires': '1h' }), 400, 'bad-request', /Upload-Metadata/);
  const before = Date.now();
  t.equal((await made('1h')).status, 201);
  const ends = (await given.store.expiries.expiriesOf([path(PATH)])).get(path(PATH)) ?? 0;
  t.ok(ends >= before + 3_600_000 && ends <= Date.now() + 3_600_000, `${ends}`);
  t.equal((await made('never')).status, 201);
  t.strictSame(await given.store.expiries.expiriesOf([path(PATH)]), new Map());
});
