/**
 * Tokens of any header, any claims and any signature, made by node:crypto alone: the library that verifies them
 * would not make most of these. Text is taken as it is, so that JSON may be odd.
 */

import {
  constants,
  createHmac,
  generateKeyPairSync,
  type JsonWebKey,
  type KeyObject,
  sign as signWith,
} from 'node:crypto';

export type Part = string | Readonly<Record<string, unknown>>;
export type Sign = (input: string) => Buffer;

export interface Pair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

export function base64url(part: Part | Buffer): string {
  const bytes = typeof part === 'string' || Buffer.isBuffer(part) ? part : JSON.stringify(part);
  return Buffer.from(bytes).toString('base64url');
}

export function forge(header: Part, claims: Part, sign: Sign): string {
  const input = `${base64url(header)}.${base64url(claims)}`;
  return `${input}.${sign(input).toString('base64url')}`;
}

export function hmac(secret: string | Buffer, hash = 'sha256'): Sign {
  return (input) => createHmac(hash, secret).update(input).digest();
}

export function rsa({ privateKey: key }: Pair, hash = 'sha256'): Sign {
  return (input) => signWith(hash, Buffer.from(input), { key, padding: constants.RSA_PKCS1_PADDING });
}

export function pss({ privateKey: key }: Pair, hash = 'sha256'): Sign {
  const padding = constants.RSA_PKCS1_PSS_PADDING;
  const saltLength = constants.RSA_PSS_SALTLEN_DIGEST;
  return (input) => signWith(hash, Buffer.from(input), { key, padding, saltLength });
}

/** RFC 7518 §3.4: r and s behind each other, not the DER that OpenSSL writes. */
export function ecdsa({ privateKey: key }: Pair, hash = 'sha256'): Sign {
  return (input) => signWith(hash, Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' });
}

export function ecdsaDer({ privateKey: key }: Pair, hash = 'sha256'): Sign {
  return (input) => signWith(hash, Buffer.from(input), { key, dsaEncoding: 'der' });
}

export function eddsa({ privateKey: key }: Pair): Sign {
  return (input) => signWith(undefined, Buffer.from(input), key);
}

export function rsaPair(modulusLength = 2048): Pair {
  return generateKeyPairSync('rsa', { modulusLength });
}

export function ecPair(namedCurve = 'P-256'): Pair {
  return generateKeyPairSync('ec', { namedCurve });
}

export function edPair(): Pair {
  return generateKeyPairSync('ed25519');
}

export function pem({ publicKey }: Pair): string {
  return publicKey.export({ type: 'spki', format: 'pem' }).toString();
}

export function der({ publicKey }: Pair, type: 'spki' | 'pkcs1' = 'spki'): Buffer {
  return publicKey.export({ type, format: 'der' });
}

export function jwk({ publicKey }: Pair, more: Readonly<Record<string, unknown>> = {}): JsonWebKey {
  return { ...publicKey.export({ format: 'jwk' }), ...more };
}
