/** What an upload does where there is something already: as its sender says, and never where they may not write. */

import t from 'tap';
import { draft, mayRead, namesIn, partialsIn, path, put, served } from '../uploads/given.js';
import { FORM_HEADERS, form, isProblem, WRITE } from './asking-files.js';
import { filesScene } from './files-scene.js';

const KEEP_BOTH = { 'x-latchkey-on-conflict': 'keep-both' };
const HOME = '/users/alice/';

/** Sent to a place where `plan.pdf` is, and where it is not. */
const POLICIES: readonly (readonly [
  policy: string | undefined,
  there: number,
  free: number,
  stands: string,
])[] = [
  [undefined, 204, 201, 'new'],
  ['replace', 204, 201, 'new'],
  ['refuse', 412, 201, 'old'],
  ['keep-both', 201, 201, 'old'],
  ['destroy', 400, 400, 'old'],
  ['Refuse', 400, 400, 'old'],
];

for (const [policy, there, free, stands] of POLICIES) {
  t.test(`a PUT that says ${policy ?? 'nothing'}`, async (t) => {
    const given = await filesScene(t);
    await put(given, `${HOME}plan.pdf`, 'old');
    const headers = policy === undefined ? {} : { 'x-latchkey-on-conflict': policy };
    const send = (name: string) =>
      given.ask('PUT', `${WRITE}${HOME}${name}`, { as: 'alice', headers, body: 'new' });
    t.equal((await send('plan.pdf')).status, there);
    t.equal(served(given.folder, `${HOME}plan.pdf`), stands);
    t.equal((await send('free.pdf')).status, free);
    t.equal(served(given.folder, `${HOME}free.pdf`), free === 201 ? 'new' : undefined);
    t.strictSame(partialsIn(given.folder), []);
  });

  t.test(`a form that says ${policy ?? 'nothing'}`, async (t) => {
    const given = await filesScene(t);
    await put(given, `${HOME}plan.pdf`, 'old');
    const fields = policy === undefined ? [] : [{ name: 'onConflict', text: policy }];
    const file = (filename: string) => ({ name: 'f', filename, text: 'new' });
    const body = form(file('other'), file('plan.pdf'), ...fields);
    const answer = await given.ask('POST', `${WRITE}${HOME}`, { as: 'alice', headers: FORM_HEADERS, body });
    t.equal(answer.status, there === 204 ? 201 : there);
    t.equal(served(given.folder, `${HOME}plan.pdf`), stands);
    t.equal(served(given.folder, `${HOME}other`), there < 300 ? 'new' : undefined, 'all or none');
  });
}

t.test('both are kept under names that the answer tells', async (t) => {
  const given = await filesScene(t);
  const send = (text: string) =>
    given.ask('PUT', `${WRITE}${HOME}plan.pdf`, { as: 'alice', headers: KEEP_BOTH, body: text });
  const places = [];
  for (const text of ['one', 'two', 'three']) places.push((await send(text)).headers.location);
  t.strictSame(places, [
    '/files/users/alice/plan.pdf',
    '/files/users/alice/plan%20%282%29.pdf',
    '/files/users/alice/plan%20%283%29.pdf',
  ]);
  t.equal(served(given.folder, `${HOME}plan (3).pdf`), 'three');
  const twice = ['a', 'b'].map((text) => ({ name: 'f', filename: 'plan.pdf', text }));
  const body = form(...twice, { name: 'onConflict', text: 'keep-both' });
  const answer = await given.ask('POST', `${WRITE}${HOME}`, { as: 'alice', headers: FORM_HEADERS, body });
  const { files } = JSON.parse(answer.text) as { files: { path: string }[] };
  t.strictSame(
    files.map((file) => file.path),
    [`${HOME}plan (4).pdf`, `${HOME}plan (5).pdf`],
  );
});

t.test('grants that come with it are set on the file that it became', async (t) => {
  const given = await filesScene(t);
  await put(given, `${HOME}plan.pdf`, 'old');
  const headers = { ...KEEP_BOTH, 'x-latchkey-grants': 'user:bob read' };
  const answer = await given.ask('PUT', `${WRITE}${HOME}plan.pdf`, { as: 'alice', headers, body: 'new' });
  t.equal(answer.status, 201);
  t.equal(await mayRead(given.authorizer, 'user:bob', `${HOME}plan (2).pdf`), true);
  t.equal(
    await mayRead(given.authorizer, 'user:bob', `${HOME}plan.pdf`),
    false,
    'and not on the one that was there',
  );
});

t.test('a name is passed over that the sender may not write', async (t) => {
  const given = await filesScene(t);
  await given.store.acl.putGrants([
    draft('user:eve write /in/'),
    { ...draft('user:eve deny write /in/'), path: path('/in/plan (2).pdf') },
    draft('user:eve manage /managed/'),
    { ...draft('user:eve deny manage /managed/'), path: path('/managed/plan (2).pdf') },
  ]);
  for (const [folder, grants, taken] of [
    ['/in/', '', '/files/in/plan%20%283%29.pdf'],
    ['/managed/', '', '/files/managed/plan%20%282%29.pdf'],
    ['/managed/', 'user:bob read', '/files/managed/plan%20%283%29.pdf'],
  ] as const) {
    await put(given, `${folder}plan.pdf`, 'old');
    const headers = { ...KEEP_BOTH, ...(grants !== '' && { 'x-latchkey-grants': grants }) };
    const answer = await given.ask('PUT', `${WRITE}${folder}plan.pdf`, { as: 'eve', headers, body: 'new' });
    t.match(answer, { status: 201, headers: { location: taken } }, `${folder} ${grants}`);
  }
  t.strictSame(await given.store.acl.grantsOn([path('/managed/plan (2).pdf')]).then((all) => all.length), 1);
});

t.test('who may write and not read learns of a name what a plain upload tells', async (t) => {
  const given = await filesScene(t);
  await given.grant('user:eve write /in/');
  await put(given, '/in/plan.pdf', 'secret');
  await put(given, '/other/plan.pdf', 'secret');
  const answer = await given.ask('PUT', `${WRITE}/in/plan.pdf`, { as: 'eve', headers: KEEP_BOTH, body: 'x' });
  t.equal(answer.status, 201);
  t.notMatch(answer.text, /secret/);
  const refused = await given.ask('PUT', `${WRITE}/other/plan.pdf`, {
    as: 'eve',
    headers: KEEP_BOTH,
    body: 'x',
  });
  const nothing = await given.ask('PUT', `${WRITE}/other/none.pdf`, {
    as: 'eve',
    headers: KEEP_BOTH,
    body: 'x',
  });
  t.equal(refused.status, 403);
  t.equal(refused.text, nothing.text, 'where they may not write: nothing');
});

t.test('what cannot be both is refused before the body', async (t) => {
  const given = await filesScene(t);
  const cases = [
    { ...KEEP_BOTH, 'if-match': '*' },
    { ...KEEP_BOTH, 'if-none-match': '*' },
    { ...KEEP_BOTH, 'if-unmodified-since': new Date(0).toUTCString() },
  ];
  for (const headers of cases) {
    const answer = await given.ask('PUT', `${WRITE}${HOME}a`, { as: 'alice', headers, body: 'x' });
    isProblem(t, answer, 400, 'bad-request', /keep-both/);
  }
  const body = form({ name: 'f', filename: 'a', text: 'x' }, { name: 'onConflict', text: 'replace' });
  const headers = { ...FORM_HEADERS, ...KEEP_BOTH };
  const both = await given.ask('POST', `${WRITE}${HOME}`, { as: 'alice', headers, body });
  isProblem(t, both, 400, 'bad-request', /say one/);
  t.strictSame(namesIn(given.folder), []);
});
