/**
 * `POST /_latchkey/api/v1/sessions/end`, by which the site says that a session or a user has signed out: who may say
 * it, what may be said, and what the store knows when the answer is there.
 */

import t from 'tap';
import { hashSession } from '../../src/credentials/session.js';
import { load, principal } from '../storage/given.js';
import { API, isProblem, token } from './asking-files.js';
import { type FilesScene, filesScene } from './files-scene.js';

const HOOK_SECRET = 'the secret of the site: 32 bytes, at the least';
const END = `${API}/sessions/end`;
const HOOK = { secret: HOOK_SECRET, cookieNames: ['sid', 'remember'], userPrefix: '' };

t.test('a session that the site ends is ended when the answer is there', async (t) => {
  const cases: readonly (readonly [cookie: string, ended: string])[] = [
    ['sid=1', 'sid=1'],
    ['a=b; sid=2; c=d', 'sid=2'],
    ['remember=9;sid=3', 'sid=3; remember=9'],
    ['sid="4"', 'sid="4"'],
    ['sid=5%20', 'sid=5%20'],
    ['sid=6; sid=7', 'sid=6; sid=7'],
    ['sid=\xe9', 'sid=\xe9'],
  ];
  const given = await filesScene(t, { sessionHook: HOOK });
  for (const [cookie, ended] of cases) {
    t.equal((await load(given.store, sessionOf(ended))).credential?.endedAt, undefined);
    const before = Date.now();
    const { status, text } = await said(given, { cookie });
    const { credential, revision } = await load(given.store, sessionOf(ended));
    t.strictSame([status, JSON.parse(text)], [200, { revision }], cookie);
    t.ok((credential?.endedAt ?? 0) >= before, ended);
  }
});

t.test('a user whom the site signs out is signed out when the answer is there', async (t) => {
  const cases: readonly (readonly [prefix: string, user: unknown, signedOut: string])[] = [
    ['', 'alice', 'user:alice'],
    ['', 42, 'user:42'],
    ['', '张 伟', 'user:张 伟'],
    ['site:', 'alice', 'user:site:alice'],
  ];
  for (const [userPrefix, user, signedOut] of cases) {
    const given = await filesScene(t, { sessionHook: { ...HOOK, userPrefix } });
    const before = Date.now();
    const { status } = await said(given, { user });
    t.equal(status, 200);
    const { standing } = await load(given.store, { user: principal(signedOut) });
    t.ok((standing?.signedOutAt ?? 0) >= before, signedOut);
  }
});

t.test('only the site may say it', async (t) => {
  const given = await filesScene(t, { sessionHook: HOOK });
  const cases: readonly (readonly [name: string, headers: Readonly<Record<string, string>>])[] = [
    ['nobody', {}],
    ['a wrong secret', { authorization: `Bearer ${'x'.repeat(HOOK_SECRET.length)}` }],
    ['less of it', { authorization: `Bearer ${HOOK_SECRET.slice(0, -1)}` }],
    ['more of it', { authorization: `Bearer ${HOOK_SECRET}x` }],
    ['another scheme', { authorization: `Basic ${HOOK_SECRET}` }],
    ['without a scheme', { authorization: HOOK_SECRET }],
    ['an administrator', { authorization: `Bearer ${token('root')}` }],
    ['the session itself', { cookie: 'sid=1' }],
    ['an API key', { 'x-api-key': HOOK_SECRET }],
  ];
  const { revision } = await load(given.store);
  for (const [name, headers] of cases) {
    const answer = await said(given, { cookie: 'sid=1' }, headers);
    isProblem(t, answer, 401, 'bad-request', /LATCHKEY_SESSION_HOOK_SECRET/);
    t.equal(answer.headers['www-authenticate'], 'Bearer realm="latchkey"', name);
  }
  t.equal((await load(given.store)).revision, revision, 'and nothing is written');
  t.notMatch(JSON.stringify(given.logged), HOOK_SECRET);
});

t.test('what makes no sense is refused, and says what would', async (t) => {
  const given = await filesScene(t, { sessionHook: HOOK });
  const cases: readonly (readonly [said: unknown, detail: RegExp])[] = [
    [{}, /either the cookie of a session, or a user/],
    [{ cookie: 'sid=1', user: 'alice' }, /either the cookie of a session, or a user/],
    [{ cookie: 'other=1' }, /none of the session's: sid, remember/],
    [{ cookie: '' }, /none of the session's/],
    [{ cookie: 'sid=' }, /none of the session's/],
    [{ cookie: `sid=${'x'.repeat(16_384)}` }, /cookie/],
    [{ user: '' }, /user/],
    [{ user: 'a\nb' }, /cannot be a user's name/],
    [{ user: 'é'.repeat(200) }, /cannot be a user's name/],
    [{ user: 'x'.repeat(256) }, /user/],
    [{ user: {} }, /user/],
    [['sid=1'], /object/],
    ['sid=1', /object/],
  ];
  for (const [body, detail] of cases) {
    isProblem(t, await said(given, body), 400, 'bad-request', detail);
  }
  const text = { ...fromSite, 'content-type': 'application/x-www-form-urlencoded' };
  const form = await given.ask('POST', END, { headers: text, body: 'cookie=sid' });
  isProblem(t, form, 415, 'unsupported-media-type', /send JSON/);
  t.equal((await given.ask('GET', END)).status, 405);
});

t.test('without the setting there is no such URL', async (t) => {
  const given = await filesScene(t);
  t.equal((await said(given, { cookie: 'sid=1' })).status, 404);
});

const fromSite = { authorization: `Bearer ${HOOK_SECRET}` };

function said({ ask }: FilesScene, body: unknown, headers: Readonly<Record<string, string>> = fromSite) {
  const json = { 'content-type': 'application/json', ...headers };
  return ask('POST', END, { headers: json, body: JSON.stringify(body) });
}

function sessionOf(cookies: string) {
  return { credential: `session:${hashSession(cookies)}` } as const;
}
