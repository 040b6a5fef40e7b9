/**
 * The names and values that the API takes are exactly those that it documents: a name that is misspelt, given
 * twice or of another type is refused, for what it would have limited would else be unlimited.
 */

import t from 'tap';
import { path } from '../uploads/given.js';
import { type Answer, API, isProblem } from './asking-files.js';
import { type FilesScene, filesScene } from './files-scene.js';

const HOOK = { secret: 'said by the site', cookieNames: ['sid'], userPrefix: '' };
const GRANT = { principal: 'user:bob', action: 'read', path: '/users/alice/plan' };
const JSON_TYPE = { 'content-type': 'application/json' };
const KEYS = 'principal, path, action, effect, notBefore, expiresAt';
const QUESTION = 'principal=user:bob&action=read&path=/users/alice/plan';

t.test(
  'a key of the body that is not known is named, with those that are, and nothing is granted',
  async (t) => {
    const given = await filesScene(t);
    for (const key of ['expireAt', 'expires_at', 'ExpiresAt', 'constructor', 'toString', 'id']) {
      const answer = await putText(given, JSON.stringify({ ...GRANT, [key]: '2100-01-01T00:00:00Z' }));
      isProblem(t, answer, 400, 'bad-request', new RegExp(`'${key}'.*takes ${KEYS}\\.$`));
    }
    const long = await putText(given, JSON.stringify({ ...GRANT, ['x'.repeat(10_000)]: 1 }));
    isProblem(t, long, 400, 'bad-request', /'x+…'/);
    t.ok(long.text.length < 1_000, 'and is not repeated at any length');
    t.strictSame(await given.store.acl.grantsOn([path(GRANT.path)]), []);
  },
);

t.test('a value of another type is refused, not made one', async (t) => {
  const given = await filesScene(t);
  const values = [
    { expiresAt: null },
    { expiresAt: 4102444800000 },
    { expiresAt: ['2100-01-01T00:00:00Z'] },
    { notBefore: false },
    { principal: ['user:bob'] },
    { path: ['/users/alice/plan'] },
    { action: ['read'] },
    { effect: null },
  ];
  for (const value of values) {
    const answer = await putText(given, JSON.stringify({ ...GRANT, ...value }));
    isProblem(t, answer, 400, 'bad-request', new RegExp(Object.keys(value).join()));
  }
  for (const whole of [[GRANT], null, 'text', 5]) {
    isProblem(t, await putText(given, JSON.stringify(whole)), 400, 'bad-request', /body must be object/);
  }
  t.strictSame(await given.store.acl.grantsOn([path(GRANT.path)]), []);
});

t.test('keys that reach for a prototype are refused', async (t) => {
  const given = await filesScene(t);
  const whole = JSON.stringify(GRANT).slice(0, -1);
  for (const more of ['"__proto__":{"effect":"deny"}', '"constructor":{"prototype":{"effect":"deny"}}']) {
    isProblem(t, await putText(given, `${whole},${more}}`), 400, 'bad-request', /prototype/);
  }
  const inherited = await putText(given, '{"__proto__":{"principal":"user:bob","path":"/users/alice/x"}}');
  isProblem(t, inherited, 400, 'bad-request', /prototype/);
});

t.test('a parameter that is not known is named, with those that are', async (t) => {
  const given = await filesScene(t, { sessionHook: HOOK });
  const table = [
    ['GET', '/grants?path=/users/alice/&pth=/', 'pth', 'path'],
    [
      'DELETE',
      '/grants?principal=user:bob&path=/users/alice/&acton=write',
      'acton',
      'principal, path, action, effect',
    ],
    [
      'DELETE',
      '/grants?principal=user:bob&path=/users/alice/&constructor=x',
      'constructor',
      'principal, path, action, effect',
    ],
    [
      'DELETE',
      '/grants?principal=user:bob&path=/users/alice/&__proto__=x',
      '__proto__',
      'principal, path, action, effect',
    ],
    ['GET', `/check?${QUESTION}&groups=eng`, 'groups', 'principal, action, path, group'],
    ['GET', `/explain?${QUESTION}&group[]=eng`, 'group[]', 'principal, action, path, group'],
    ['PUT', '/grants?expiresAt=2100-01-01', 'expiresAt', 'none', GRANT],
    ['POST', '/sessions/end?user=bob', 'user', 'none', { user: 'bob' }],
    ['GET', '/openapi.json?version=2', 'version', 'none'],
  ] as const satisfies readonly (readonly [string, string, string, string, object?])[];
  for (const [method, target, name, known, body] of table) {
    const json = body && { headers: JSON_TYPE, body: JSON.stringify(body) };
    const answer = await given.ask(method, API + target, { as: 'alice', ...json });
    isProblem(t, answer, 400, 'bad-request', new RegExp(`parameter '.*takes ${known}\\.$`));
    t.ok(JSON.parse(answer.text).detail.includes(`'${name}'`), target);
  }
});

t.test('a parameter that may be given once is not given twice; a group may', async (t) => {
  const given = await filesScene(t);
  for (const target of [
    '/grants?path=/users/alice/&path=/users/bob/',
    `/check?${QUESTION}&path=/users/alice/`,
    `/check?${QUESTION}&principal=user:eve`,
    `/explain?${QUESTION}&action=read`,
  ]) {
    isProblem(t, await given.ask('GET', API + target, { as: 'alice' }), 400, 'bad-request', /must be/);
  }
  for (const groups of ['group=eng', 'group=eng&group=ops']) {
    const answer = await given.ask('GET', `${API}/check?${QUESTION}&${groups}`, { as: 'alice' });
    t.equal(answer.status, 200, groups);
  }
});

t.test('so it is where the site says that a session has ended', async (t) => {
  const given = await filesScene(t, { sessionHook: HOOK });
  const headers = { authorization: `Bearer ${HOOK.secret}`, ...JSON_TYPE };
  const end = (body: unknown) =>
    given.ask('POST', `${API}/sessions/end`, { headers, body: JSON.stringify(body) });
  isProblem(
    t,
    await end({ user: 'bob', cookies: 'sid=1' }),
    400,
    'bad-request',
    /'cookies'.*takes cookie, user\.$/,
  );
  isProblem(t, await end({ user: true }), 400, 'bad-request', /user must be/);
  for (const user of ['bob', 42]) t.equal((await end({ user })).status, 200, String(user));
});

function putText({ ask }: FilesScene, body: string): Promise<Answer> {
  return ask('PUT', `${API}/grants`, { as: 'alice', headers: JSON_TYPE, body });
}
