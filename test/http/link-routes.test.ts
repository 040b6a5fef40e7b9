/**
 * The HTTP API of share links: who may make, see, change and revoke them, what is told, and what is not. That a link
 * opens what it should is tested through nginx.
 */

import t, { type Test } from 'tap';
import type { Store } from '../../src/acl/ports.js';
import { newApiKey } from '../../src/credentials/api-key-text.js';
import { readShareToken } from '../../src/links/share-token.js';
import { linkRecord, NOW } from '../storage/given-links.js';
import { path, principal } from '../uploads/given.js';
import { type Answer, API, type AskOptions, isProblem, token } from './asking-files.js';
import { type FilesScene, filesScene } from './files-scene.js';

const LINKS = `${API}/links`;
const DAY_MS = 24 * 60 * 60 * 1000;

interface Told {
  readonly id: string;
  readonly url: string;
  readonly state: string;
  readonly path: string;
  readonly note: string;
  readonly [name: string]: unknown;
}

async function given(t: Test) {
  const scene = await filesScene(t);
  await scene.grant('user:ann manage /team/');
  await scene.grant('user:bob write /team/');
  const send = (method: string, target: string, body: object, options: AskOptions = {}) =>
    scene.ask(method, target, {
      body: JSON.stringify(body),
      ...options,
      headers: { 'content-type': 'application/json', ...options.headers },
    });
  const make = async (body: object, options: AskOptions = { as: 'ann' }) => {
    const answer = await send('POST', LINKS, { path: '/team/plan.pdf', ...body }, options);
    if (answer.status !== 201) throw new Error(answer.text);
    return JSON.parse(answer.text) as Told;
  };
  return { ...scene, send, make };
}

/** Of ann's, for `manage` below a path. */
async function apiKey({ credentials }: Store, on: string): Promise<string> {
  const { text, ...named } = newApiKey();
  await credentials.addApiKey({
    ...named,
    user: principal('user:ann'),
    scope: { action: 'manage', path: path(on) },
    createdAt: NOW,
    expiresAt: undefined,
    lastUsedAt: undefined,
    note: '',
  });
  return text;
}

const told = ({ text }: Answer) => JSON.parse(text) as Told;
const list = async ({ ask }: FilesScene, query: string, as: string) => {
  const { status, text } = await ask('GET', `${LINKS}${query}`, { as });
  if (status !== 200) throw new Error(text);
  return JSON.parse(text) as { links: Told[]; next?: string };
};

t.test('whoever manages the path makes a link, and is told its URL this once', async (t) => {
  const scene = await given(t);
  const answer = await scene.send('POST', LINKS, { path: '/team/a b.pdf', note: 'n' }, { as: 'ann' });
  t.equal(answer.status, 201);
  const { url, id, createdAt, expiresAt, ...rest } = told(answer);
  t.match(url, /^\/s\/[\w-]{44}\/a%20b\.pdf$/);
  t.equal(readShareToken(url.split('/')[2] ?? '')?.id, id);
  t.equal(answer.headers.location, `${LINKS}/${id}`);
  t.equal(Date.parse(String(expiresAt)) - Date.parse(String(createdAt)), 7 * DAY_MS);
  t.strictSame(rest, {
    kind: 'read',
    path: '/team/a b.pdf',
    state: 'open',
    maker: 'user:ann',
    hasPassword: false,
    recipients: [],
    addresses: [],
    disposition: 'attachment',
    note: 'n',
    contact: '',
    revision: 3,
  });
  const { revision: _, ...kept } = rest;
  const again = await scene.ask('GET', `${LINKS}/${id}`, { as: 'ann' });
  t.strictSame(told(again), { ...kept, id, createdAt, expiresAt });
  t.notOk(again.text.includes(url.split('/')[2] ?? ''));
});

t.test('every term is taken, told, and kept with the link', async (t) => {
  const { make, store } = await given(t);
  const terms = {
    notBefore: '2100-01-01T00:00:00.000Z',
    expiresAt: '2100-01-02T00:00:00.000Z',
    recipients: ['user:bob', 'group:eng'],
    addresses: ['10.0.0.0/8'],
    downloadsMax: 3,
    rateMax: 4096,
    disposition: 'inline',
    note: 'for 张',
    contact: 'Ann',
  };
  const { id, ...rest } = await make({ ...terms, password: 'correct horse' });
  t.match(rest, { ...terms, hasPassword: true, downloads: 0, state: 'early' });
  const kept = await store.shareLinks.link(id);
  t.match(kept?.terms, {
    ...terms,
    notBefore: Date.parse(terms.notBefore),
    expiresAt: Date.parse(terms.expiresAt),
  });
  t.match(kept?.terms.passwordHash, /^scrypt\$/);
  const upload = { kind: 'upload', filesMax: 2, bytesMax: 10, endings: ['.pdf'], filesExpireSeconds: 60 };
  t.match(await make({ path: '/team/in/', ...upload }), { ...upload, uploads: 0 });
});

t.test('a link records what it rests on, and ends with it', async (t) => {
  const scene = await given(t);
  await scene.grant('group:eng manage /eng/');
  const body = JSON.stringify({ path: '/eng/x' });
  const credentials = {
    authorization: `Bearer ${token('eve', { groups: ['eng', 'other'] })}`,
    'content-type': 'application/json',
  };
  const { id } = told(await scene.ask('POST', LINKS, { headers: credentials, body }));
  const [{ id: grantId } = { id: 0 }] = await scene.store.acl.grantsOn([path('/eng/')]);
  t.strictSame((await scene.store.shareLinks.link(id))?.authority, {
    maker: 'user:eve',
    makerGroups: ['group:eng', 'group:other'],
    grantId,
  });
  await scene.revoke('group:eng manage /eng/');
  t.match(told(await scene.ask('GET', `${LINKS}/${id}`, { as: 'root' })), { state: 'authority-ended' });
  const home = await scene.send('POST', LINKS, { path: '/users/eve/x' }, { as: 'eve' });
  t.equal((await scene.store.shareLinks.link(told(home).id))?.authority.grantId, undefined);
});

t.test('who may not manage the path makes none', async (t) => {
  const { send, store } = await given(t);
  const ask = (as?: string) => send('POST', LINKS, { path: '/team/x' }, as === undefined ? {} : { as });
  isProblem(t, await ask('bob'), 403, 'forbidden', /may not manage this/);
  isProblem(t, await ask(), 401, 'unauthenticated', /sign in/);
  t.strictSame(await store.shareLinks.links({ max: 9 }), []);
});

t.test('where anyone may manage, a link still has a maker who has signed in', async (t) => {
  const { send, grant, store } = await given(t);
  await grant('anyone manage /open/');
  const answer = await send('POST', LINKS, { path: '/open/x' });
  isProblem(t, answer, 401, 'bad-request', /^A link ends with its maker: sign in as a user to make one\.$/);
  t.ok(answer.headers['www-authenticate']);
  t.strictSame(await store.shareLinks.links({ max: 9 }), []);
  t.equal((await send('POST', LINKS, { path: '/open/x' }, { as: 'eve' })).status, 201);
});

t.test('an API key makes, sees and ends links within its scope alone', async (t) => {
  const { ask, send, make, store } = await given(t);
  const text = await apiKey(store, '/team/in/');
  const headers = { 'x-api-key': text };
  const within = await send('POST', LINKS, { path: '/team/in/a' }, { headers });
  t.equal(within.status, 201);
  const beside = await send('POST', LINKS, { path: '/team/a' }, { headers });
  isProblem(t, beside, 403, 'forbidden', /may not manage/);
  const other = await make({ path: '/team/a' });
  const { links } = JSON.parse((await ask('GET', LINKS, { headers })).text) as { links: Told[] };
  t.strictSame(
    links.map(({ path }) => path),
    ['/team/in/a'],
  );
  isProblem(t, await ask('GET', `${LINKS}/${other.id}`, { headers }), 404, 'not-found', /no such link/);
  isProblem(t, await ask('DELETE', `${LINKS}/${other.id}`, { headers }), 404, 'not-found', /no such link/);
  t.equal((await ask('DELETE', `${LINKS}/${told(within).id}`, { headers })).status, 200);
});

t.test('a link on a path that the asker may not manage is as one that is not there', async (t) => {
  const scene = await given(t);
  const { id } = await scene.make({});
  const unknown = 'AAAAAAAAAAAA';
  const ways = [
    (link: string, options: AskOptions) => scene.ask('GET', `${LINKS}/${link}`, options),
    (link: string, options: AskOptions) => scene.ask('DELETE', `${LINKS}/${link}`, options),
    (link: string, options: AskOptions) => scene.send('PATCH', `${LINKS}/${link}`, { note: 'x' }, options),
  ];
  for (const way of ways) {
    for (const options of [{ as: 'bob' }, {}] as const) {
      const there = await way(id, options);
      const none = await way(unknown, options);
      t.equal(there.status, 'as' in options ? 404 : 401);
      t.strictSame([there.status, there.text], [none.status, none.text]);
      t.strictSame(Object.keys(there.headers), Object.keys(none.headers));
    }
    isProblem(t, await way(unknown, { as: 'root' }), 404, 'not-found', /no such link/);
  }
  t.match(await scene.store.shareLinks.link(id), { revokedAt: undefined, terms: { note: '' } });
});

t.test('links are listed by path and maker, those alone whose paths the asker manages', async (t) => {
  const scene = await given(t);
  const { make, grant } = scene;
  await make({ path: '/team/a', note: '1' });
  await make({ path: '/team/sub/b', note: '2' });
  await make({ path: '/team/secret/c', note: '3' }, { as: 'root' });
  await make({ path: '/other', note: '4' }, { as: 'root' });
  await grant('user:ann deny manage /team/secret/');
  const notes = async (query: string, as: string) =>
    (await list(scene, query, as)).links
      .map(({ note }) => note)
      .sort()
      .join('');
  t.equal(await notes('', 'root'), '1234');
  t.equal(await notes('', 'ann'), '12');
  t.equal(await notes('', 'bob'), '');
  t.equal(await notes('?path=%2Fteam%2F', 'ann'), '12');
  t.equal(await notes('?path=/team/sub/', 'ann'), '2');
  t.equal(await notes('?path=/team/a', 'ann'), '1');
  t.equal(await notes('?path=/team/&maker=user:root', 'root'), '3');
  t.equal(await notes('?maker=user:ann', 'root'), '12');
  isProblem(
    t,
    await scene.ask('GET', `${LINKS}?path=/team/`, { as: 'bob' }),
    403,
    'forbidden',
    /may not manage/,
  );
  isProblem(t, await scene.ask('GET', LINKS), 401, 'unauthenticated', /sign in/);
});

t.test('a list goes on where its page ended, over links that are not the asker’s', async (t) => {
  const scene = await given(t);
  const ids = Array.from({ length: 2_400 }, (_, i) => `l${String(i).padStart(5, '0')}`);
  for (const [i, id] of ids.entries()) {
    await scene.store.shareLinks.addLink(
      linkRecord(id, { path: path(i % 800 === 7 ? '/team/x' : '/other/x') }),
    );
  }
  const pages: string[][] = [];
  let next: string | undefined = '';
  while (next !== undefined) {
    const page: Awaited<ReturnType<typeof list>> = await list(scene, `?max=2&after=${next}`, 'ann');
    pages.push(page.links.map(({ id }) => id));
    next = page.next;
  }
  t.strictSame(pages.flat(), ['l00007', 'l00807', 'l01607']);
  t.ok(pages.every((page) => page.length <= 2));
  t.equal((await list(scene, '', 'root')).links.length, 100, 'a page, where nothing is said');
  const last = await list(scene, '?after=l02397&max=2', 'root');
  t.strictSame([last.links.length, last.next], [2, undefined], 'a full page may be the last one');
});

t.test('a change gives other terms, and null takes them away', async (t) => {
  const { make, send, store } = await given(t);
  const made = await make({
    downloadsMax: 3,
    password: 'correct horse',
    note: 'old',
    notBefore: '2020-01-01',
  });
  const target = `${LINKS}/${made.id}`;
  const changed = await send(
    'PATCH',
    target,
    { downloadsMax: null, password: null, notBefore: null },
    { as: 'ann' },
  );
  t.equal(changed.status, 200);
  const { url: _, revision: _r, notBefore: _n, downloadsMax: _d, downloads: _c, ...kept } = made;
  t.strictSame(told(changed), { ...kept, hasPassword: false, revision: 4 });
  t.match((await store.shareLinks.link(made.id))?.terms, {
    downloadsMax: undefined,
    passwordHash: undefined,
  });
  const again = await send('PATCH', target, { note: 'new', expiresAt: '2100-01-01' }, { as: 'ann' });
  isProblem(
    t,
    again,
    400,
    'bad-request',
    /^The link may live until .* no longer \(LATCHKEY_LINK_LIFETIME_MAX\)\.$/,
  );
  t.match(await store.shareLinks.link(made.id), { terms: { note: 'old' } });
});

t.test('an administrator changes what the operator made, others revoke it', async (t) => {
  const { ask, send, store } = await given(t);
  await store.shareLinks.addLink(linkRecord('operators', {}, { expiresAt: Date.now() + DAY_MS }));
  const target = `${LINKS}/operators`;
  const refused = await send('PATCH', target, { note: 'x' }, { as: 'ann' });
  isProblem(t, refused, 403, 'forbidden', /^The operator has made this link: administrators change it\./);
  t.equal((await send('PATCH', target, { note: 'x' }, { as: 'root' })).status, 200);
  t.match(told(await ask('DELETE', target, { as: 'ann' })), { state: 'revoked', note: 'x' });
});

t.test('a revoke is for good, may be repeated, and a change after it is refused', async (t) => {
  const { make, ask, send, store } = await given(t);
  const { id } = await make({});
  const first = await ask('DELETE', `${LINKS}/${id}`, { as: 'ann' });
  t.equal(first.status, 200);
  const { revokedAt } = told(first);
  t.equal(Date.parse(String(revokedAt)), (await store.shareLinks.link(id))?.revokedAt);
  t.match(told(await ask('DELETE', `${LINKS}/${id}`, { as: 'ann' })), { revokedAt, state: 'revoked' });
  const changed = await send('PATCH', `${LINKS}/${id}`, { note: 'x' }, { as: 'ann' });
  isProblem(t, changed, 409, 'conflict', /^This link is revoked, for good; make a new one\.$/);
});

t.test('another site’s page makes, changes and ends none by what a browser sends by itself', async (t) => {
  const { make, send, ask, store } = await given(t);
  const target = `${LINKS}/${(await make({})).id}`;
  const basic = Buffer.from(`ann:${await apiKey(store, '/')}`).toString('base64');
  const own = { authorization: `Basic ${basic}` };
  const cross = { ...own, 'sec-fetch-site': 'cross-site' };
  const asks = (headers: Record<string, string>) => [
    send('POST', LINKS, { path: '/team/x' }, { headers }),
    send('PATCH', target, { note: 'x' }, { headers }),
    ask('GET', target, { headers }),
    ask('DELETE', target, { headers }),
  ];
  for (const answer of await Promise.all(asks(cross)))
    isProblem(t, answer, 403, 'cross-site', /Another site/);
  t.equal((await store.shareLinks.links({ max: 9 })).length, 1);
  const answers = await Promise.all(asks(own));
  t.ok(answers.every(({ status }) => status < 300));
});

const WRONG: readonly (readonly [object, RegExp])[] = [
  [{ path: 'team' }, /^path is no resource path: it does not begin with \/\.$/],
  [{ path: '/team/x', upload: true }, /^There is no key 'upload'; this takes path, kind, /],
  [{ path: '/team/x', kind: 'both' }, /must be equal/],
  [
    { path: '/team/x', kind: 'upload' },
    /^A link that takes uploads is for a folder, such as \/team\/x\/, not for a file\.$/,
  ],
  [{ path: '/team/x', expiresAt: 'soon' }, /^expiresAt is an ISO 8601 time with a zone/],
  [
    { path: '/team/x', expiresAt: '2000-01-01' },
    /^The link would have ended already; to end one, revoke it\.$/,
  ],
  [{ path: '/team/x', notBefore: null }, /notBefore/],
  [{ path: '/team/x', downloadsMax: '3' }, /downloadsMax/],
  [{ path: '/team/x', downloadsMax: 0 }, /downloadsMax/],
  [
    { path: '/team/x', downloadsMax: 2_000_000 },
    /^The limit of downloads is a whole number from 1 to 1000000, not 2000000\.$/,
  ],
  [
    { path: '/team/x', recipients: ['ann'] },
    /^A recipient is user:NAME, group:NAME, authenticated or anyone, not 'ann'\.$/,
  ],
  [{ path: '/team/x', recipients: Array(1001).fill('user:a') }, /recipients/],
  [{ path: '/team/x', addresses: ['0.0.0.0/0'] }, /^An address is one such as 192\.0\.2\.7/],
  [{ path: '/team/x', password: 'short' }, /^This cannot be a password: it has fewer than 8 characters\.$/],
  [{ path: '/team/x', note: 'a\nb' }, /^The note is one line of text/],
  [
    { path: '/team/x', filesMax: 3 },
    /^Limits of files, their bytes, their endings and their time are for links that take uploads\.$/,
  ],
  [{}, /path/],
];

t.test('what is wrong is said in a sentence, and nothing is made', async (t) => {
  const { send, make, store } = await given(t);
  for (const [body, detail] of WRONG) {
    isProblem(t, await send('POST', LINKS, body, { as: 'ann' }), 400, 'bad-request', detail);
  }
  t.strictSame(await store.shareLinks.links({ max: 9 }), []);
  const { id } = await make({});
  const patch = (body: object) => send('PATCH', `${LINKS}/${id}`, body, { as: 'ann' });
  isProblem(t, await patch({}), 400, 'bad-request', /fewer than 1/);
  isProblem(t, await patch({ path: '/team/y' }), 400, 'bad-request', /no key 'path'/);
  isProblem(t, await patch({ expiresAt: null }), 400, 'bad-request', /expiresAt/);
});

t.test('queries and methods that mean nothing are refused', async (t) => {
  const { ask } = await given(t);
  const options = { as: 'root' };
  for (const query of [
    '?max=0',
    '?max=1001',
    '?max=x',
    '?maker=group:a',
    '?maker=ann',
    '?path=x',
    '?sort=up',
  ]) {
    t.equal((await ask('GET', LINKS + query, options)).status, 400, query);
  }
  const put = await ask('PUT', `${LINKS}/a`, options);
  isProblem(t, put, 405, 'method-not-allowed', /takes GET, HEAD, PATCH, DELETE\.$/);
  const deeper = await ask('PUT', `${LINKS}/a/b`, options);
  isProblem(t, deeper, 404, 'not-found', /nothing here/);
  t.equal((await ask('GET', `${LINKS}/${'x'.repeat(65)}`, options)).status, 400);
  isProblem(t, await ask('GET', `${LINKS}/${encodeURIComponent('../x')}`, options), 404, 'not-found', /./);
});

t.test('of two changes at once none is lost', async (t) => {
  const { make, send } = await given(t);
  const { id } = await make({});
  const patch = (body: object) => send('PATCH', `${LINKS}/${id}`, body, { as: 'ann' });
  // The hash of the password takes so long that the note is written meanwhile.
  const answers = await Promise.all([patch({ password: 'correct horse' }), patch({ note: 'by another' })]);
  t.same(
    answers.map(({ status }) => status),
    [200, 200],
  );
  t.match(told(await patch({ contact: 'ann' })), { hasPassword: true, note: 'by another' });
  const crossed = await Promise.all([
    patch({ password: 'battery staple', expiresAt: new Date(NOW + DAY_MS).toISOString() }),
    patch({ notBefore: new Date(NOW + 2 * DAY_MS).toISOString() }),
  ]);
  t.same(
    crossed.map(({ status }) => status).sort(),
    [200, 400],
    'two that do not go together are not both taken',
  );
});
