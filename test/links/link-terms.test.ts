/** The terms of a link from a request for them: defaults, limits, what is changed, and what is refused, in words. */

import t from 'tap';
import type { LinkTerms, ShareLinkKind } from '../../src/acl/share-link.js';
import { changedTerms, changeOfTerms, newTerms, type TermsRequest } from '../../src/links/link-terms.js';
import { verifyPassword } from '../../src/links/password.js';
import { linkTerms, NOW } from '../storage/given-links.js';

const DAY_MS = 24 * 60 * 60 * 1000;
const CONTEXT = { lifetime: { lifetimeMs: 7 * DAY_MS, lifetimeMsMax: 365 * DAY_MS }, now: NOW };

const made = (request: TermsRequest, kind: ShareLinkKind = 'read') => newTerms(kind, request, CONTEXT);
const changed = (before: LinkTerms, request: TermsRequest, kind: ShareLinkKind = 'read') =>
  changedTerms(kind, before, request, CONTEXT);

t.test('a link that asks for nothing ends after the default, and has no other term', async (t) => {
  t.strictSame(await made({}), linkTerms({ expiresAt: NOW + 7 * DAY_MS }));
  t.strictSame(await made({}, 'upload'), linkTerms({ expiresAt: NOW + 7 * DAY_MS }));
  const nothing = { expiresAt: undefined, note: undefined, password: undefined, notBefore: undefined };
  t.strictSame(await made(nothing), await made({}), 'what is undefined was not asked for');
});

t.test('a link that begins later lives as long from then', async (t) => {
  const notBefore = NOW + 500 * DAY_MS;
  t.match(await made({ notBefore }), { notBefore, expiresAt: notBefore + 7 * DAY_MS });
  const longest = notBefore + 365 * DAY_MS;
  t.match(await made({ notBefore, expiresAt: longest }), { expiresAt: longest });
  await t.rejects(made({ notBefore, expiresAt: longest + 1 }), { name: 'LinkProblem' });
  t.match(await made({ notBefore: NOW - DAY_MS }), { expiresAt: NOW + 7 * DAY_MS }, 'not from the past');
});

t.test('everything that is asked for is in the terms', async (t) => {
  const read: TermsRequest = {
    notBefore: NOW,
    expiresAt: NOW + 1,
    recipients: ['user:ann', 'group:eng', 'user:ann'],
    addresses: ['10.0.0.0/8', '::1', '::1'],
    downloadsMax: 1_000_000,
    rateMax: 1024,
    disposition: 'inline',
    note: 'n'.repeat(200),
    contact: 'Ann Ö, <ann@example.org>',
  };
  t.strictSame(await made(read), {
    ...linkTerms(),
    ...read,
    recipients: ['user:ann', 'group:eng'],
    addresses: ['10.0.0.0/8', '::1'],
  });
  const upload = { filesMax: 1, bytesMax: 5, endings: ['.PDF', '.tar.gz', '.pdf'] };
  t.strictSame((await made(upload, 'upload')).upload, { ...upload, endings: ['.pdf', '.tar.gz'] });
});

t.test('a password is kept as its hash alone', async (t) => {
  const { passwordHash } = await made({ password: 'correct horse' });
  t.match(passwordHash, /^scrypt\$/);
  t.ok(await verifyPassword('correct horse', passwordHash));
  t.notOk(await verifyPassword('correct hors', passwordHash));
});

t.test('a change leaves what it does not name, and takes away what is null', async (t) => {
  const before = linkTerms({
    notBefore: NOW - 1,
    passwordHash: 'scrypt$old',
    recipients: (await made({ recipients: ['user:ann'] })).recipients,
    addresses: ['::1'],
    downloadsMax: 3,
    rateMax: 2048,
    disposition: 'inline',
    note: 'old',
    contact: 'ann',
  });
  t.strictSame(await changed(before, {}), before);
  t.strictSame(await changed(before, { note: 'new' }), { ...before, note: 'new' });
  const none = { notBefore: null, password: null, downloadsMax: null, rateMax: null };
  const rest = { recipients: [], addresses: [], disposition: 'attachment', note: '', contact: '' } as const;
  t.strictSame(await changed(before, { ...none, ...rest }), linkTerms());
  const { passwordHash } = await changed(before, { password: 'another one' });
  t.ok(await verifyPassword('another one', passwordHash));
});

t.test('limits of uploads are taken away, too', async (t) => {
  const upload = { filesMax: 1, bytesMax: 2, endings: ['.a'], filesExpireSeconds: 3 };
  const before = linkTerms({ upload });
  t.strictSame(await changed(before, { filesMax: null }, 'upload'), {
    ...before,
    upload: { ...upload, filesMax: undefined },
  });
  const none = { filesMax: null, bytesMax: null, endings: [], filesExpireSeconds: null };
  t.strictSame(await changed(before, none, 'upload'), linkTerms());
  for (const filesExpireSeconds of [0, 1.5, -1, 3_162_240_001]) {
    await t.rejects(changed(before, { filesExpireSeconds }, 'upload'), { name: 'LinkProblem' });
  }
  await t.rejects(changed(linkTerms(), { filesExpireSeconds: 1 }, 'read'), { name: 'LinkProblem' });
});

t.test('a change that does not move the end is not held to the longest life', async (t) => {
  const before = linkTerms({ expiresAt: NOW + 900 * DAY_MS });
  t.strictSame(await changed(before, { note: 'x' }), { ...before, note: 'x' });
  const over = linkTerms({ expiresAt: NOW - 1 });
  t.match(await changed(over, { expiresAt: NOW + 1 }), { expiresAt: NOW + 1 }, 'an expired one may go on');
});

t.test('a link that is to open earlier is held to the longest life from then', async (t) => {
  const notBefore = NOW + 9000 * DAY_MS;
  const late = await made({ notBefore, expiresAt: notBefore + 365 * DAY_MS });
  const message = /^the link may live until 2024-11-13T.* and no longer/;
  await t.rejects(changed(late, { notBefore: null }), { name: 'LinkProblem', message });
  await t.rejects(changed(late, { notBefore: NOW - 1 }), { name: 'LinkProblem', message });
  await t.rejects(changed(late, { notBefore: notBefore - 1 }), { name: 'LinkProblem' });
  const expiresAt = NOW + 365 * DAY_MS;
  t.match(await changed(late, { notBefore: null, expiresAt }), { notBefore: undefined, expiresAt });
  t.match(await changed(late, { notBefore: notBefore + 1 }), { notBefore: notBefore + 1 });
  const begun = linkTerms({ notBefore: NOW - 1, expiresAt: NOW + 900 * DAY_MS });
  t.match(await changed(begun, { notBefore: null }), { notBefore: undefined }, 'one that is open stays so');
});

t.test('a change is held to the terms that there are when it is written', async (t) => {
  const change = await changeOfTerms('read', linkTerms(), { notBefore: NOW + 5 }, CONTEXT);
  t.match(change(linkTerms({ note: 'by somebody else', passwordHash: 'scrypt$new' })), {
    notBefore: NOW + 5,
    note: 'by somebody else',
    passwordHash: 'scrypt$new',
  });
  t.throws(() => change(linkTerms({ expiresAt: NOW + 5 })), { name: 'LinkProblem' });
});

const many = (count: number, text: (i: number) => string) => Array.from({ length: count }, (_, i) => text(i));

const REFUSED: readonly (readonly [TermsRequest, string | RegExp, ShareLinkKind?])[] = [
  [{ expiresAt: NOW }, 'the link would have ended already; to end one, revoke it'],
  [
    { expiresAt: NOW + 365 * DAY_MS + 1 },
    /^the link may live until 2024-11-13T.*Z and no longer \(LATCHKEY_LINK_LIFETIME_MAX\)$/,
  ],
  [{ expiresAt: Number.MAX_SAFE_INTEGER }, 'the link ends after the year 9999'],
  [{ expiresAt: NOW + 1.5 }, 'the link ends after the year 9999'],
  [{ notBefore: NOW + 5, expiresAt: NOW + 5 }, 'the time of the link is wrong: it ends before it begins'],
  [
    { recipients: many(51, (i) => `user:${i}`) },
    'a link has at most 50 recipients, not 51; give a group or a range',
  ],
  [{ recipients: ['ann'] }, "a recipient is user:NAME, group:NAME, authenticated or anyone, not 'ann'"],
  [{ recipients: [''] }, /^a recipient is .*, not ''$/],
  [{ recipients: ['x'.repeat(300)] }, new RegExp(`not '${'x'.repeat(200)}…'$`)],
  [
    { addresses: many(21, (i) => `10.0.0.${i}`) },
    'a link has at most 20 addresses, not 21; give a group or a range',
  ],
  [
    { addresses: ['::1', '0.0.0.0/0'] },
    "an address is one such as 192.0.2.7, or a range such as 10.0.0.0/8 or fd00::/8, not '0.0.0.0/0'",
  ],
  [{ downloadsMax: 0 }, 'the limit of downloads is a whole number from 1 to 1000000, not 0'],
  [{ downloadsMax: 1_000_001 }, 'the limit of downloads is a whole number from 1 to 1000000, not 1000001'],
  [{ downloadsMax: 1.5 }, 'the limit of downloads is a whole number from 1 to 1000000, not 1.5'],
  [
    { rateMax: 1023 },
    'the limit of bytes a second is a whole number from 1024 to 9007199254740991, not 1023',
  ],
  [{ note: 'a\nb' }, 'the note is one line of text, without control characters'],
  [{ note: 'a\u2028b' }, 'the note is one line of text, without control characters'],
  [{ note: '\ud800' }, 'the note is one line of text, without control characters'],
  [{ contact: 'x'.repeat(201) }, 'the contact has at most 200 characters, not 201'],
  [{ password: 'seven c' }, 'this cannot be a password: it has fewer than 8 characters'],
  [{ password: '' }, 'this cannot be a password: it has fewer than 8 characters'],
  [{ password: '🔑🔑🔑🔑' }, 'this cannot be a password: it has fewer than 8 characters'],
  [{ password: 'x'.repeat(257) }, 'this cannot be a password: it is longer than 256 bytes'],
  [{ password: 'long\nenough' }, 'this cannot be a password: it holds a control character'],
  [
    { filesMax: 1 },
    'limits of files, their bytes, their endings and their time are for links that take uploads',
  ],
  [
    { endings: [] },
    'limits of files, their bytes, their endings and their time are for links that take uploads',
  ],
  [
    { downloadsMax: 1 },
    'a link that takes uploads gives no downloads: leave out what limits those',
    'upload',
  ],
  [
    { disposition: 'inline' },
    'a link that takes uploads gives no downloads: leave out what limits those',
    'upload',
  ],
  [{ filesMax: 0 }, 'the limit of files is a whole number from 1 to 1000000, not 0', 'upload'],
  [{ bytesMax: 0 }, 'the limit of bytes is a whole number from 1 to 9007199254740991, not 0', 'upload'],
  [{ endings: many(21, (i) => `.${i}`) }, /^a link has at most 20 endings, not 21/, 'upload'],
  ...['pdf', '.', '', '.a/b', '.a\\b', '.a\nb', `.${'x'.repeat(32)}`].map(
    (ending) => [{ endings: [ending] }, /^an ending is a dot and what follows it/, 'upload'] as const,
  ),
];

for (const [request, message, kind = 'read'] of REFUSED) {
  const asked = JSON.stringify(request)
    .slice(0, 60)
    .replaceAll(/[^\x20-\x7e]/g, '?');
  t.test(`refused, when made and when changed: ${asked}`, async (t) => {
    await t.rejects(made(request, kind), { name: 'LinkProblem', message });
    await t.rejects(changed(linkTerms(), request, kind), { name: 'LinkProblem', message });
  });
}

t.test('a beginning that is moved behind the end is refused', async (t) => {
  const message = 'the time of the link is wrong: it ends before it begins';
  await t.rejects(changed(linkTerms(), { notBefore: linkTerms().expiresAt }), { message });
});
