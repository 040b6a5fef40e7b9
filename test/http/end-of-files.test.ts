/**
 * The trash and the expiry of files over HTTP: who may, that nobody else learns anything, and that a file that has
 * expired is opened by nothing. `user:root` is an administrator; a home is /users/{user}/.
 */

import t, { type Test } from 'tap';
import { signedPath } from '../../src/links/url-signer.js';
import { path, put, served } from '../uploads/given.js';
import { type Answer, API, DOWNLOAD, WRITE } from './asking-files.js';
import { type FilesScene, filesScene } from './files-scene.js';

const JSON_BODY = { 'content-type': 'application/json' };
const PLAN = '/team/plan.txt';

const post = (given: FilesScene, as: string | undefined, verb: string, body: object) =>
  given.ask('POST', `${API}/${verb}`, {
    ...(as !== undefined && { as }),
    headers: JSON_BODY,
    body: JSON.stringify(body),
  });

/** Each names a remedy. */
function isProblem(t: Test, answer: Answer, status: number): void {
  t.equal(answer.status, status, answer.text);
  t.match(JSON.parse(answer.text), { status, detail: /[;,:] |^There is no such file\.$/ });
}

const listed = async (given: FilesScene, as: string, query = '') => {
  const { status, text } = await given.ask('GET', `${API}/trash?${query}`, { as });
  return { status, ...(JSON.parse(text) as { entries: { id: string; path: string }[]; next?: string }) };
};

const idOf = async (given: FilesScene) =>
  (await given.store.trash.trash({ folder: path('/'), max: 1 }))[0]?.id ?? '';

/** Ended a moment ago, and nothing has swept it. */
const expired = (given: FilesScene, on: string) => given.store.expiries.setExpiry(path(on), Date.now() - 1);

async function withTrashed(t: Parameters<typeof filesScene>[0]) {
  const given = await filesScene(t, { trash: true });
  await put(given, PLAN, 'text', ['user:eve read']);
  for (const line of ['user:bob write /team/', 'user:ann write /team/', 'user:max manage /team/']) {
    await given.grant(line);
  }
  t.equal((await given.ask('DELETE', WRITE + PLAN, { as: 'bob' })).status, 204);
  t.equal(served(given.folder, PLAN), undefined);
  return given;
}

t.test('who sees what is in the trash, and restores it', async (t) => {
  const cases = [
    { as: 'bob', status: 200 }, // removed it, and may write there
    { as: 'max', status: 200 }, // manages the folder
    { as: 'root', status: 200 },
    { as: 'ann', status: 404 }, // may write there, and did not remove it
    { as: 'eve', status: 404 }, // could read it once
  ];
  for (const { as, status } of cases) {
    const given = await withTrashed(t);
    const seen = await listed(given, as);
    t.equal(seen.entries.length, status === 200 ? 1 : 0, `${as} lists`);
    const id = await idOf(given);
    const answer = await post(given, as, 'trash/restore', { id });
    t.equal(answer.status, status, `${as} restores`);
    if (status === 404) {
      const none = await post(given, as, 'trash/restore', { id: '00000000-0000-0000-0000-000000000000' });
      t.equal(answer.text, none.text, 'as if there were none');
      t.equal((await given.ask('DELETE', `${API}/trash?id=${id}`, { as })).status, 404);
    }
    t.equal(served(given.folder, PLAN), status === 200 ? 'text' : undefined);
  }
});

t.test('nobody who is signed in nowhere hears of it', async (t) => {
  const given = await withTrashed(t);
  isProblem(t, await given.ask('GET', `${API}/trash`), 401);
  isProblem(t, await post(given, undefined, 'trash/restore', { id: await idOf(given) }), 401);
  isProblem(t, await post(given, undefined, 'trash/restore', { id: 'x' }), 401);
});

t.test('who removed it restores it no more without the right to write there', async (t) => {
  const given = await withTrashed(t);
  await given.revoke('user:bob write /team/');
  t.strictSame((await listed(given, 'bob')).entries, []);
  t.equal((await post(given, 'bob', 'trash/restore', { id: await idOf(given) })).status, 404);
});

t.test('its grants come back for who manages both places, and for nobody else', async (t) => {
  const given = await withTrashed(t);
  const id = await idOf(given);
  isProblem(t, await post(given, 'bob', 'trash/restore', { id, grants: 'keep' }), 403);
  isProblem(t, await post(given, 'max', 'trash/restore', { id, grants: 'keep', to: '/other' }), 403);
  isProblem(t, await post(given, 'max', 'trash/restore', { id, to: '/other' }), 403);
  const answer = await post(given, 'max', 'trash/restore', { id, grants: 'keep' });
  t.match(JSON.parse(answer.text), { path: PLAN, created: true, bytes: 4 });
  t.equal((await given.ask('GET', `${DOWNLOAD}${PLAN}`, { as: 'eve' })).status, 200);
});

t.test('for good: only with manage, out of the trash and past it', async (t) => {
  const given = await withTrashed(t);
  const id = await idOf(given);
  isProblem(t, await given.ask('DELETE', `${API}/trash?id=${id}`, { as: 'bob' }), 403);
  t.equal((await listed(given, 'bob')).entries.length, 1);
  t.equal((await given.ask('DELETE', `${API}/trash?id=${id}`, { as: 'max' })).status, 204);
  t.strictSame((await listed(given, 'root')).entries, []);
  await put(given, PLAN, 'text');
  const purge = (as: string) => given.ask('DELETE', `${API}/files?path=${PLAN}&purge=true`, { as });
  t.equal((await purge('bob')).status, 403);
  t.equal((await purge('max')).status, 200);
  t.strictSame([(await listed(given, 'root')).entries, served(given.folder, PLAN)], [[], undefined]);
});

t.test('what has expired comes back for who may give it more time, and for nobody else', async (t) => {
  const given = await filesScene(t, { trash: true });
  for (const line of ['user:bob write /team/', 'user:max manage /team/']) await given.grant(line);
  await put(given, PLAN, 'text');
  await expired(given, PLAN);
  t.equal((await given.ask('DELETE', WRITE + PLAN, { as: 'bob' })).status, 204);
  const id = await idOf(given);
  isProblem(t, await post(given, 'bob', 'trash/restore', { id }), 403);
  t.equal(served(given.folder, PLAN), undefined);
  t.equal((await post(given, 'max', 'trash/restore', { id })).status, 200);
  t.equal((await given.ask('GET', DOWNLOAD + PLAN, { as: 'bob' })).status, 200);
});

t.test('pages of the trash, of a folder', async (t) => {
  const given = await filesScene(t, { trash: true });
  for (const on of ['/a/1', '/a/2', '/a/3', '/b/4']) {
    await put(given, on, on);
    await given.ask('DELETE', `${API}/files?path=${on}`, { as: 'root' });
  }
  const paths = [];
  let after = '';
  for (let pages = 0; pages < 9; pages++) {
    const page = await listed(given, 'root', `path=/a/&max=2${after}`);
    paths.push(...page.entries.map((entry) => entry.path));
    if (page.next === undefined) break;
    after = `&after=${page.next}`;
  }
  t.strictSame([...paths].sort(), ['/a/1', '/a/2', '/a/3']);
  isProblem(t, await given.ask('GET', `${API}/trash?after=here`, { as: 'root' }), 400);
  isProblem(t, await given.ask('GET', `${API}/trash?path=/a`, { as: 'root' }), 400);
});

t.test('an upload says when it expires, by header and by field; the next one says it anew', async (t) => {
  const given = await filesScene(t);
  await given.grant('user:bob write /team/');
  const expiryOf = async (on: string) => (await given.store.expiries.expiriesOf([path(on)])).get(path(on));
  const upload = (expires: string) =>
    given.ask('PUT', WRITE + PLAN, { as: 'bob', headers: { 'x-latchkey-expires': expires }, body: 'text' });
  const before = Date.now();
  t.equal((await upload('7d')).status, 201);
  const week = 7 * 24 * 3_600_000;
  const at = (await expiryOf(PLAN)) ?? 0;
  t.ok(at >= before + week && at <= Date.now() + week, 'a duration');
  t.equal((await upload('2999-01-31T12:00Z')).status, 400);
  t.equal((await upload('2020-01-31T12:00Z')).status, 400);
  t.equal((await upload('soon')).status, 400);
  t.equal(await expiryOf(PLAN), at, 'what was refused has changed nothing');
  t.equal((await upload('2099-01-31T12:00Z')).status, 204);
  t.equal(await expiryOf(PLAN), Date.UTC(2099, 0, 31, 12));
  t.equal((await given.ask('PUT', WRITE + PLAN, { as: 'bob', body: 'text' })).status, 204);
  t.equal(await expiryOf(PLAN), undefined);
  const form = new FormData();
  form.append('expires', '1h');
  form.append('file', new Blob(['text']), 'form.txt');
  const encoded = new Response(form);
  const answer = await given.ask('POST', `${WRITE}/team/`, {
    as: 'bob',
    headers: { 'content-type': encoded.headers.get('content-type') ?? '' },
    body: Buffer.from(await encoded.arrayBuffer()),
  });
  t.equal(answer.status, 201);
  t.ok(await expiryOf('/team/form.txt'));
});

t.test('who manages a file says when it expires, and who may read it is told', async (t) => {
  const given = await filesScene(t);
  await put(given, PLAN, 'text');
  for (const line of ['user:bob write /team/', 'user:max manage /team/']) await given.grant(line);
  const set = (as: string, expires: string, on = PLAN) =>
    post(given, as, 'files/expiry', { path: on, expires });
  isProblem(t, await set('bob', '1h'), 403);
  isProblem(t, await set('max', 'soon'), 400);
  isProblem(t, await set('max', '1h', '/team/none'), 404);
  isProblem(t, await set('max', '1h', '/team/'), 400);
  t.match(JSON.parse((await set('max', '2099-01-31T12:00Z')).text), {
    expiresAt: '2099-01-31T12:00:00.000Z',
  });
  const listing = await given.ask('GET', `${API}/files?path=/team/`, { as: 'bob' });
  t.match(JSON.parse(listing.text), { entries: [{ path: PLAN, expiresAt: '2099-01-31T12:00:00.000Z' }] });
  t.notOk('expiresAt' in JSON.parse((await set('max', 'never')).text));
  t.strictSame(await given.store.expiries.expiriesOf([path(PLAN)]), new Map());
});

t.test('an expired file is neither downloaded, nor listed, nor copied; it can be replaced', async (t) => {
  const given = await filesScene(t);
  await put(given, PLAN, 'text');
  await put(given, '/team/other', 'text');
  await given.grant('user:max manage /team/');
  const get = (as: string) => given.ask('GET', DOWNLOAD + PLAN, { as });
  t.equal((await get('max')).status, 200);
  await expired(given, PLAN);
  t.equal((await get('max')).status, 403);
  t.equal((await get('root')).status, 200, 'administrators');
  const names = async (as: string) => {
    const { text } = await given.ask('GET', `${API}/files?path=/team/`, { as });
    return (JSON.parse(text) as { entries: { name: string }[] }).entries.map(({ name }) => name);
  };
  t.strictSame(await names('max'), ['other']);
  t.strictSame(await names('root'), ['other', 'plan.txt']);
  isProblem(t, await post(given, 'max', 'files/copy', { from: PLAN, to: '/team/copy' }), 403);
  t.equal((await given.ask('PUT', WRITE + PLAN, { as: 'max', body: 'new' })).status, 204);
  t.equal((await get('max')).status, 200);
});

t.test('neither a share link nor a signed URL opens an expired file', async (t) => {
  const given = await filesScene(t);
  await put(given, PLAN, 'text');
  await put(given, '/team/other', 'text');
  const link = async (on: string) => {
    const { status, text } = await post(given, 'root', 'links', { path: on });
    t.equal(status, 201, text);
    const { url } = JSON.parse(text) as { url: string };
    return `/_latchkey${url}`;
  };
  const [file, folder] = [await link(PLAN), await link('/team/')];
  const signing = { keyId: 'k1', secret: 'x'.repeat(32), path: PLAN, seconds: 600 };
  const signed = DOWNLOAD + signedPath(signing).replace('/files', '');
  const opened = async () => {
    const shown = await given.ask('GET', file);
    const below = await given.ask('GET', `${folder}plan.txt`);
    const page = await given.ask('GET', folder);
    const byUrl = await given.ask('GET', signed);
    return [shown.status, below.status, page.text.includes('plan.txt'), byUrl.status];
  };
  t.strictSame(await opened(), [200, 200, true, 200]);
  await expired(given, PLAN);
  t.strictSame(await opened(), [404, 404, false, 401]);
});
