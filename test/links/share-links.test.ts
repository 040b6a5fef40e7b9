/** Whether a share link opens: the token, its times, from where, what below it, and for whom. */

import t from 'tap';
import { NOBODY, type Subject, subjectAs } from '../../src/acl/principal.js';
import { newShareToken } from '../../src/links/share-token.js';
import { path, principal } from '../acl/given.js';
import { entry } from '../storage/given.js';
import { NOW } from '../storage/given-links.js';
import { ADDRESS, ANN, ENG, linkScene } from './link-scene.js';

const FILE = path('/team/plan.pdf');

t.test('a link opens by its token and by no other', async (t) => {
  const { make, judged } = linkScene(t);
  const { token, link } = await make();
  const other = await make();
  t.equal(await judged({ token }), `open ${FILE}`);
  const mixed = link.id + other.token.slice(link.id.length);
  for (const wrong of [mixed, newShareToken().text, link.id, link.hash, `${token}/`, `${token}x`, '']) {
    t.equal(await judged({ token: wrong }), 'unknown', wrong);
  }
});

t.test('a judgement has the link with it, for the page that says why', async (t) => {
  const { make, links } = linkScene(t);
  const { token, link } = await make({ revokedAt: 1 });
  const { createdAt: _, lastUsedAt: _l, downloads: _d, uploads: _u, ...told } = link;
  const presented = { token, below: '', address: ADDRESS };
  t.strictSame(await links.judge(presented), { kind: 'ended', why: 'revoked', link: told });
});

t.test('a link is open from its beginning to the millisecond before its end', async (t) => {
  const { make, judged, at } = linkScene(t);
  const link = await make({}, { notBefore: NOW + 10, expiresAt: NOW + 20 });
  for (const [now, expected] of [
    [NOW + 9, 'early'],
    [NOW + 10, `open ${FILE}`],
    [NOW + 19, `open ${FILE}`],
    [NOW + 20, 'ended expired'],
  ] as const) {
    at(now);
    t.equal(await judged(link), expected, `${now - NOW}`);
  }
});

t.test('a revoke, a change and the end of a link hold with the next question', async (t) => {
  const { make, judged, store } = linkScene(t);
  const made = await make();
  const { id, terms } = made.link;
  t.equal(await judged(made), `open ${FILE}`);
  await store.shareLinks.changeLink(id, () => ({ ...terms, addresses: ['10.0.0.0/8'] }));
  t.equal(await judged(made), 'elsewhere');
  await store.shareLinks.changeLink(id, () => ({ ...terms, expiresAt: NOW }));
  t.equal(await judged(made), 'ended expired');
  await store.shareLinks.revokeLink(id, NOW);
  t.equal(await judged(made), 'ended revoked');
  await store.shareLinks.forgetLinks(NOW + 1);
  t.equal(await judged(made), 'unknown');
});

t.test('what has ended says so before anything else', async (t) => {
  const { make, judged, granted, by } = linkScene(t);
  await granted('user:eve manage /team/');
  const far = { addresses: ['10.0.0.0/8'] };
  const gone = by(undefined);
  const rows = [
    [await make({ revokedAt: NOW, ...gone }, { expiresAt: NOW, ...far }), 'ended revoked'],
    [await make(gone, { expiresAt: NOW, ...far }), 'ended expired'],
    [await make(gone, { notBefore: NOW + 1, ...far }), 'ended authority'],
    [await make({}, { notBefore: NOW + 1, ...far }), 'early'],
    [await make({}, far), 'elsewhere'],
  ] as const;
  for (const [made, expected] of rows) t.equal(await judged(made, { below: '/other' }), expected);
});

t.test('only the addresses of a link may use it, and what is no address may not', async (t) => {
  const { make, judged } = linkScene(t);
  const made = await make({}, { addresses: ['10.0.0.0/8', 'fd00::/8'] });
  for (const address of ['10.9.9.9', 'fd00::1', '::ffff:10.1.1.1']) {
    t.equal(await judged(made, { address }), `open ${FILE}`, address);
  }
  for (const address of [ADDRESS, 'unix:', '', undefined]) {
    t.equal(await judged(made, { address }), 'elsewhere', `${address}`);
  }
});

t.test('a link to a file opens that file, by its name or by none', async (t) => {
  const { make, judged, on } = linkScene(t);
  const made = await make(on('/team/a b%.pdf'));
  for (const below of ['', '/', '/a%20b%25.pdf', '/%61%20b%25.pdf']) {
    t.equal(await judged(made, { below }), 'open /team/a b%.pdf', below);
  }
  for (const below of [
    '/a%20b.pdf',
    '/A%20b%25.pdf',
    '/a%20b%25.pdf/',
    '/team/a%20b%25.pdf',
    '//',
    '/.',
    '/x',
    'a',
  ]) {
    t.equal(await judged(made, { below }), 'no-such-path', below);
  }
});

t.test('a link to a folder opens what is below it and nothing above or beside', async (t) => {
  const { make, judged, on } = linkScene(t);
  const made = await make(on('/team/'));
  const open: readonly (readonly [string, string])[] = [
    ['', '/team/'],
    ['/', '/team/'],
    ['/a', '/team/a'],
    ['/sub/', '/team/sub/'],
    ['/sub/%C3%A9%20%3F', '/team/sub/é ?'],
    ['/%2e%2e%2e', '/team/...'],
  ];
  for (const [below, opened] of open) t.equal(await judged(made, { below }), `open ${opened}`, below);
  const long = `/${'x'.repeat(250)}`.repeat(17);
  const shut = [
    '/..',
    '/../x',
    '/%2e%2e/x',
    '/a/../b',
    '//a',
    '/a//b',
    '/%2fa',
    '/a%2Fb',
    '/%00',
    '/%',
    '/\\',
    '/é',
  ];
  for (const below of [...shut, '/%ff', '/a%0a', 'a', '../x', long]) {
    t.equal(await judged(made, { below }), 'no-such-path', below);
  }
});

t.test('a link to everything opens everything', async (t) => {
  const { make, judged, on } = linkScene(t);
  const made = await make(on('/'));
  t.equal(await judged(made), 'open /');
  t.equal(await judged(made, { below: '/team/plan.pdf' }), 'open /team/plan.pdf');
});

t.test('by its id a link is judged the same, for a path that is known', async (t) => {
  const { make, links, on, store } = linkScene(t);
  const { link } = await make(on('/team/'));
  const judge = async (id: string, asked: string) =>
    (await links.judgeById({ id, path: path(asked), address: ADDRESS })).kind;
  t.equal(await judge(link.id, '/team/'), 'open');
  t.equal(await judge(link.id, '/team/sub/x'), 'open');
  for (const asked of ['/', '/team', '/teams/x', '/other'])
    t.equal(await judge(link.id, asked), 'no-such-path');
  t.equal(await judge('none', '/team/'), 'unknown');
  await store.shareLinks.revokeLink(link.id, NOW);
  t.equal(await judge(link.id, '/team/'), 'ended');
});

t.test('whom a link is for: its recipients as they are now, or everybody', async (t) => {
  const { make, links, store } = linkScene(t);
  const bob = principal('user:bob');
  const scoped = (on: string): Subject => ({
    ...subjectAs(ANN),
    scope: { action: 'read', path: path(on) },
  });
  const rows: readonly (readonly [string, Subject, boolean])[] = [
    ['', NOBODY, true],
    ['anyone', NOBODY, true],
    ['authenticated', NOBODY, false],
    ['authenticated', subjectAs(bob), true],
    ['user:ann', subjectAs(ANN), true],
    ['user:ann', subjectAs(bob), false],
    ['user:Ann', subjectAs(ANN), false],
    ['user:eve user:ann', subjectAs(ANN), true],
    ['group:eng', subjectAs(bob, [ENG]), true],
    ['group:eng', subjectAs(bob), false],
    ['group:stored', subjectAs(ANN), true],
    ['group:stored', subjectAs(bob), false],
    ['user:ann', NOBODY, false],
    ['user:ann', scoped('/team/'), true],
    ['user:ann', scoped('/other/'), false],
  ];
  await store.acl.addMember(principal('group:stored'), ANN);
  for (const [names, subject, expected] of rows) {
    const recipients = names.split(' ').filter(Boolean).map(principal);
    const { link } = await make({}, { recipients });
    const who = `${subject.user ?? 'nobody'} ${subject.groups} ${subject.scope?.path ?? ''}`;
    t.equal(await links.isRecipient(link, subject), expected, `${who} of [${names}]`);
  }
  const into = await make({ kind: 'upload', path: path('/team/') }, { recipients: [ANN] });
  for (const [action, expected] of [
    ['read', false],
    ['write', true],
  ] as const) {
    const subject: Subject = { ...subjectAs(ANN), scope: { action, path: path('/team/') } };
    t.equal(await links.isRecipient(into.link, subject), expected, `a key for ${action} sends files`);
  }
  const { link } = await make({}, { recipients: [ANN] });
  await store.acl.suspend(ANN);
  t.notOk(await links.isRecipient(link, subjectAs(ANN)), 'a suspended user is nobody');
});

t.test('a maker’s file that is being replaced is not known, and a link that has ended has', async (t) => {
  const { make, judged, granted, by, store } = linkScene(t);
  const grantId = await granted('user:ann manage /team/');
  const made = await make(by(grantId));
  const replaced = entry('p', FILE, 'hidden');
  await store.files.beginCommit([replaced]);
  await t.rejects(judged(made), { code: 'committing' });
  await store.files.finishCommit([replaced]);
  t.equal(await judged(made), `open ${FILE}`);
});
