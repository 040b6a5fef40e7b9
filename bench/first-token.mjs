// Of `npm run bench`: what the first look at a token costs, in this process: header, key, signature, claims. Every later one is a look
// into a map, until the token expires.
import { createHmac, createSign, generateKeyPairSync, sign as signWith } from 'node:crypto';
import { AccessTokens } from '../dist/credentials/access-token.js';
import { Failures } from '../dist/credentials/failures.js';
import { keyOfSecret, keysOfPem } from '../dist/credentials/token-key.js';
import { FixedKeys, TokenKeys } from '../dist/credentials/token-keys.js';
import { SECRET } from './authorizer.mjs';
import { median } from './measure.mjs';

const RULES = { issuers: [], audiences: [], rsaAlgorithm: 'RS256' };
const TOKENS = 2_000;
const ROUNDS = 5;

/** Microseconds of each, by algorithm: the median of several rounds. */
export async function firstTokens() {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const ed = generateKeyPairSync('ed25519');
  const pem = ({ publicKey }) => keysOfPem(publicKey.export({ type: 'spki', format: 'pem' }), RULES)[0];
  const kinds = {
    HS256: [
      keyOfSecret(undefined, SECRET, RULES),
      (text) => createHmac('sha256', SECRET).update(text).digest(),
    ],
    RS256: [pem(rsa), (text) => createSign('sha256').update(text).sign(rsa.privateKey)],
    ES256: [
      pem(ec),
      (text) => signWith('sha256', Buffer.from(text), { key: ec.privateKey, dsaEncoding: 'ieee-p1363' }),
    ],
    EdDSA: [pem(ed), (text) => signWith(undefined, Buffer.from(text), ed.privateKey)],
  };
  const costs = [];
  for (const [algorithm, [key, sign]] of Object.entries(kinds)) {
    const headers = tokens(algorithm, sign).map((token) => ({ authorization: `Bearer ${token}` }));
    costs.push([algorithm, await cost(key, headers)]);
  }
  return costs;
}

function tokens(algorithm, sign) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const exp = Math.floor(Date.now() / 1000) + 3600;
  return Array.from({ length: TOKENS }, (_, i) => {
    const claims = { sub: 'alice', jti: String(i), iat: exp - 3600, exp, groups: ['eng', 'ops'] };
    const input = `${part({ alg: algorithm, typ: 'JWT' })}.${part(claims)}`;
    return `${input}.${sign(input).toString('base64url')}`;
  });
}

async function cost(key, presented) {
  const rounds = [];
  for (let round = 0; round < ROUNDS; round++) {
    const kind = new AccessTokens({
      keys: new TokenKeys([new FixedKeys([key])]),
      cookieName: undefined,
      claims: { user: 'sub', groups: 'groups', userPrefix: '', groupPrefix: '' },
      reader: { standing: () => ({ groups: [], suspended: false }), credential: () => ({}) },
      failures: new Failures({ addressMax: 1, userMax: 1 }, () => performance.now()),
      clock: () => Date.now(),
    });
    const began = performance.now();
    for (const one of presented) {
      if (typeof kind.recognise(one) === 'string') throw new Error('bench: a token was not good');
    }
    rounds.push(((performance.now() - began) * 1000) / presented.length);
  }
  return median(rounds);
}
