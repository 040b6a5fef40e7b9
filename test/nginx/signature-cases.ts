/**
 * Tokens that would like to be alice's, by their algorithm, their key or their signature (RFC 8725 §2.1, §3.1–3.3,
 * and the advisories on JWT libraries). Each has a good twin, made in the same way without the flaw.
 */

import { constants, createHash, privateEncrypt } from 'node:crypto';
import {
  base64url,
  der,
  ecdsa,
  ecdsaDer,
  ecPair,
  eddsa,
  edPair,
  forge,
  hmac,
  jwk,
  type Pair,
  pem,
  pss,
  rsa,
  rsaPair,
  type Sign,
} from '../credentials/forge.js';
import { CLAIMS, type GoodName, JWKS, NEW, parts, refused, SITE, type TokenCase } from './token-site.js';

const { pem: inPem, jwks } = SITE;

function signedWith(bytes: Buffer): Sign {
  return () => bytes;
}

function unsigned(): readonly TokenCase[] {
  const [, claims, signature] = parts('HS256');
  const spelt = ['none', 'None', 'NONE', 'nOnE', 'none ', ' none', 'none\0', 'nоne', '', 'null', 'undefined'];
  const odd = [undefined, null, 0, false, [], ['none'], {}];
  return refused(
    'HS256',
    Object.fromEntries(
      [...spelt, ...odd].flatMap((alg) => {
        const header = base64url({ alg, kid: '2026-11' });
        const name = `alg ${JSON.stringify(alg)}`;
        return [
          [`${name}, without a signature`, `${header}.${claims}.`],
          [`${name}, with another's`, `${header}.${claims}.${signature}`],
        ];
      }),
    ),
  );
}

/** A public key, which everybody has, as the secret of an HMAC. */
function confused(): readonly TokenCase[] {
  const twins: readonly (readonly [GoodName, string, Pair])[] = [
    ['RS256', 'rsa-1', jwks['rsa-1']],
    ['RS256, PEM', '', inPem.rsa],
    ['ES256', 'ec-1', jwks['ec-1']],
    ['ES256, PEM', '', inPem.ec],
    ['EdDSA', 'ed-1', jwks['ed-1']],
    ['EdDSA, PEM', '', inPem.ed],
  ];
  return twins.flatMap(([twin, kid, pair]) => {
    const forms = {
      PEM: pem(pair),
      'PEM without its end': pem(pair).trimEnd(),
      DER: der(pair),
      'DER in base64': der(pair).toString('base64'),
      JWK: JSON.stringify(jwk(pair)),
      'its first number': Buffer.from(jwk(pair).n ?? jwk(pair).x ?? '', 'base64url'),
      'the whole set': JSON.stringify(JWKS),
    };
    return Object.entries(forms).flatMap(([form, secret]) =>
      [kid, '2026-11', 'new'].flatMap((id) => {
        const header = id === '' ? { alg: 'HS256' } : { alg: 'HS256', kid: id };
        const name = `${twin} as HS256 by ${form}, kid ${id}`;
        return refused(twin, { [name]: forge(header, CLAIMS, hmac(secret)) });
      }),
    );
  });
}

function wrongKeys(): readonly TokenCase[] {
  const [other, otherEc, otherEd] = [rsaPair(), ecPair(), edPair()];
  return [
    ...refused('HS256', {
      'HS256 by another secret': forge({ alg: 'HS256', kid: '2026-11' }, CLAIMS, hmac('x'.repeat(40))),
      'HS256 by no secret': forge({ alg: 'HS256', kid: '2026-11' }, CLAIMS, hmac('')),
      'HS256 by the secret of another id': forge({ alg: 'HS256', kid: '2026-08' }, CLAIMS, hmac(NEW)),
      'HS256 without a key id': forge({ alg: 'HS256' }, CLAIMS, hmac(NEW)),
      'HS384 by our secret': forge({ alg: 'HS384', kid: '2026-11' }, CLAIMS, hmac(NEW, 'sha384')),
      'HS512 by our secret': forge({ alg: 'HS512', kid: '2026-11' }, CLAIMS, hmac(NEW, 'sha512')),
      'other claims under a good signature': [
        parts('HS256')[0],
        base64url({ ...CLAIMS, jti: 'x' }),
        parts('HS256')[2],
      ].join('.'),
      'another header under a good signature': [
        base64url({ alg: 'HS256', kid: '2026-11' }),
        ...parts('HS256').slice(1),
      ].join('.'),
    }),
    ...refused('RS256', {
      'RS256 by another key': forge({ alg: 'RS256', kid: 'rsa-1' }, CLAIMS, rsa(other)),
      'RS256 by our other key': forge({ alg: 'RS256', kid: 'rsa-1' }, CLAIMS, rsa(inPem.rsa)),
      'RS256 of an unknown id by a key with one': forge(
        { alg: 'RS256', kid: 'x' },
        CLAIMS,
        rsa(jwks['rsa-1']),
      ),
      'PS256 by a key for RS256': forge({ alg: 'PS256', kid: 'rsa-1' }, CLAIMS, pss(jwks['rsa-1'])),
      'RS256 that is signed by PSS': forge({ alg: 'RS256', kid: 'rsa-1' }, CLAIMS, pss(jwks['rsa-1'])),
      'RS384 by a key for RS256': forge({ alg: 'RS384', kid: 'rsa-1' }, CLAIMS, rsa(jwks['rsa-1'], 'sha384')),
      'RS256 over SHA-1': forge({ alg: 'RS256', kid: 'rsa-1' }, CLAIMS, rsa(jwks['rsa-1'], 'sha1')),
      'RS256 without its padding': forge({ alg: 'RS256', kid: 'rsa-1' }, CLAIMS, textbook(jwks['rsa-1'])),
      ...oddSignatures('RS256', 256),
    }),
    ...refused('PS256', {
      'RS256 by a key for PS256': forge({ alg: 'RS256', kid: 'pss-1' }, CLAIMS, rsa(jwks['pss-1'])),
      'PS256 that is signed by PKCS #1': forge({ alg: 'PS256', kid: 'pss-1' }, CLAIMS, rsa(jwks['pss-1'])),
      'PS512 by a key for PS256': forge({ alg: 'PS512', kid: 'pss-1' }, CLAIMS, pss(jwks['pss-1'], 'sha512')),
      ...oddSignatures('PS256', 256),
    }),
    ...refused('ES256', {
      'ES256 by another key': forge({ alg: 'ES256', kid: 'ec-1' }, CLAIMS, ecdsa(otherEc)),
      'ES384 by a key of P-256': forge({ alg: 'ES384', kid: 'ec-1' }, CLAIMS, ecdsa(jwks['ec-1'], 'sha384')),
      'ES256 by a key of P-384': forge({ alg: 'ES256', kid: 'ec-384' }, CLAIMS, ecdsa(jwks['ec-384'])),
      'ES256 in DER': forge({ alg: 'ES256', kid: 'ec-1' }, CLAIMS, ecdsaDer(jwks['ec-1'])),
      'ES256 of r and s that are 1': forge({ alg: 'ES256', kid: 'ec-1' }, CLAIMS, signedWith(ones(64))),
      'ES256 with r and s exchanged': forge({ alg: 'ES256', kid: 'ec-1' }, CLAIMS, exchanged(jwks['ec-1'])),
      ...oddSignatures('ES256', 64),
    }),
    ...refused('EdDSA', {
      'EdDSA by another key': forge({ alg: 'EdDSA', kid: 'ed-1' }, CLAIMS, eddsa(otherEd)),
      'EdDSA with a higher S': forge({ alg: 'EdDSA', kid: 'ed-1' }, CLAIMS, malleated(jwks['ed-1'])),
      ...Object.fromEntries(
        SMALL_ORDER.map((point, i) => {
          const signature = Buffer.concat([Buffer.from(point, 'hex'), Buffer.alloc(32)]);
          return [
            `EdDSA with a point of small order, ${i}`,
            forge({ alg: 'EdDSA', kid: 'ed-1' }, CLAIMS, signedWith(signature)),
          ];
        }),
      ),
      ...oddSignatures('EdDSA', 64),
    }),
  ];
}

/** Points of order 1, 2, 4 and 8 on edwards25519, and two spellings of the first. */
const SMALL_ORDER = [
  `01${'00'.repeat(31)}`,
  `01${'00'.repeat(30)}80`,
  `ec${'ff'.repeat(30)}7f`,
  '00'.repeat(32),
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  `ee${'ff'.repeat(30)}7f`,
];
/** The order of the group, little-endian. */
const ED_ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;

/** A signature whose S is as good modulo the order: RFC 8032 §5.1.7 refuses it. */
function malleated(pair: Pair): Sign {
  return (input) => {
    const signature = eddsa(pair)(input);
    const s = BigInt(`0x${Buffer.from(signature.subarray(32)).reverse().toString('hex')}`) + ED_ORDER;
    const bytes = Buffer.from(s.toString(16).padStart(64, '0'), 'hex').reverse();
    return Buffer.concat([signature.subarray(0, 32), bytes]);
  };
}

function exchanged(pair: Pair): Sign {
  return (input) => {
    const signature = ecdsa(pair)(input);
    return Buffer.concat([signature.subarray(32), signature.subarray(0, 32)]);
  };
}

function textbook({ privateKey: key }: Pair): Sign {
  return (input) => {
    const block = Buffer.alloc(256);
    createHash('sha256').update(input).digest().copy(block, 224);
    return privateEncrypt({ key, padding: constants.RSA_NO_PADDING }, block);
  };
}

function ones(length: number): Buffer {
  return Buffer.from(Array.from({ length }, (_, i) => (i % 32 === 31 ? 1 : 0)));
}

function oddSignatures(twin: GoodName, length: number): Readonly<Record<string, string>> {
  const [header, claims, signature] = parts(twin);
  const bytes = Buffer.from(signature, 'base64url');
  const odd = {
    'of zeros': Buffer.alloc(length),
    'of ones': Buffer.alloc(length, 0xff),
    'that is 1': ones(length),
    'without its last byte': bytes.subarray(0, -1),
    // OpenSSL takes an RSA signature for a number: without zeros before it, it is the same one.
    'without its first byte': bytes.subarray(bytes.findIndex((byte) => byte !== 0) + 1),
    'with a byte more': Buffer.concat([bytes, Buffer.alloc(1)]),
    'with a byte before': Buffer.concat([Buffer.alloc(1), bytes]),
    twice: Buffer.concat([bytes, bytes]),
    'of one byte': Buffer.alloc(1),
    'of none': Buffer.alloc(0),
    'with one bit turned': Buffer.from(bytes.map((byte, i) => (i === 5 ? byte ^ 1 : byte))),
  };
  return Object.fromEntries(
    Object.entries(odd).map(([name, value]) => [
      `${twin}, a signature ${name}`,
      `${header}.${claims}.${value.toString('base64url')}`,
    ]),
  );
}

export function signatureCases(): readonly TokenCase[] {
  return [unsigned(), confused(), wrongKeys()].flat();
}
