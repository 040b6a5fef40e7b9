/**
 * A user's home (DESIGN §5): which templates make one, who has one, and which paths lie in it.
 *
 * Administrators, the other half of the policy, are tested where they count: authorizer.test.ts.
 */

import fc from 'fast-check';
import t from 'tap';
import { isBuiltIn } from '../../src/acl/decide.js';
import {
  type HomeTemplate,
  homeGrant,
  homeOf,
  type Policy,
  parseHomeTemplate,
} from '../../src/acl/policy.js';
import { userPrincipal } from '../../src/acl/principal.js';
import { grant, holds, path, principal, shown } from './given.js';
import { naiveIsResourcePath } from './naive-resource-path.js';

const USERS: HomeTemplate = { before: '/users/', after: '/' };
const alice = principal('user:alice');

function policyOf(home: HomeTemplate | undefined): Policy {
  return { administrators: new Set(), home };
}

t.test('a template of homes is a folder in which {user} is one whole segment', async (t) => {
  const rows: [string, HomeTemplate][] = [
    ['/users/{user}/', USERS],
    ['/{user}/', { before: '/', after: '/' }],
    ['/a/b/{user}/', { before: '/a/b/', after: '/' }],
    ['/users/{user}/files/', { before: '/users/', after: '/files/' }],
    ['/users {x}/{user}/été/', { before: '/users {x}/', after: '/été/' }],
    ['/%75sers/{user}/', { before: '/%75sers/', after: '/' }],
  ];
  for (const [text, template] of rows) t.same(parseHomeTemplate(text), template, text);
});

t.test('any other template is refused', async (t) => {
  const rows = [
    ['', 'nothing'],
    ['/', 'no user'],
    ['/users/', 'no user'],
    ['{user}', 'no folder'],
    ['{user}/', 'it is not absolute'],
    ['users/{user}/', 'it is not absolute'],
    ['/users/{user}', 'a file'],
    ['/users/{user}/file', 'a file in the home'],
    ['/users{user}/', 'half a segment, the end'],
    ['/users/{user}s/', 'half a segment, the beginning'],
    ['/users/~{user}/', 'half a segment'],
    ['/users/{user}{user}/', 'two users in one segment'],
    ['/{user}/{user}/', 'two users'],
    ['/users/{USER}/', 'another word'],
    ['/users/{}/', 'no word'],
    ['/users//{user}/', 'an empty segment'],
    ['/users/{user}//', 'an empty segment behind'],
    ['/users/../{user}/', 'a dot segment'],
    ['/users/{user}/../', 'a dot segment behind'],
    ['/users\\/{user}/', 'a backslash'],
    ['/users\n/{user}/', 'a control character'],
    [`/${'a'.repeat(256)}/{user}/`, 'a segment of 256 bytes'],
  ] as const;
  for (const [text, why] of rows) t.equal(parseHomeTemplate(text), undefined, `${why}: ${shown(text)}`);
});

t.test('a home is the template with the id in it, byte for byte', async (t) => {
  for (const id of [
    'alice',
    'Alice',
    'a b',
    ' ',
    '...',
    '.a',
    '-',
    '%2e%2e',
    '{user}',
    '$&',
    '张伟',
    'e\u0301',
  ]) {
    t.equal(homeOf(USERS, principal(`user:${id}`)), `/users/${id}/`, shown(id));
  }
  const deep = { before: '/a/', after: '/files/' };
  t.equal(homeOf(deep, alice), '/a/alice/files/', 'with a folder behind the id');
});

t.test('a user id that is not one legitimate segment has no home', async (t) => {
  for (const id of [
    '.',
    '..',
    '/',
    'a/b',
    '../bob',
    'alice/',
    '/alice',
    'https://issuer/a',
    'a\\b',
    '..\\bob',
  ]) {
    const user = principal(`user:${id}`);
    t.equal(homeOf(USERS, user), undefined, `no folder for ${shown(id)}`);
    for (const asked of ['/users/', '/users/bob/', `/users/bob/x`, '/users/a/b/x', '/users/alice/x', '/x']) {
      t.same(homeGrant(policyOf(USERS), user, path(asked)), [], `${shown(id)} has nothing on ${asked}`);
    }
  }
});

t.test('a home whose path would be too long is none', async (t) => {
  const before = `${`/${'a'.repeat(255)}`.repeat(15)}/`;
  const longest = principal(`user:${'u'.repeat(250)}`);
  const rest = (bytes: number) => `/${'b'.repeat(bytes)}/`;
  t.ok(homeOf({ before, after: '/' }, longest), 'below 4,096 bytes');
  t.ok(homeOf({ before, after: rest(3) }, longest), '4,096 bytes');
  t.equal(homeOf({ before, after: rest(4) }, longest), undefined, '4,097 bytes');
});

t.test('in its home a user has a built-in grant to manage, always', async (t) => {
  const expected = grant('#0 user:alice manage /users/alice/');
  for (const asked of ['/users/alice/', '/users/alice/x', '/users/alice/a/b/']) {
    const found = homeGrant(policyOf(USERS), alice, path(asked));
    t.same(found, [expected], asked);
    t.ok(found.every(isBuiltIn), `${asked}: by a grant that no store holds`);
  }
});

t.test('a grant with a number of its own is not built in', async (t) => {
  t.equal(isBuiltIn(grant('#1 user:alice manage /users/alice/')), false, 'by its number');
});

t.test('outside its home a user has no built-in grant, however alike the path looks', async (t) => {
  const rows = ['/', '/users/', '/users/alice', '/users/alice2', '/users/alice2/', '/users/alice2/x'].concat(
    [
      '/users/alic/',
      '/users/Alice/',
      '/users/alice /',
      '/users/alice./x',
      '/users/bob/',
      '/users/bob/alice/',
    ],
    ['/users', '/users2/alice/', '/Users/alice/', '/a/users/alice/x', '/alice/', '/users/%61lice/'],
  );
  for (const asked of rows) t.same(homeGrant(policyOf(USERS), alice, path(asked)), [], asked);
});

t.test('names that look alike and differ in bytes have different homes', async (t) => {
  const composed = principal('user:é');
  t.same(homeGrant(policyOf(USERS), composed, path('/users/e\u0301/x')), [], 'NFC asks in NFD');
  t.equal(homeGrant(policyOf(USERS), composed, path('/users/\u00e9/x')).length, 1, 'NFC asks in NFC');
});

t.test('nobody has a home when there is no template, and no user has none', async (t) => {
  t.same(homeGrant(policyOf(undefined), alice, path('/users/alice/x')), [], 'no template');
  t.same(homeGrant(policyOf(USERS), undefined, path('/users/alice/x')), [], 'no user');
});

t.test('whatever the id, its home is a legitimate folder directly below that of all homes', async (t) => {
  const id = fc.oneof(fc.string({ minLength: 1 }), fc.string({ unit: 'binary', minLength: 1 }));
  const property = fc.property(id, (id) => {
    const user = userPrincipal(id);
    const home = user === undefined ? undefined : homeOf(USERS, user);
    const legitimate = user !== undefined && !id.includes('/') && naiveIsResourcePath(`/users/${id}/`);
    return home === (legitimate ? `/users/${id}/` : undefined);
  });
  await holds(t, property, 20_000);
});
