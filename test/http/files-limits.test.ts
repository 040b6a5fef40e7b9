/**
 * What limits every upload whichever way it comes in: quotas, the space that is left free, how many are under way, how
 * fast they come. Each refusal leaves nothing on the disk and the record as it was.
 */

import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import t, { type Test } from 'tap';
import { UNLIMITED } from '../../src/acl/quota.js';
import { partialsIn, path, principal, put } from '../uploads/given.js';
import { API, FORM_HEADERS, form, isProblem, token, WRITE } from './asking-files.js';
import { type FilesScene, filesScene } from './files-scene.js';

const HOME = `${WRITE}/users/alice/`;
const FOLDER = path('/users/alice/');
const ALICE = principal('user:alice');
const TEN = 'x'.repeat(10);
const SLOW = { speedMin: 1_000_000, timeMaxMs: 60_000, windowMs: 50 };

const file = (filename: string, text = TEN) => ({ name: 'f', filename, text });

const isOver = (work: Promise<unknown>) =>
  Promise.race([work.then(() => true), new Promise<false>((resolve) => setImmediate(resolve, false))]);

/** A body that never ends, and of which nothing more comes. */
async function* stalled(): AsyncGenerator<string> {
  yield TEN;
  await new Promise(() => undefined);
}

function leftNothing(t: Test, given: FilesScene, name: string): void {
  t.strictSame(partialsIn(given.folder), [], 'no partial');
  t.equal(existsSync(`${given.folder}/store/files/users/alice/${name}`), false, 'no file');
}

t.test('a quota refuses what has no room, before the body where its length is known', async (t) => {
  const given = await filesScene(t);
  const { ask, store } = given;
  await store.quotas.setQuota({ subject: ALICE, bytesMax: 15, filesMax: undefined });
  t.equal((await ask('PUT', `${HOME}a`, { as: 'alice', body: TEN })).status, 201);
  const told = /may have 15 bytes, and have 10 bytes: .*delete some/;
  for (const [method, target, headers, body] of [
    ['PUT', `${HOME}b`, {}, TEN],
    ['PUT', `${HOME}b`, {}, [TEN]],
    ['POST', HOME, FORM_HEADERS, form(file('b'))],
  ] as const) {
    isProblem(t, await ask(method, target, { as: 'alice', headers, body }), 507, 'quota-exceeded', told);
    leftNothing(t, given, 'b');
  }
  t.strictSame(await store.quotas.used(ALICE), { bytes: 10, files: 1 });
  t.equal((await ask('PUT', `${HOME}a`, { as: 'alice', body: `${TEN}12345` })).status, 204, 'it is replaced');
  t.equal((await ask('DELETE', `${HOME}a`, { as: 'alice' })).status, 204);
  t.equal((await ask('PUT', `${HOME}b`, { as: 'alice', body: TEN })).status, 201, 'a removal makes room');
  t.notOk(
    given.logged.some(({ level }) => level === 50),
    'a full quota is no error of ours',
  );
});

t.test('who may write in a folder is not told how much is in it', async (t) => {
  const { ask, store } = await filesScene(t);
  await store.quotas.setQuota({ subject: FOLDER, bytesMax: undefined, filesMax: 1 });
  await ask('PUT', `${HOME}a`, { as: 'alice', body: TEN });
  const refused = await ask('PUT', `${HOME}b`, { as: 'alice', body: TEN });
  isProblem(
    t,
    refused,
    507,
    'quota-exceeded',
    /^The folder \/users\/alice\/ may have 1 files: there is no room/,
  );
});

t.test('of 50 for the last places, exactly as many come in as fit', async (t) => {
  const given = await filesScene(t);
  await given.store.quotas.setQuota({ subject: FOLDER, bytesMax: 70, filesMax: undefined });
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, i) =>
      given.ask('PUT', `${HOME}${i}`, { as: 'alice', body: i % 2 === 0 ? TEN : [TEN] }),
    ),
  );
  t.strictSame(answers.map(({ status }) => status).filter((status) => status === 201).length, 7);
  t.strictSame(new Set(answers.map(({ status }) => status)), new Set([201, 507]));
  t.strictSame(await given.store.quotas.used(FOLDER), { bytes: 70, files: 7 });
  t.strictSame(partialsIn(given.folder), []);
});

t.test('copies and moves need room, too', async (t) => {
  const { ask, store, grant } = await filesScene(t);
  await grant('user:alice manage /team/');
  await ask('PUT', `${WRITE}/team/a`, { as: 'alice', body: TEN });
  await store.quotas.setQuota({ subject: FOLDER, bytesMax: 5, filesMax: undefined });
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify({ from: '/team/a', to: '/users/alice/a' });
  for (const verb of ['copy', 'move']) {
    const answer = await ask('POST', `${API}/files/${verb}`, { as: 'alice', headers, body });
    isProblem(t, answer, 507, 'quota-exceeded', /no room/);
  }
  t.equal((await store.files.file(path('/team/a')))?.bytes, 10, 'it is where it was');
  t.strictSame(await store.moves.moves(), []);
});

t.test('the API: administrators set quotas, and each may read what is theirs', async (t) => {
  const { ask, grant } = await filesScene(t);
  await grant('user:bob manage /team/');
  const headers = { 'content-type': 'application/json' };
  const set = (as: string, body: object) =>
    ask('PUT', `${API}/quotas`, { as, headers, body: JSON.stringify(body) });
  const team = { subject: '/team/', bytesMax: 10, filesMax: 2 };
  isProblem(t, await set('bob', team), 403, 'forbidden', /./);
  const answer = await set('root', team);
  t.strictSame([answer.status, JSON.parse(answer.text)], [200, { ...team, bytesUsed: 0, filesUsed: 0 }]);
  await set('root', { subject: 'user:alice', bytesMax: 10 });
  for (const [as, query, status] of [
    ['alice', '?subject=user%3Aalice', 200],
    ['bob', '?subject=user%3Aalice', 403],
    ['root', '?subject=user%3Aalice', 200],
    ['bob', '?subject=%2Fteam%2F', 200],
    ['alice', '?subject=%2Fteam%2F', 403],
    ['bob', '', 403],
    ['root', '', 200],
    ['root', '?subject=%2Fteam', 400],
    ['root', '?subject=group%3Aeng', 400],
  ] as const) {
    t.equal((await ask('GET', `${API}/quotas${query}`, { as })).status, status, `${as} ${query}`);
  }
  const removed = await ask('DELETE', `${API}/quotas?subject=%2Fteam%2F`, { as: 'root' });
  t.strictSame(JSON.parse(removed.text), { removed: true });
});

t.test('what is kept free of the disk is kept', async (t) => {
  const given = await filesScene(t, { freeBytesMin: Number.MAX_SAFE_INTEGER, uploadBytesMax: 2 ** 52 });
  const tooMuch = { 'content-length': String(2 ** 51), expect: '100-continue' };
  const refused = await given.ask('PUT', `${HOME}a`, { as: 'alice', headers: tooMuch, body: [] });
  isProblem(t, refused, 507, 'no-space', /free some/);
  leftNothing(t, given, 'a');
});

t.test('whether there is room is told to nginx, and to nobody who may not write there', async (t) => {
  const room = async (given: FilesScene, as: string | undefined, name: string, bytes: number) => {
    const headers = { 'x-latchkey-upload-bytes': String(bytes) };
    const by = as === undefined ? {} : { as };
    return (await given.ask('GET', `/_latchkey/room/files${name}`, { ...by, headers })).status;
  };
  const full = await filesScene(t, { freeBytesMin: 1, freeFolder: '/proc' });
  const given = await filesScene(t);
  await given.store.quotas.setQuota({ subject: principal('user:alice'), bytesMax: 10, filesMax: undefined });
  for (const [scene, as, name, bytes, status] of [
    [given, 'alice', '/users/alice/a', 10, 204],
    [given, 'alice', '/users/alice/a', 11, 403],
    [given, 'alice', '/users/alice/e%CC%81', 11, 403],
    [given, 'bob', '/users/alice/a', 11, 204],
    [given, undefined, '/users/alice/a', 11, 204],
    [given, 'alice', '/users/alice/%2e%2e/a', 11, 204],
    [given, 'alice', '/users/alice/a%E2%80%AEb', 11, 204],
    [full, 'alice', '/users/alice/a', 1, 403],
    [full, 'bob', '/users/alice/a', 1, 204],
  ] as const) {
    t.equal(await room(scene, as, name, bytes), status, `${as} ${name} ${bytes}`);
  }
});

t.test(
  'an upload that is only declared has its own trash give way; a copy has any, behind its quota',
  async (t) => {
    const made: unknown[] = [];
    const make = async (bytes: number, owner?: string) => made.push([bytes, owner]) > 99;
    const spare = { bytes: async () => 1_000, make };
    // A file system that has no block to give.
    const given = await filesScene(t, { freeBytesMin: 1, freeFolder: '/proc', spare });
    const room = (bytes: number) =>
      given.ask('GET', '/_latchkey/room/files/users/alice/a', {
        as: 'alice',
        headers: { 'x-latchkey-upload-bytes': String(bytes) },
      });
    t.strictSame([(await room(1_000)).status, (await room(1_001)).status], [204, 403]);
    t.equal((await given.ask('PUT', `${HOME}a`, { as: 'alice', body: TEN })).status, 201);
    const posted = await given.ask('POST', HOME, {
      as: 'alice',
      headers: FORM_HEADERS,
      body: form(file('b')),
    });
    t.equal(posted.status, 201);
    const { length } = form(file('b'));
    const asked = [
      [1_000, ALICE],
      [10, ALICE],
      [length, ALICE],
    ];
    t.strictSame(made.splice(0), asked);

    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ from: '/users/alice/b', to: '/users/alice/c' });
    const copy = () => given.ask('POST', `${API}/files/copy`, { as: 'alice', headers, body });
    await given.store.quotas.setQuota({ subject: ALICE, bytesMax: 29, filesMax: undefined });
    isProblem(t, await copy(), 507, 'quota-exceeded', /29 bytes/);
    t.strictSame(made, []);
    await given.store.quotas.setQuota({ subject: ALICE, bytesMax: 30, filesMax: undefined });
    isProblem(t, await copy(), 507, 'no-space', /free some/);
    t.strictSame(made, [[10, undefined]]);
  },
);

t.test('a copy leaves as much of the disk free as an upload', async (t) => {
  // A file system that has no block to give.
  const given = await filesScene(t, { freeBytesMin: 1, freeFolder: '/proc' });
  await put(given, '/users/alice/b', TEN);
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify({ from: '/users/alice/b', to: '/users/alice/a' });
  const copied = await given.ask('POST', `${API}/files/copy`, { as: 'alice', headers, body });
  isProblem(t, copied, 507, 'no-space', /free some/);
  leftNothing(t, given, 'a');
});

t.test('one user has so many uploads under way, and another one is not held up by them', async (t) => {
  const given = await filesScene(t, { userUploadsMax: 2, pace: { ...SLOW, windowMs: 2_000 } });
  const slow = ['a', 'b'].map((name) => given.ask('PUT', `${HOME}${name}`, { as: 'alice', body: stalled() }));
  const underWay = async () => {
    while (partialsIn(given.folder).length < 2) await new Promise((resolve) => setImmediate(resolve));
  };
  await underWay();
  const refused = await given.ask('PUT', `${HOME}c`, { as: 'alice', body: TEN });
  isProblem(t, refused, 429, 'too-many', /2 uploads/);
  t.ok(Number(refused.headers['retry-after']) > 0);
  t.equal((await given.ask('PUT', `${WRITE}/users/bob/a`, { as: 'bob', body: TEN })).status, 201);
  for (const answer of await Promise.all(slow)) isProblem(t, answer, 408, 'too-slow', /slower than 1000000/);
  const after = await given.ask('PUT', `${HOME}c`, { as: 'alice', body: TEN });
  t.equal(after.status, 201, 'when they have ended there is room again');
});

t.test('an upload is under way until its scan has answered', async (t) => {
  const { promise: answered, resolve: answer } = Promise.withResolvers<void>();
  let asked = 0;
  const scan = async () => {
    asked += 1;
    await answered;
    return { kind: 'yes' } as const;
  };
  const { ask } = await filesScene(t, { userUploadsMax: 2, scan });
  const put = ask('PUT', `${HOME}a`, { as: 'alice', body: TEN });
  const posted = ask('POST', HOME, { as: 'alice', headers: FORM_HEADERS, body: form(file('b')) });
  while (asked < 2) await new Promise((resolve) => setImmediate(resolve));
  const third = ask('PUT', `${HOME}c`, { as: 'alice', body: TEN });
  while (asked < 3 && !(await isOver(third))) await new Promise((resolve) => setImmediate(resolve));
  answer();
  isProblem(t, await third, 429, 'too-many', /2 uploads/);
  t.strictSame([(await put).status, (await posted).status], [201, 201]);
  t.equal((await ask('PUT', `${HOME}c`, { as: 'alice', body: TEN })).status, 201, 'they made room');
});

t.test('a client that is gone holds no place of its user', async (t) => {
  const given = await filesScene(t, { userUploadsMax: 1 });
  const whole = form({ name: 'f', text: 'a field' }, file('a'));
  const file1 = whole.indexOf('filename');
  const begun = (method: string, target: string, headers: string, body: string) =>
    `${method} ${target} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token('alice')}\r\n${headers}content-length: 1000\r\n\r\n${body}`;
  const multipart = 'content-type: multipart/form-data; boundary=xx\r\n';
  const started: readonly (readonly [string, string])[] = [
    ['in a PUT', begun('PUT', `${HOME}a`, '', TEN)],
    ['before the first byte of a PUT', begun('PUT', `${HOME}a`, '', '')],
    ['in the headers of a part', begun('POST', HOME, multipart, whole.slice(0, file1))],
    ['in a field', begun('POST', HOME, multipart, whole.slice(0, whole.indexOf('field')))],
    ['in a file', begun('POST', HOME, multipart, whole.slice(0, -14))],
    ['before a form', begun('POST', HOME, multipart, '')],
    ['behind the last part', begun('POST', HOME, multipart, whole)],
  ];
  for (const [where, bytes] of started) {
    const socket = connect(given.socket, () => socket.write(bytes));
    const isHeld = async () => (await given.ask('PUT', `${HOME}b`, { as: 'alice', body: '' })).status === 429;
    while (!(await isHeld())) await new Promise((resolve) => setImmediate(resolve));
    socket.destroy();
    while (await isHeld()) await new Promise((resolve) => setImmediate(resolve));
    leftNothing(t, given, 'a');
    t.pass(where);
  }
});

t.test('an upload that is too slow, or takes too long, is given up', async (t) => {
  for (const [pace, why] of [
    [SLOW, /slower than 1000000 bytes a second/],
    [{ speedMin: 0, timeMaxMs: 20, windowMs: 50 }, /longer than 0.02 seconds/],
  ] as const) {
    const given = await filesScene(t, { pace });
    const put = await given.ask('PUT', `${HOME}a`, { as: 'alice', body: stalled() });
    isProblem(t, put, 408, 'too-slow', why);
    const started = form(file('a')).slice(0, -20);
    async function* stalledForm() {
      yield started;
      await new Promise(() => undefined);
    }
    const posted = await given.ask('POST', HOME, { as: 'alice', headers: FORM_HEADERS, body: stalledForm() });
    isProblem(t, posted, 408, 'too-slow', why);
    while (partialsIn(given.folder).length > 0) await new Promise((resolve) => setImmediate(resolve));
    leftNothing(t, given, 'a');
  }
});

t.test('no limit, no refusal', async (t) => {
  const { ask, store } = await filesScene(t);
  await store.quotas.setQuota({ subject: ALICE, ...UNLIMITED });
  t.equal((await ask('PUT', `${HOME}a`, { as: 'alice', body: TEN })).status, 201);
});
