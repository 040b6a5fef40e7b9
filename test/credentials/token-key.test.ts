/**
 * A key is good for one algorithm, which goes with the key; which keys can be used at all; and what of a hostile
 * set of keys is left.
 */

import { generateKeyPairSync } from 'node:crypto';
import t from 'tap';
import { KeyProblem } from '../../src/credentials/secret-text.js';
import { keyOfSecret, keysOfJwks, keysOfPem, type TokenRules } from '../../src/credentials/token-key.js';
import { ecdsa, ecPair, eddsa, edPair, forge, hmac, jwk, pem, pss, rsa, rsaPair } from './forge.js';

const RULES: TokenRules = { issuers: [], audiences: [], rsaAlgorithm: 'RS256' };
const SECRET = 'a secret of at least 32 bytes, here';
const RSA = rsaPair();
const EC = ecPair();
const ED = edPair();
const CLAIMS = { sub: 'alice', exp: 1 };

t.test('the algorithm of a key is its own', async (t) => {
  const P384 = ecPair('P-384');
  const P521 = ecPair('P-521');
  const table = [
    [jwk(RSA), RULES, 'RS256', rsa(RSA)],
    [jwk(RSA), { ...RULES, rsaAlgorithm: 'PS512' }, 'PS512', pss(RSA, 'sha512')],
    [jwk(RSA, { alg: 'PS384' }), RULES, 'PS384', pss(RSA, 'sha384')],
    [jwk(RSA, { alg: 'RS512', use: 'sig', key_ops: ['verify'] }), RULES, 'RS512', rsa(RSA, 'sha512')],
    [jwk(EC), RULES, 'ES256', ecdsa(EC)],
    [jwk(P384, { alg: 'ES384' }), RULES, 'ES384', ecdsa(P384, 'sha384')],
    [jwk(P521), RULES, 'ES512', ecdsa(P521, 'sha512')],
    [jwk(ED, { alg: 'EdDSA' }), RULES, 'EdDSA', eddsa(ED)],
    [jwk(ED, { alg: 'Ed25519' }), RULES, 'EdDSA', eddsa(ED)],
  ] as const;
  for (const [key, rules, algorithm, sign] of table) {
    const [found] = keysOfJwks({ keys: [key] }, rules);
    t.equal(found?.algorithm, algorithm);
    t.match(found?.verify(forge({ alg: algorithm }, CLAIMS, sign)), CLAIMS, algorithm);
    for (const other of ['none', 'HS256', 'RS256', 'PS256', 'ES256', 'ES384', 'EdDSA']) {
      if (other === algorithm) continue;
      t.throws(() => found?.verify(forge({ alg: other }, CLAIMS, sign)), `${algorithm} as ${other}`);
    }
  }
});

t.test('what a key cannot be used for is said, and a key is never repeated', async (t) => {
  const privatePem = RSA.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const table = [
    ['', 'holds no public key in PEM form (-----BEGIN PUBLIC KEY-----)'],
    ['-----BEGIN PUBLIC KEY-----', 'holds no public key in PEM form (-----BEGIN PUBLIC KEY-----)'],
    [privatePem, 'holds a private key; only the issuer needs that, give its public key'],
    [pem(RSA) + privatePem, 'holds a private key; only the issuer needs that, give its public key'],
    [pem(rsaPair(1024)), 'has 1024 bits; RSA needs 2048 to 8192'],
    [pem(ecPair('secp256k1')), 'is of a kind that is not supported: RSA, P-256, P-384, P-521 or Ed25519'],
    [pem(generateKeyPairSync('x25519')), 'is of a kind that is not supported'],
    ['-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----', 'cannot be read as a public key: '],
  ] as const;
  for (const [text, message] of table) {
    const thrown = problemOf(() => keysOfPem(text, RULES));
    t.ok(thrown.startsWith(message), `${thrown} / ${message}`);
    t.notMatch(thrown, /MII|AAAA/);
  }
  t.equal(problemOf(() => keyOfSecret('a', 'short', RULES)).startsWith('has 5 bytes'), true);
});

t.test('a PEM file may hold several, with anything between them', async (t) => {
  const text = `# ours\r\n${pem(RSA).replaceAll('\n', '\r\n')}\ntext\n${pem(EC)}${pem(ED)}`;
  t.same(
    keysOfPem(text, RULES).map(({ algorithm, id }) => [algorithm, id]),
    [
      ['RS256', undefined],
      ['ES256', undefined],
      ['EdDSA', undefined],
    ],
  );
});

t.test('of a hostile set only what can be used is left', async (t) => {
  const good = jwk(RSA, { kid: 'good' });
  const leftOut = {
    'a secret': { kty: 'oct', kid: 'good', k: Buffer.from(SECRET).toString('base64url') },
    'a private key': { ...RSA.privateKey.export({ format: 'jwk' }), kid: 'good' },
    'a private EC key': { ...EC.privateKey.export({ format: 'jwk' }), kid: 'good' },
    'for encryption': jwk(RSA, { kid: 'good', use: 'enc' }),
    'of a use that is no text': jwk(RSA, { kid: 'good', use: 7 }),
    'for signing alone': jwk(RSA, { kid: 'good', key_ops: ['sign'] }),
    'of 512 bits': jwk(rsaPair(512), { kid: 'good' }),
    'of 16,384 bits and more': { kty: 'RSA', kid: 'good', e: 'AQAB', n: 'z'.repeat(2731) },
    'of a modulus of 200 KB': { kty: 'RSA', kid: 'good', e: 'AQAB', n: 'z'.repeat(200_000) },
    'of an exponent of 1': jwk(RSA, { kid: 'good', e: 'AQ' }),
    'of an even exponent': jwk(RSA, { kid: 'good', e: 'AQAA' }),
    'of an exponent of 2,048 bits': jwk(RSA, { kid: 'good', e: 'z'.repeat(342) }),
    'for HS256': jwk(RSA, { kid: 'good', alg: 'HS256' }),
    'for nothing': jwk(RSA, { kid: 'good', alg: 'none' }),
    'for another curve': jwk(EC, { kid: 'good', alg: 'ES384' }),
    'EC for Ed25519': jwk(EC, { kid: 'good', alg: 'Ed25519' }),
    'of a point that is on no curve': jwk(EC, { kid: 'good', x: 'AAAA' }),
    'of a curve that nobody has': jwk(EC, { kid: 'good', crv: 'P-999' }),
    'without its numbers': { kty: 'RSA', kid: 'good' },
    'an empty object': {},
    null: null,
    text: 'text',
    'a list': [good],
  };
  for (const [name, key] of Object.entries(leftOut)) {
    t.throws(() => keysOfJwks({ keys: [key] }, RULES), KeyProblem, name);
    const left = keysOfJwks({ keys: [key, good] }, RULES);
    t.same(
      left.map(({ id, algorithm }) => [id, algorithm]),
      [['good', 'RS256']],
      `${name}: the good one beside it is there`,
    );
  }
});

t.test('what is no set is said to be none', async (t) => {
  const none = 'is no JWK set: {"keys":[…]} (RFC 7517)';
  for (const set of [undefined, null, 'text', 7, [], {}, { keys: {} }, { keys: null }, jwk(RSA)]) {
    t.equal(
      problemOf(() => keysOfJwks(set, RULES)),
      none,
    );
  }
  t.equal(
    problemOf(() => keysOfJwks({ keys: [] }, RULES)),
    'holds no key that can be used',
  );
  t.equal(
    problemOf(() => keysOfJwks({ keys: [jwk(rsaPair(1024)), {}] }, RULES)),
    'holds no key that can be used: its first has 1024 bits; RSA needs 2048 to 8192',
  );
});

t.test('10,000 keys are cut to what an issuer may have, and quickly', async (t) => {
  const keys = Array.from({ length: 10_000 }, (_, i) => jwk(EC, { kid: `k${i}` }));
  t.equal(keysOfJwks({ keys }, RULES).length, 100);
});

t.test('a key id that is no text is none', async (t) => {
  const keys = [7, null, ['a'], { a: 1 }].map((kid) => jwk(EC, { kid }));
  t.same(
    keysOfJwks({ keys }, RULES).map(({ id }) => id),
    [undefined, undefined, undefined, undefined],
  );
});

t.test('issuer and audience are compared letter by letter, and required where configured', async (t) => {
  const rules = { ...RULES, issuers: ['https://id.example', 'b'], audiences: ['files', 'f.les'] };
  const key = keyOfSecret(undefined, SECRET, rules);
  const verify = (more: object) => key.verify(forge({ alg: 'HS256' }, { ...CLAIMS, ...more }, hmac(SECRET)));
  const good = { iss: 'https://id.example', aud: 'files' };
  for (const more of [good, { ...good, iss: 'b' }, { ...good, aud: ['x', 'files'] }]) {
    t.match(verify(more), more);
  }
  const near = [
    'https://id.example/',
    'HTTPS://id.example',
    'https://id.example.evil',
    'https://id',
    '',
    'fxles',
  ];
  const odd: readonly unknown[] = [null, 7, true, {}, [], [null], { toString: 'files' }];
  for (const value of [...near, ...odd]) {
    t.throws(() => verify({ ...good, iss: value }), `iss ${JSON.stringify(value)}`);
    t.throws(() => verify({ ...good, aud: value }), `aud ${JSON.stringify(value)}`);
  }
  t.throws(() => verify({ ...good, iss: [good.iss] }), 'an issuer is one');
  t.throws(() => verify({ ...good, aud: ['files', 7] }), 'an audience is text');
  t.throws(() => verify({ iss: good.iss }));
  t.throws(() => verify({ aud: good.aud }));
});

function problemOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof KeyProblem) return error.message;
    throw error;
  }
  return 'no problem';
}
