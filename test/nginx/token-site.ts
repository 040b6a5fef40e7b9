/**
 * What the hostile tokens are made of: the keys of a site, the good token of each, and what a case is.
 */

import { ecdsa, ecPair, eddsa, edPair, forge, hmac, jwk, pss, rsa, rsaPair } from '../credentials/forge.js';

export interface TokenCase {
  readonly name: string;
  readonly bad: string;
  readonly good: string;
  /** What the bad one is answered with: 401, or 403 where it is a valid one of somebody else. */
  readonly status: 400 | 401 | 403;
}

export const ISSUER = 'https://id.example/realms/site';
export const AUDIENCE = 'files';

/** The keys of the site, by their key ids; those of the PEM file have none. */
export const SITE = {
  secrets: { '2026-11': 'n'.repeat(40), '2026-08': 'o'.repeat(40) },
  pem: { rsa: rsaPair(), ec: ecPair(), ed: edPair() },
  jwks: {
    'rsa-1': rsaPair(),
    'pss-1': rsaPair(),
    'ec-1': ecPair(),
    'ec-384': ecPair('P-384'),
    'ed-1': edPair(),
  },
} as const;
const { secrets, pem: inPem, jwks } = SITE;
export const NEW = secrets['2026-11'];

export const JWKS = {
  keys: [
    jwk(jwks['rsa-1'], { kid: 'rsa-1', alg: 'RS256', use: 'sig' }),
    jwk(jwks['pss-1'], { kid: 'pss-1', alg: 'PS256' }),
    ...(['ec-1', 'ec-384', 'ed-1'] as const).map((kid) => jwk(jwks[kid], { kid })),
  ],
};

export const NOW_S = Math.floor(Date.now() / 1000);
export const CLAIMS = { sub: 'alice', iss: ISSUER, aud: AUDIENCE, iat: NOW_S, exp: NOW_S + 3600 };

/** The good token of each of our keys. */
export const GOOD = {
  HS256: forge({ alg: 'HS256', kid: '2026-11', typ: 'JWT' }, CLAIMS, hmac(NEW)),
  'HS256, the secret before': forge({ alg: 'HS256', kid: '2026-08' }, CLAIMS, hmac(secrets['2026-08'])),
  RS256: forge({ alg: 'RS256', kid: 'rsa-1' }, CLAIMS, rsa(jwks['rsa-1'])),
  'RS256, PEM': forge({ alg: 'RS256' }, CLAIMS, rsa(inPem.rsa)),
  'RS256, PEM, of any key id': forge({ alg: 'RS256', kid: 'whatever' }, CLAIMS, rsa(inPem.rsa)),
  PS256: forge({ alg: 'PS256', kid: 'pss-1' }, CLAIMS, pss(jwks['pss-1'])),
  ES256: forge({ alg: 'ES256', kid: 'ec-1' }, CLAIMS, ecdsa(jwks['ec-1'])),
  'ES256, PEM': forge({ alg: 'ES256' }, CLAIMS, ecdsa(inPem.ec)),
  ES384: forge({ alg: 'ES384', kid: 'ec-384' }, CLAIMS, ecdsa(jwks['ec-384'], 'sha384')),
  EdDSA: forge({ alg: 'EdDSA', kid: 'ed-1' }, CLAIMS, eddsa(jwks['ed-1'])),
  'EdDSA, PEM': forge({ alg: 'EdDSA' }, CLAIMS, eddsa(inPem.ed)),
} as const;
export type GoodName = keyof typeof GOOD;

export function refused(twin: GoodName, bad: Readonly<Record<string, string>>): readonly TokenCase[] {
  return Object.entries(bad).map(([name, token]) => ({ name, bad: token, good: GOOD[twin], status: 401 }));
}

/** The parts of a token: header, claims, signature. */
export function parts(name: GoodName): readonly [string, string, string] {
  const [header = '', claims = '', signature = ''] = GOOD[name].split('.');
  return [header, claims, signature];
}
