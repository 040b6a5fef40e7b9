/**
 * Whether a signed URL opens a path now: its key, its times, and what was taken back, each with the very next
 * question.
 */

import t, { type Test } from 'tap';
import { type SignedUrlClaims, signUrl } from '../../src/links/signed-url.js';
import { SignedUrls } from '../../src/links/signed-urls.js';
import { CachedReader } from '../../src/storage/cached-reader.js';
import { openSqliteStore } from '../../src/storage/sqlite/open.js';
import { path } from '../acl/given.js';

const KEY = { id: 'k1', secret: 'a secret of at least 32 bytes, for links' };
const OTHER = { id: 'k2', secret: 'another secret of at least 32 bytes here' };
const NOW_S = 1_800_000_000;
const DAY_S = 86_400;
const FILE = path('/team/plan.pdf');

function given(t: Test) {
  const store = openSqliteStore(`${t.testdir()}/store.db`);
  t.teardown(() => store.close());
  let now = NOW_S * 1000;
  const urls = new SignedUrls({
    keys: [KEY, OTHER],
    secondsMax: 7 * DAY_S,
    reader: new CachedReader(store.facts, { bytesMax: 1024 * 1024 }),
    clock: () => now,
  });
  const token = (more: Partial<SignedUrlClaims> = {}, key = KEY) =>
    signUrl(key.secret, {
      keyId: key.id,
      path: FILE,
      issuedAt: NOW_S,
      expiresAt: NOW_S + 3600,
      id: 'abc',
      generation: 0,
      ...more,
    });
  return {
    store,
    urls,
    token,
    opens: async (text: string, asked = FILE) => typeof (await urls.judge(text, asked)) === 'object',
    judge: async (text: string, asked = FILE) => urls.judge(text, asked),
    at: (ms: number) => {
      now = ms;
    },
  };
}

t.test('a link opens from when it was issued up to the millisecond before its end', async (t) => {
  const { opens, token, at } = given(t);
  t.ok(await opens(token()));
  at((NOW_S + 3600) * 1000 - 1);
  t.ok(await opens(token()));
  at((NOW_S + 3600) * 1000);
  t.notOk(await opens(token()));
});

t.test('a clock that is a minute ahead may sign, one that is further ahead may not', async (t) => {
  const { opens, token } = given(t);
  t.ok(await opens(token({ issuedAt: NOW_S + 60 })));
  t.notOk(await opens(token({ issuedAt: NOW_S + 61 })));
});

t.test('a link may live as long as is configured, and no second longer', async (t) => {
  const { opens, token } = given(t);
  t.ok(await opens(token({ expiresAt: NOW_S + 7 * DAY_S })));
  t.notOk(await opens(token({ expiresAt: NOW_S + 7 * DAY_S + 1 })));
  t.notOk(await opens(token({ issuedAt: NOW_S, expiresAt: NOW_S - 1 })));
});

t.test('each key signs under its own id', async (t) => {
  const { opens, token, urls } = given(t);
  t.ok(await opens(token({}, OTHER)));
  t.notOk(await opens(token({ keyId: 'k1' }, OTHER)), 'not under another one’s');
  t.notOk(await opens(token({ keyId: 'none' })));
  t.notOk(await opens(token({ keyId: '__proto__' })));
  urls.replaceKeys([OTHER]);
  t.notOk(await opens(token()), 'and not when it was taken out');
});

t.test('a revoked link opens nothing from the next question on, and others go on', async (t) => {
  const { opens, token, store } = given(t);
  t.ok(await opens(token()));
  await store.signedUrls.revokeUrl('abc', NOW_S * 1000, (NOW_S + 3600) * 1000);
  t.notOk(await opens(token()));
  t.ok(await opens(token({ id: 'abcd' })));
});

t.test(
  'raising a path’s generation ends its links, and those that are signed with the new one open',
  async (t) => {
    const { opens, token, store } = given(t);
    t.equal((await store.signedUrls.raiseGeneration(FILE)).value, 1);
    t.notOk(await opens(token()));
    t.ok(await opens(token({ generation: 1 })));
    t.equal((await store.signedUrls.raiseGeneration(FILE)).value, 2);
    t.notOk(await opens(token({ generation: 1 })));
    t.ok(await opens(token({ path: path('/team/') })), 'a link of the folder has the folder’s own number');
  },
);

t.test('all that a key had signed by a second ends, and what it signs later opens', async (t) => {
  const { opens, token, store, at } = given(t);
  await store.signedUrls.revokeUrlsOf('k1', NOW_S);
  t.notOk(await opens(token()));
  t.ok(await opens(token({}, OTHER)));
  at((NOW_S + 1) * 1000);
  t.ok(await opens(token({ issuedAt: NOW_S + 1 })));
});

t.test('a mark goes when its link has ended by itself, and not before', async (t) => {
  const { opens, token, store } = given(t);
  await store.signedUrls.revokeUrl('abc', NOW_S * 1000, (NOW_S + 10) * 1000);
  await store.signedUrls.revokeUrl('other', (NOW_S + 9) * 1000, (NOW_S + 90) * 1000);
  t.notOk(await opens(token()));
  await store.signedUrls.revokeUrl('third', (NOW_S + 10) * 1000, (NOW_S + 90) * 1000);
  t.ok(await opens(token()), 'whoever says when it ends must be right');
});

t.test('one that opened the path once is told apart from one that never did', async (t) => {
  const { judge, token, store, at } = given(t);
  await store.signedUrls.revokeUrl('abc', NOW_S * 1000, (NOW_S + 3600) * 1000);
  t.equal(await judge(token()), 'ended', 'revoked');
  t.equal(await judge(token(), path('/team/other.pdf')), undefined, 'of another file');
  at((NOW_S + 3600) * 1000);
  t.equal(await judge(token({ id: 'other' })), 'ended', 'expired');
  t.equal(await judge(`${token()}A`), undefined, 'forged');
  t.equal(await judge(token({ expiresAt: NOW_S + 8 * DAY_S })), undefined, 'longer than any may live');
});
