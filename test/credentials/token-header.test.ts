/** What is read of a token before it is verified, and that everything odd about it makes it no token of ours. */

import t from 'tap';
import { readHeader } from '../../src/credentials/token-header.js';
import { forge, hmac, type Part } from './forge.js';

const SIGN = hmac('a secret of at least 32 bytes, here');
const CLAIMS = { sub: 'alice', exp: 1 };
const of = (header: Part) => readHeader(forge(header, CLAIMS, SIGN));

t.test('the algorithm and the key id', async (t) => {
  for (const algorithm of 'HS256 RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA'.split(' ')) {
    t.same(of({ alg: algorithm }), { algorithm, keyId: undefined });
  }
  for (const keyId of [
    'a',
    'https://id.example/keys/1',
    '../../etc/passwd',
    '__proto__',
    'é',
    'x'.repeat(256),
  ]) {
    t.same(of({ alg: 'HS256', kid: keyId }), { algorithm: 'HS256', keyId });
  }
  t.same(of('{"alg":"none","kid":"a","alg":"HS256","kid":"b"}'), { algorithm: 'HS256', keyId: 'b' });
});

t.test('a type is that of an access token, or there is none', async (t) => {
  for (const typ of [
    undefined,
    'JWT',
    'jwt',
    'at+jwt',
    'AT+JWT',
    'application/at+jwt',
    'application/jwt',
    'JOSE',
  ]) {
    t.ok(of({ alg: 'HS256', typ }), String(typ));
  }
  for (const typ of [
    '',
    'logout+jwt',
    'dpop+jwt',
    'JWE',
    'application/',
    'x/jwt',
    'jwt ',
    null,
    7,
    ['JWT'],
    {},
  ]) {
    t.equal(of({ alg: 'HS256', typ }), undefined, JSON.stringify(typ));
  }
});

t.test('what names no key and what must be understood makes it no token', async (t) => {
  const table: readonly Part[] = [
    ...['none', 'None', 'NONE', 'nOnE', '', 'hs256', 'HS384', 'HS512', 'RS1', 'ES256K', 'Ed25519', 'dir'].map(
      (alg) => ({ alg }),
    ),
    ...[undefined, null, 7, true, ['HS256'], { toString: 'HS256' }].map((alg) => ({ alg })),
    ...['', 'x'.repeat(257), 7, null, true, ['a'], { a: 1 }].map((kid) => ({ alg: 'HS256', kid })),
    ...[['exp'], ['b64'], [], null, '', 0, false, 'exp', {}].map((crit) => ({ alg: 'HS256', crit })),
    { alg: 'HS256', crit: ['b64'], b64: false },
    'null',
    '[]',
    '"HS256"',
    '7',
    '',
    '{',
    '{"alg":"HS256"',
    '{"__proto__":{"alg":"HS256"}}',
    '\ufeff{"alg":"HS256"}',
  ];
  for (const header of table) t.equal(of(header), undefined, JSON.stringify(header).slice(0, 60));
});

t.test('only three parts of base64url, each with something in it', async (t) => {
  const token = forge({ alg: 'HS256' }, CLAIMS, SIGN);
  const [head = '', claims = '', signature = ''] = token.split('.');
  t.ok(readHeader(token));
  const table = {
    'of no part': '',
    'of one part': head,
    'of two parts': `${head}.${claims}`,
    'with an empty header': `.${claims}.${signature}`,
    'with empty claims (detached)': `${head}..${signature}`,
    'with an empty signature': `${head}.${claims}.`,
    'of four parts': `${token}.${signature}`,
    'of five parts (JWE)': `${head}.${claims}.${claims}.${claims}.${claims}`,
    'in JSON': JSON.stringify({ protected: head, payload: claims, signature }),
    'with padding': `${head}=.${claims}.${signature}`,
    'with padding behind': `${token}=`,
    'with a space': ` ${token}`,
    'with a newline': `${token}\n`,
    'with a newline within': `${head}.\n${claims}.${signature}`,
    'in the standard alphabet': `${head}.${claims}.${'+/'.repeat(21)}A`,
    'of other letters': `${head}.${claims}.${'é'.repeat(43)}`,
    'with a NUL': `${token}\0`,
  };
  for (const [name, odd] of Object.entries(table)) t.equal(readHeader(odd), undefined, name);
});

t.test('one signature has one spelling', async (t) => {
  const token = forge({ alg: 'HS256' }, CLAIMS, SIGN);
  const spellings = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_']
    .map((last) => token.slice(0, -1) + last)
    .filter((spelt) => bytesOf(spelt).equals(bytesOf(token)));
  t.equal(spellings.length, 4, 'base64 would take four');
  t.same(
    spellings.filter((spelt) => readHeader(spelt) !== undefined),
    [token],
  );
});

function bytesOf(token: string): Buffer {
  return Buffer.from(token.slice(token.lastIndexOf('.') + 1), 'base64url');
}
