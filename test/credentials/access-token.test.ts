/**
 * Times to the millisecond, what is remembered and what is not, header and cookie, and which failure costs what.
 * Sign-outs are in `ended-token.test.ts`, issuers in `issuer-keys.test.ts`.
 */

import t from 'tap';
import { keyOfSecret, type TokenKey, type TokenRules } from '../../src/credentials/token-key.js';
import { forge, hmac } from './forge.js';
import { NOW, NOW_S, scene } from './given.js';

const SECRET = 'a secret of at least 32 bytes, here';
const RULES: TokenRules = { issuers: [], audiences: [], rsaAlgorithm: 'RS256' };
const KEY = keyOfSecret(undefined, SECRET, RULES);
const HOUR = 3600;

function token(claims: object, header: object = {}): string {
  const all = JSON.stringify({ sub: 'alice', exp: NOW_S + HOUR, ...claims });
  return forge({ alg: 'HS256', ...header }, all, hmac(SECRET));
}

/** The same with a claim whose JSON is written by hand. */
function tokenWith(claim: string): string {
  return forge({ alg: 'HS256' }, `{"sub":"alice","exp":${NOW_S + HOUR},${claim}}`, hmac(SECRET));
}

/** Counts how often a signature is verified. */
function counting(key: TokenKey) {
  const counted = { ...key, times: 0 };
  counted.verify = (text) => {
    counted.times += 1;
    return key.verify(text);
  };
  return counted;
}

t.test('a token ends with its exp, to the millisecond and without leeway', async (t) => {
  for (const [exp, last] of [
    [NOW_S + 1, NOW + 999],
    [NOW_S + 0.5, NOW + 499],
  ] as const) {
    for (const remembered of [true, false]) {
      const site = scene({ keys: [KEY] });
      const text = token({ exp });
      if (remembered) t.equal(await site.bearer(text), 'user:alice');
      site.now = last;
      t.equal(await site.bearer(text), 'user:alice', `${exp} at ${last}`);
      site.now = last + 1;
      t.equal(await site.bearer(text), 'invalid', 'whether it is remembered or not');
    }
  }
});

t.test('nbf has five seconds of leeway', async (t) => {
  const table = [
    [NOW_S - 1, 'user:alice'],
    [NOW_S + 5, 'user:alice'],
    [NOW_S + 5.001, 'invalid'],
    [NOW_S + HOUR, 'invalid'],
  ] as const;
  for (const [nbf, outcome] of table) {
    t.equal(await scene({ keys: [KEY] }).bearer(token({ nbf })), outcome, String(nbf));
  }
  const site = scene({ keys: [KEY] });
  const early = token({ nbf: NOW_S + 6 });
  t.equal(await site.bearer(early), 'invalid');
  site.now += 1_000;
  t.equal(await site.bearer(early), 'user:alice', 'a refused token is not remembered as refused');
});

t.test('times and subjects that are none', async (t) => {
  const bad = [
    ...['"9999999999"', 'null', '-1', '0', '1', '1e309', '-1e309', '[9999999999]', '{}', 'true'].map(
      (v) => `"exp":${v}`,
    ),
    `"exp":${NOW + HOUR * 1000}`,
    `"exp":${NOW_S}`,
    ...['"0"', 'null', '1e309', '[0]', '{}', 'true'].flatMap((v) => [`"nbf":${v}`, `"iat":${v}`]),
    ...['null', '""', '7', 'true', '["alice"]', '{"a":1}', '"a\\u0000"', '"\\n"', '"\\ud800"'].map(
      (v) => `"sub":${v}`,
    ),
  ];
  for (const claim of bad) t.equal(await scene({ keys: [KEY] }).bearer(tokenWith(claim)), 'invalid', claim);
  const good = [
    `"exp":${NOW_S}.001`,
    `"exp":${NOW_S}e0,"exp":${NOW_S + 1}`,
    '"iat":-1',
    '"nbf":0.5',
    '"iat":9e15',
  ];
  for (const claim of good)
    t.equal(await scene({ keys: [KEY] }).bearer(tokenWith(claim)), 'user:alice', claim);
  for (const missing of ['exp', 'sub']) {
    t.equal(
      await scene({ keys: [KEY] }).bearer(token({ [missing]: undefined })),
      'invalid',
      `without ${missing}`,
    );
  }
});

t.test('a signature is verified once, and again when a key may be gone', async (t) => {
  const key = counting(KEY);
  const site = scene({ keys: [key] });
  const text = token({});
  for (let i = 0; i < 5; i++) t.equal(await site.bearer(text), 'user:alice');
  t.equal(key.times, 1);
  site.tokens.forget();
  t.equal(await site.bearer(text), 'user:alice');
  t.equal(key.times, 2);
  site.fixed.replace([]);
  t.equal(await site.bearer(text), 'user:alice', 'whoever exchanges keys says so');
  site.tokens.forget();
  t.equal(await site.bearer(text), 'invalid');
});

t.test('header, cookie, and both', async (t) => {
  const text = token({});
  const bob = token({ sub: 'bob' });
  const table = [
    [{}, 'absent'],
    [{ authorization: `Bearer ${text}` }, 'user:alice'],
    [{ authorization: `bearer   ${text}` }, 'user:alice'],
    [{ authorization: `Bearer ${text} ` }, 'absent'],
    [{ authorization: `Basic ${text}` }, 'absent'],
    [{ authorization: 'Bearer lk_something' }, 'absent'],
    [{ cookie: `a=b; access=${text}` }, 'user:alice by itself'],
    [{ cookie: `access=${text}; access=${bob}` }, 'user:alice by itself'],
    [{ cookie: `Access=${text}` }, 'absent'],
    [{ cookie: `xaccess=${text}` }, 'absent'],
    [{ cookie: 'access=' }, 'absent'],
    [{ cookie: 'access' }, 'absent'],
    [{ cookie: `access=${text}x` }, 'invalid'],
    [{ cookie: `access=${text}`, authorization: `Bearer ${bob}` }, 'user:bob'],
    [{ cookie: `access=${text}`, authorization: 'Basic YTpi' }, 'user:alice by itself'],
    [{ cookie: `access=${text}`, authorization: `Bearer ${bob}x` }, 'invalid'],
  ] as const;
  for (const [presented, outcome] of table) {
    t.equal(
      await scene({ keys: [KEY], cookieName: 'access' }).ask(presented),
      outcome,
      JSON.stringify(presented),
    );
  }
  t.equal(
    await scene({ keys: [KEY] }).ask({ cookie: `access=${text}` }),
    'absent',
    'no cookie is configured',
  );
  const site = scene({ keys: [KEY], cookieName: 'access' });
  await site.bearer(text);
  t.equal(await site.ask({ cookie: `access=${text}` }), 'user:alice by itself', 'remembered from a header');
});

t.test('a token of 8 KiB is the longest', async (t) => {
  const bare = token({ pad: '' }).length;
  const lengths: number[] = [];
  for (
    let pad = Math.floor(((8_192 - bare) * 3) / 4) - 3;
    pad < 6_200 && (lengths.at(-1) ?? 0) <= 8_192;
    pad++
  ) {
    const text = token({ pad: 'x'.repeat(pad) });
    lengths.push(text.length);
    const outcome = text.length <= 8_192 ? 'user:alice' : 'invalid';
    t.equal(await scene({ keys: [KEY] }).bearer(text), outcome, `${text.length} characters`);
  }
  t.ok(lengths.includes(8_192) && lengths.includes(8_193), lengths.join(' '));
});

t.test('too many failures from one address: the unknown is not looked at, the known goes on', async (t) => {
  const key = counting(KEY);
  const site = scene({ keys: [key], addressMax: 2 });
  const known = { authorization: `Bearer ${token({})}`, address: '192.0.2.1' };
  const forged = { authorization: `Bearer ${token({})}x`, address: '192.0.2.1' };
  t.equal(await site.ask(known), 'user:alice');
  t.same(
    [await site.ask(forged), await site.ask(forged), await site.ask(forged)],
    ['invalid', 'invalid', 'limited'],
  );
  const times = key.times;
  const other = { authorization: `Bearer ${token({ sub: 'bob' })}`, address: '192.0.2.1' };
  t.equal(await site.ask(other), 'limited');
  t.equal(key.times, times, 'nothing was verified');
  t.equal(await site.ask(known), 'user:alice');
  t.equal(await site.ask({ ...other, address: '192.0.2.2' }), 'user:bob');
  site.now += 60_000;
  t.equal(await site.ask(other), 'user:bob', 'a minute later it is looked at again');
});
