/** From claims, as the issuers that people have write them, to a user and groups; what is no name is nobody. */

import t from 'tap';
import { type ClaimNames, groupsOf, userOf, valueAt } from '../../src/credentials/claims.js';

const NAMES: ClaimNames = { user: 'sub', groups: 'groups', userPrefix: '', groupPrefix: '' };

t.test('a path goes inwards, and a name that has dots itself goes before it', async (t) => {
  const record = {
    a: { b: { c: 1 }, 'b.c': 2, list: [{ x: 1 }], text: 'abc' },
    'a.b': { d: 3 },
    'https://site.example/roles': ['r'],
    realm_access: { roles: ['offline_access', 'eng'] },
    resource_access: { 'my.app': { roles: ['admin'] }, my: { app: { other: 1 } } },
    'cognito:groups': ['g'],
    null: null,
    ...Object.fromEntries([['__proto__', { own: 1 }]]),
    deep: { 1: { 2: { 3: { 4: { 5: { 6: { 7: { 8: { 9: 'end' } } } } } } } } },
  };
  const table = [
    ['a.b.c', 2],
    ['a.b.d', 3],
    ['a.b', { d: 3 }],
    ['https://site.example/roles', ['r']],
    ['realm_access.roles', ['offline_access', 'eng']],
    ['resource_access.my.app.roles', ['admin']],
    ['resource_access.my.app.other', 1],
    ['cognito:groups', ['g']],
    ['deep.1.2.3.4.5.6.7.8.9', 'end'],
    ['deep.1.2.3.4.5.6.7.8.9.10', undefined],
    ['a.list.0', undefined],
    ['a.text.0', undefined],
    ['a.text.length', undefined],
    ['a.toString', undefined],
    ['constructor', undefined],
    ['a.__proto__', undefined],
    ['null', null],
    ['null.x', undefined],
    ['', undefined],
    ['.', undefined],
    ['.a', undefined],
    ['a.', undefined],
    ['a..b', undefined],
  ] as const;
  for (const [path, value] of table) t.same(valueAt(record, path), value, path);
  for (const odd of [undefined, null, 'text', 7, ['x']]) t.equal(valueAt(odd, 'length'), undefined);
});

t.test('a user', async (t) => {
  const table: readonly (readonly [
    claims: unknown,
    user: string | undefined,
    names?: Partial<ClaimNames>,
  ])[] = [
    [{ sub: 'alice' }, 'user:alice'],
    [{ sub: 42 }, 'user:42'],
    [{ sub: 'user:alice' }, 'user:user:alice'],
    [{ sub: 'group:eng' }, 'user:group:eng'],
    [{ sub: 'anyone' }, 'user:anyone'],
    [{ sub: '*' }, 'user:*'],
    [{ sub: '../alice' }, 'user:../alice'],
    [{ sub: ' alice ' }, 'user: alice '],
    [{ sub: 'ALICE' }, 'user:ALICE'],
    [{ sub: '\u0430lice' }, 'user:\u0430lice'],
    [{ sub: 'e\u0301' }, 'user:e\u0301'],
    [{ sub: 'x'.repeat(250) }, `user:${'x'.repeat(250)}`],
    [{ sub: 'x'.repeat(251) }, undefined],
    [{ sub: 'é'.repeat(126) }, undefined],
    ...[
      '',
      '\n',
      'a\u0000',
      'a\u007f',
      'a\u0085',
      '\ud800',
      null,
      true,
      1.5,
      2 ** 53,
      Number.NaN,
      [],
      ['alice'],
      {},
    ].map((sub) => [{ sub }, undefined] as const),
    [{}, undefined],
    [null, undefined],
    ['alice', undefined],
    [{ sub: 'alice' }, 'user:oidc:alice', { userPrefix: 'oidc:' }],
    [{ sub: '' }, undefined, { userPrefix: 'oidc:' }],
    [{ sub: 'a', user: { id: 7 } }, 'user:7', { user: 'user.id' }],
    [{ sub: 'a' }, undefined, { user: 'preferred_username' }],
    [{ email: 'a@x' }, 'user:a@x', { user: 'email' }],
    [{ email: 'a@x', email_verified: true }, 'user:a@x', { user: 'email' }],
    [{ email: 'a@x', email_verified: 'true' }, 'user:a@x', { user: 'email' }],
    ...[false, 'false', 'False', null, 0, '', []].map(
      (email_verified) => [{ email: 'a@x', email_verified }, undefined, { user: 'email' }] as const,
    ),
    [{ sub: 'a', email_verified: false }, 'user:a'],
  ];
  for (const [claims, user, names] of table) {
    t.equal(userOf(claims, { ...NAMES, ...names }), user, JSON.stringify(claims)?.slice(0, 60));
  }
});

t.test('groups', async (t) => {
  const table: readonly (readonly [
    claims: unknown,
    groups: readonly string[],
    names?: Partial<ClaimNames>,
  ])[] = [
    [{ groups: ['eng', 'ops', 'eng'] }, ['group:eng', 'group:ops']],
    [{ groups: 'eng' }, ['group:eng']],
    [{ groups: ['/eng', 'user:alice', 'anyone'] }, ['group:/eng', 'group:user:alice', 'group:anyone']],
    [{ groups: ['', '\n', 7, null, {}, ['eng'], 'x'.repeat(250), 'ok'] }, ['group:ok']],
    ...[undefined, null, 7, {}, { 0: 'eng' }, '', []].map((groups) => [{ groups }, []] as const),
    [{ groups: ['eng'] }, ['group:oidc:eng'], { groupPrefix: 'oidc:' }],
    [{ realm_access: { roles: ['eng'] } }, ['group:eng'], { groups: 'realm_access.roles' }],
    [{ 'cognito:groups': ['eng'] }, ['group:eng'], { groups: 'cognito:groups' }],
  ];
  for (const [claims, groups, names] of table) {
    t.same(groupsOf(claims, { ...NAMES, ...names }), groups, JSON.stringify(claims).slice(0, 60));
  }
  const many = { groups: Array.from({ length: 2_000 }, (_, i) => `g${i}`) };
  t.equal(groupsOf(many, NAMES).length, 1_000, 'more than a token could hold is cut');
});
