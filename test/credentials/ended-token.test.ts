/**
 * Ended early, to the millisecond: a sign-out ends what was issued up to and in its second, a token's end that one
 * token. Both hold for tokens that are remembered.
 */

import t from 'tap';
import { keyOfSecret, type TokenRules } from '../../src/credentials/token-key.js';
import { principal } from '../acl/given.js';
import { forge, hmac } from './forge.js';
import { NOW, NOW_S, scene } from './given.js';

const SECRET = 'a secret of at least 32 bytes, here';
const RULES: TokenRules = { issuers: [], audiences: [], rsaAlgorithm: 'RS256' };
const KEY = keyOfSecret(undefined, SECRET, RULES);
const ALICE = principal('user:alice');

function token(claims: object): string {
  return forge({ alg: 'HS256' }, { sub: 'alice', exp: NOW_S + 3600, ...claims }, hmac(SECRET));
}

t.test('a sign-out ends what was issued before it and in its second', async (t) => {
  const table = [
    { at: NOW, iat: NOW_S - 1, asked: NOW, outcome: 'invalid' },
    { at: NOW, iat: NOW_S, asked: NOW, outcome: 'invalid' },
    { at: NOW + 999, iat: NOW_S, asked: NOW + 999, outcome: 'invalid' },
    { at: NOW + 999, iat: NOW_S, asked: NOW + 60_000, outcome: 'invalid' },
    { at: NOW + 999, iat: NOW_S + 0.9995, asked: NOW + 60_000, outcome: 'invalid' },
    { at: NOW + 999, iat: NOW_S + 1, asked: NOW + 1_000, outcome: 'user:alice' },
    { at: NOW, iat: NOW_S + 1, asked: NOW + 999, outcome: 'invalid' }, // issued in the future
    { at: NOW, iat: NOW_S + 1, asked: NOW + 1_000, outcome: 'user:alice' },
    { at: NOW, iat: NOW_S + 3000, asked: NOW + 60_000, outcome: 'invalid' },
    { at: NOW, iat: undefined, asked: NOW + 60_000, outcome: 'invalid' },
    { at: NOW, iat: -1, asked: NOW + 60_000, outcome: 'invalid' },
  ];
  for (const { at, iat, asked, outcome } of table) {
    for (const remembered of [true, false]) {
      const site = scene({ keys: [KEY] });
      const text = token({ iat });
      if (remembered) t.equal(await site.bearer(text), 'user:alice', 'nobody was signed out yet');
      await site.store.credentials.signOut(ALICE, at);
      site.now = asked;
      t.equal(await site.bearer(text), outcome, JSON.stringify({ at, iat, asked, remembered }));
    }
  }
});

t.test('nobody else is signed out, and a later sign-out ends the later tokens', async (t) => {
  const site = scene({ keys: [KEY] });
  await site.store.credentials.signOut(ALICE, NOW);
  for (const sub of ['bob', 'Alice', 'alice ', 'user:alice']) {
    t.equal(await site.bearer(token({ sub })), `user:${sub}`);
  }
  site.now = NOW + 5_000;
  const later = token({ iat: NOW_S + 5 });
  t.equal(await site.bearer(later), 'user:alice');
  await site.store.credentials.signOut(ALICE, NOW + 5_000);
  t.equal(await site.bearer(later), 'invalid');
});

t.test('one token is ended by its id, and no other', async (t) => {
  const site = scene({ keys: [KEY] });
  const ended = token({ jti: 'a' });
  t.equal(await site.bearer(ended), 'user:alice');
  await site.store.credentials.endToken('a', NOW);
  t.equal(await site.bearer(ended), 'invalid');
  t.equal(await site.bearer(token({ jti: 'a', iat: NOW_S })), 'invalid', 'every token of that id');
  for (const jti of ['A', 'b', 'a ', undefined, 7, null, ['a'], { a: 1 }, 'x'.repeat(256)]) {
    t.equal(await site.bearer(token({ jti })), 'user:alice', JSON.stringify(jti)?.slice(0, 20));
  }
});

t.test('what was ended is no failure that counts', async (t) => {
  const site = scene({ keys: [KEY], addressMax: 1 });
  const text = token({ iat: NOW_S });
  await site.bearer(text);
  await site.store.credentials.signOut(ALICE, NOW);
  for (let i = 0; i < 5; i++) t.equal(await site.bearer(text), 'invalid');
});
