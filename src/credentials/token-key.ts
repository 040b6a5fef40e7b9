/**
 * One key of access tokens, with the one algorithm that it is good for: the algorithm goes with the key and is
 * never read from a token (RFC 8725 §3.1). Keys come as a secret, as PEM, or as a JWK (RFC 7517).
 */

import { createHash, createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { createVerifier } from 'fast-jwt';
import { RSA_ALGORITHMS, type RsaAlgorithm } from './rsa-algorithm.js';
import { KeyProblem, secretProblem } from './secret-text.js';
import type { Algorithm } from './token-header.js';

/** What a token must say, beside being signed. */
export interface TokenRules {
  /** Required when not empty; a token that names one of them is good. */
  readonly issuers: readonly string[];
  readonly audiences: readonly string[];
  /** What an RSA key is good for that does not say so itself. */
  readonly rsaAlgorithm: RsaAlgorithm;
}

export interface TokenKey {
  /** The `kid` of the tokens that it signs; `undefined`: they have none, or any. */
  readonly id: string | undefined;
  readonly algorithm: Algorithm;
  /** Tells two keys of one id apart. */
  readonly fingerprint: string;
  /** The claims, of whatever time. @throws for every token that this key has not signed, or for somebody else */
  verify(token: string): object;
}

/** RFC 7518 §3.3. */
const RSA_BITS_MIN = 2048;
/** Nobody's key is longer, and each bit costs every first verification. */
const RSA_BITS_MAX = 8192;
/** With an exponent of 1 the signature is the message: everybody could write it. A long one costs, as above. */
const RSA_EXPONENT_MIN = 3n;
const RSA_EXPONENT_MAX = 2n ** 32n - 1n;

/** @throws KeyProblem */
export function keyOfSecret(id: string | undefined, secret: string, rules: TokenRules): TokenKey {
  const problem = secretProblem(secret);
  if (problem !== undefined) throw new KeyProblem(problem);
  return tokenKey(id, 'HS256', secret, rules);
}

/** Every key and certificate of a PEM file. @throws KeyProblem */
export function keysOfPem(text: string, rules: TokenRules): readonly TokenKey[] {
  if (text.includes('PRIVATE KEY-----')) {
    throw new KeyProblem('holds a private key; only the issuer needs that, give its public key');
  }
  const blocks = text.match(/-----BEGIN ([A-Z ]+)-----[\s\S]+?-----END \1-----/g) ?? [];
  if (blocks.length === 0)
    throw new KeyProblem('holds no public key in PEM form (-----BEGIN PUBLIC KEY-----)');
  return blocks.map((block) =>
    keyOfObject(
      undefined,
      parsed(() => createPublicKey(block)),
      undefined,
      rules,
    ),
  );
}

/**
 * The usable keys of a JWK set: asymmetric ones that are for signatures. A set may hold others; they are left out.
 *
 * @throws KeyProblem when it is no set, or holds none
 */
export function keysOfJwks(set: unknown, rules: TokenRules): readonly TokenKey[] {
  const keys = typeof set === 'object' && set !== null ? (set as { keys?: unknown }).keys : undefined;
  if (!Array.isArray(keys)) throw new KeyProblem('is no JWK set: {"keys":[…]} (RFC 7517)');
  const problems: string[] = [];
  const usable = keys.slice(0, KEYS_MAX).flatMap((jwk) => {
    try {
      return [keyOfJwk(jwk, rules)];
    } catch (error) {
      problems.push((error as Error).message);
      return [];
    }
  });
  if (usable.length > 0) return usable;
  throw new KeyProblem(`holds no key that can be used${problems[0] ? `: its first ${problems[0]}` : ''}`);
}

/** More than any issuer has. */
const KEYS_MAX = 100;

function keyOfJwk(jwk: unknown, rules: TokenRules): TokenKey {
  if (typeof jwk !== 'object' || jwk === null) throw new KeyProblem('is no JWK');
  const { kid, use, alg, key_ops: operations } = jwk as Record<string, unknown>;
  // Whoever can read the set could sign with it: what such a key has signed proves nothing.
  if ('d' in jwk) throw new KeyProblem('is a private key; only the issuer needs that');
  if (use !== undefined && use !== 'sig') throw new KeyProblem('is not for signatures');
  if (Array.isArray(operations) && !operations.includes('verify'))
    throw new KeyProblem('is not for verifying');
  const object = parsed(() => createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' }));
  return keyOfObject(typeof kid === 'string' ? kid : undefined, object, alg, rules);
}

function keyOfObject(id: string | undefined, object: KeyObject, named: unknown, rules: TokenRules): TokenKey {
  const algorithm = algorithmOf(object, named, rules);
  return tokenKey(id, algorithm, object.export({ type: 'spki', format: 'pem' }).toString(), rules);
}

const CURVES: Readonly<Record<string, Algorithm>> = {
  prime256v1: 'ES256',
  secp384r1: 'ES384',
  secp521r1: 'ES512',
};

function algorithmOf(object: KeyObject, named: unknown, rules: TokenRules): Algorithm {
  if (object.asymmetricKeyType === 'rsa') return rsaAlgorithmOf(object, named, rules);
  const { namedCurve = '' } = object.asymmetricKeyDetails ?? {};
  const algorithm = object.asymmetricKeyType === 'ed25519' ? 'EdDSA' : CURVES[namedCurve];
  const names: unknown[] = [undefined, algorithm, ...(algorithm === 'EdDSA' ? ['Ed25519'] : [])]; // RFC 9864
  if (algorithm !== undefined && names.includes(named)) return algorithm;
  throw new KeyProblem('is of a kind that is not supported: RSA, P-256, P-384, P-521 or Ed25519');
}

function rsaAlgorithmOf(object: KeyObject, named: unknown, rules: TokenRules): Algorithm {
  const { modulusLength: bits = 0, publicExponent = 0n } = object.asymmetricKeyDetails ?? {};
  if (bits < RSA_BITS_MIN || bits > RSA_BITS_MAX) {
    throw new KeyProblem(`has ${bits} bits; RSA needs ${RSA_BITS_MIN} to ${RSA_BITS_MAX}`);
  }
  if (publicExponent < RSA_EXPONENT_MIN || publicExponent > RSA_EXPONENT_MAX || publicExponent % 2n === 0n) {
    throw new KeyProblem('has a public exponent that proves nothing');
  }
  if (named === undefined) return rules.rsaAlgorithm;
  const algorithm = RSA_ALGORITHMS.find((known) => known === named);
  if (algorithm === undefined) throw new KeyProblem(`is for ${JSON.stringify(named)}`);
  return algorithm;
}

function tokenKey(id: string | undefined, algorithm: Algorithm, key: string, rules: TokenRules): TokenKey {
  // fast-jwt takes a token that lacks a claim, unless the claim is required by name.
  const requiredClaims = ['exp', 'sub'];
  if (rules.issuers.length > 0) requiredClaims.push('iss');
  if (rules.audiences.length > 0) requiredClaims.push('aud');
  const verify = createVerifier({
    key,
    algorithms: [algorithm],
    requiredClaims,
    ...(rules.issuers.length > 0 && { allowedIss: [...rules.issuers] }),
    ...(rules.audiences.length > 0 && { allowedAud: [...rules.audiences] }),
    // It has one tolerance for both and a clock of its own: access-token.ts looks at them.
    ignoreExpiration: true,
    ignoreNotBefore: true,
    cache: false,
  });
  const fingerprint = createHash('sha256').update(`${algorithm}\n${key}`).digest('hex');
  return { id, algorithm, fingerprint, verify: (token) => verify(token) as object };
}

function parsed(parse: () => KeyObject): KeyObject {
  try {
    return parse();
  } catch (error) {
    throw new KeyProblem(`cannot be read as a public key: ${(error as Error).message}`);
  }
}
