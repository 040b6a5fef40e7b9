/**
 * Principals (DESIGN §1, §5): which texts name one, how specific each is, and the subject that asks as one.
 */

import fc from 'fast-check';
import t from 'tap';
import {
  ANYONE,
  AUTHENTICATED,
  groupPrincipal,
  isGroup,
  isUser,
  NOBODY,
  nameOfPrincipal,
  PRINCIPAL_BYTES_MAX,
  parsePrincipal,
  specificity,
  subjectAs,
  userPrincipal,
} from '../../src/acl/principal.js';
import { holds, principal, shown } from './given.js';
import { CONTROL_CHARACTERS } from './resource-path-cases.js';

const ACCEPTED = [
  'anyone',
  'authenticated',
  'user:alice',
  'user:Alice',
  'user:alice@example.com',
  'user:auth0|5f7c8ec7',
  'user:https://issuer.example/alice',
  'user:a:b',
  'user:user:alice',
  'user::',
  'user:anyone',
  'user: ',
  'user:alice ',
  'user:a b',
  'user:%41',
  'user:..',
  'user:张伟',
  'user:caf\u00e9',
  'user:cafe\u0301',
  'user:\u2028',
  'user:\u00a0',
  'user:😀',
  'group:eng',
  'group:authenticated',
  'group:/eng/backend',
  'group:CN=Eng,OU=Groups',
  `user:${'a'.repeat(250)}`,
  `user:${'é'.repeat(125)}`,
  `group:${'€'.repeat(83)}`,
];

const REFUSED = [
  '',
  'alice',
  ':',
  ':alice',
  'user',
  'user:',
  'group',
  'group:',
  'users:alice',
  'groups:eng',
  'role:admin',
  'User:alice',
  'USER:alice',
  'user :alice',
  ' user:alice',
  'Anyone',
  'ANYONE',
  'anyone ',
  ' anyone',
  'anyone:',
  'anyone\n',
  'anonymous',
  'authenticated:alice',
  'Authenticated',
  'authenticated ',
  '*',
  'user:\ud83d',
  'user:\ude00a',
  'group:a\ud800',
  `user:${'a'.repeat(251)}`,
  `user:${'é'.repeat(125)}a`,
  `group:${'€'.repeat(83)}a`,
  `user:${'😀'.repeat(63)}`,
];

t.test('a principal is anyone, authenticated, a user or a group, kept byte for byte', async (t) => {
  for (const text of ACCEPTED) t.equal(parsePrincipal(text), text, shown(text));
});

t.test('no other text names a principal, and none is longer than 255 bytes', async (t) => {
  for (const text of REFUSED) t.equal(parsePrincipal(text), undefined, shown(text));
});

t.test('a name with a control character names nobody', async (t) => {
  for (const control of CONTROL_CHARACTERS) {
    for (const text of [`user:${control}`, `user:a${control}b`, `group:a${control}`]) {
      t.equal(parsePrincipal(text), undefined, shown(text));
    }
  }
});

t.test('a user id and a group name become a principal whole, whatever they look like', async (t) => {
  for (const name of ['alice', 'anyone', 'user:alice', 'group:eng', ' a ', 'a:b', '张伟']) {
    t.equal(userPrincipal(name), `user:${name}`, `user ${shown(name)}`);
    t.equal(groupPrincipal(name), `group:${name}`, `group ${shown(name)}`);
    t.equal(nameOfPrincipal(principal(`user:${name}`)), name, `the name behind user:${name}`);
    t.equal(nameOfPrincipal(principal(`group:${name}`)), name, `the name behind group:${name}`);
  }
});

t.test('an id that is no name is no principal', async (t) => {
  for (const name of ['', 'a\0', 'a\r\nb', '\ud800', 'a'.repeat(251)]) {
    t.equal(userPrincipal(name), undefined, `user ${shown(name)}`);
    t.equal(groupPrincipal(name), undefined, `group ${shown(name)}`);
  }
});

t.test('the kind of a principal is before its first colon, and kinds rank from user to anyone', async (t) => {
  const rows: [string, boolean, boolean, number][] = [
    ['user:alice', true, false, 0],
    ['user:group:eng', true, false, 0],
    ['user:anyone', true, false, 0],
    ['group:eng', false, true, 1],
    ['group:user:alice', false, true, 1],
    ['group:authenticated', false, true, 1],
    ['authenticated', false, false, 2],
    ['anyone', false, false, 3],
  ];
  for (const [text, user, group, rank] of rows) {
    t.equal(isUser(principal(text)), user, `${text}: ${user ? 'a user' : 'no user'}`);
    t.equal(isGroup(principal(text)), group, `${text}: ${group ? 'a group' : 'no group'}`);
    t.equal(specificity(principal(text)), rank, `${text}: rank ${rank}`);
  }
});

t.test('the subject that asks as a principal has that principal and the groups it is given', async (t) => {
  const eng = principal('group:eng');
  const ops = principal('group:ops');
  const alice = principal('user:alice');
  const signedIn = { authenticated: true, user: undefined };
  t.same(subjectAs(alice), { authenticated: true, user: alice, groups: [] }, 'a user');
  t.same(subjectAs(alice, [eng]), { authenticated: true, user: alice, groups: [eng] }, 'a member of a group');
  t.same(subjectAs(eng), { ...signedIn, groups: [eng] }, 'a group alone');
  t.same(subjectAs(eng, [ops]), { ...signedIn, groups: [eng, ops] }, 'a group with another');
  t.same(subjectAs(AUTHENTICATED), { ...signedIn, groups: [] }, 'any signed-in one');
  t.same(subjectAs(AUTHENTICATED, [ops]), { ...signedIn, groups: [ops] }, 'any member of a group');
});

t.test('a stranger has no user and no groups, even when given some', async (t) => {
  const stranger = { authenticated: false, user: undefined, groups: [] };
  t.same(NOBODY, stranger, 'nobody');
  t.same(subjectAs(ANYONE), stranger, 'anyone');
  t.same(subjectAs(ANYONE, [principal('group:eng')]), stranger, 'anyone with a group');
});

t.test('parsing any text answers the text itself or nothing, and only what the rules allow', async (t) => {
  const text = fc
    .tuple(
      fc.constantFrom('user:', 'group:', 'anyone', 'authenticated', 'user', ''),
      fc.string({ unit: 'binary' }),
    )
    .map(([kind, name]) => kind + name);
  const property = fc.property(text, (text) => {
    const named = /^(?:user|group):\P{Cc}+$/su.test(text) && !/\p{Cs}/u.test(text);
    const short = Buffer.byteLength(text) <= PRINCIPAL_BYTES_MAX;
    const expected = text === 'anyone' || text === 'authenticated' || (named && short);
    return parsePrincipal(text) === (expected ? text : undefined);
  });
  await holds(t, property, 20_000);
});
