/**
 * Signed URLs: `/files/<path>?lk=<token>`, a link that any back end computes with a key and no call to us.
 *
 * The token is `1.KEY-ID.ACTION.SCOPE.ISSUED.EXPIRES.LINK-ID.GENERATION.SIGNATURE`, where SCOPE is `f` for exactly
 * the path of the URL, or `d` and a number for the folder of that many of its segments and all below it. Signed
 * (HMAC-SHA-256) is the text of `signedText`, which has the path itself. Each token has one spelling alone; any other
 * is none. docs/links.md has signers in other languages, test/links/vectors.json what they must agree on.
 */

import { createHmac, type KeyObject, randomBytes, timingSafeEqual } from 'node:crypto';
import type { ResourcePath } from '../acl/resource-path.js';

/** The parameter of the query that carries the token. */
export const SIGNED_URL_PARAMETER = 'lk';

/** What a signed URL may let its bearer do. */
export const SIGNED_ACTION = 'read';

export interface LinkKey {
  readonly id: string;
  readonly secret: string;
}

export interface SignedUrlClaims {
  readonly keyId: string;
  /** A file alone, or a folder and all below it. */
  readonly path: ResourcePath;
  /** Unix seconds. */
  readonly issuedAt: number;
  /** Unix seconds, exclusive. */
  readonly expiresAt: number;
  /** By which this one link can be revoked. */
  readonly id: string;
  /** Of the path: when its number is raised, the links of lower ones end. */
  readonly generation: number;
}

/** Characters of a key's and of a link's id. */
const ID = /^[A-Za-z0-9_-]{1,64}$/;
/** One spelling of each number: no sign, no leading zero. */
const NUMBER = '(0|[1-9][0-9]{0,11})';
/** 32 bytes in base64url are 43 characters, and the last one has two bits that mean nothing: they are zero. */
const TOKEN = new RegExp(
  `^1\\.([A-Za-z0-9_-]{1,64})\\.${SIGNED_ACTION}\\.(f|d${NUMBER})\\.${NUMBER}\\.${NUMBER}\\.([A-Za-z0-9_-]{1,64})\\.${NUMBER}\\.([A-Za-z0-9_-]{42}[AEIMQUYcgkosw048])$`,
);
/** Characters: ids and numbers at their longest. */
export const SIGNED_TOKEN_LENGTH_MAX = 256;

export function isLinkId(text: string): boolean {
  return ID.test(text);
}

const ID_BYTES = 9;

/** Letters, digits and `_`: an id is also a word of a command line, which must not begin with a `-`. */
export function newLinkId(): string {
  return randomBytes(ID_BYTES).toString('base64url').replaceAll('-', '_');
}

/** The text that is signed. A path holds no control character, so no two claims have the same text. */
export function signedText(claims: SignedUrlClaims): string {
  const { keyId, path, issuedAt, expiresAt, id, generation } = claims;
  return ['latchkey', '1', keyId, SIGNED_ACTION, path, issuedAt, expiresAt, id, generation].join('\n');
}

/** The token for the query of every URL of a file that the claims' path covers. */
export function signUrl(secret: string, claims: SignedUrlClaims): string {
  const { keyId, path, issuedAt, expiresAt, id, generation } = claims;
  const scope = path.endsWith('/') ? `d${path.split('/').length - 2}` : 'f';
  const signature = createHmac('sha256', secret).update(signedText(claims)).digest('base64url');
  return ['1', keyId, SIGNED_ACTION, scope, issuedAt, expiresAt, id, generation, signature].join('.');
}

/** A token as it is read, before anything of it is believed. */
export interface ReadToken {
  readonly claims: SignedUrlClaims;
  readonly signature: string;
}

/**
 * Reads a token for the path that was asked for. `undefined`: it has not the one spelling, or covers no such path.
 */
export function readSignedUrl(token: string, asked: ResourcePath): ReadToken | undefined {
  if (token.length > SIGNED_TOKEN_LENGTH_MAX) return undefined;
  const match = TOKEN.exec(token);
  if (match === null) return undefined;
  const [, keyId = '', , depth, issued, expires, id = '', generation, signature = ''] = match;
  const path = depth === undefined ? asked : folderAt(asked, Number(depth));
  if (path === undefined) return undefined;
  return {
    claims: {
      keyId,
      path,
      issuedAt: Number(issued),
      expiresAt: Number(expires),
      id,
      generation: Number(generation),
    },
    signature,
  };
}

/** The id that a token says it has; nobody has looked at its signature. */
export function idOfToken(token: string): string | undefined {
  return token.length > SIGNED_TOKEN_LENGTH_MAX ? undefined : TOKEN.exec(token)?.[6];
}

const SIGNATURE_LENGTH = 43;
/** Used anew each time: nothing is awaited between writing and comparing. */
const expected = Buffer.alloc(SIGNATURE_LENGTH);
const given = Buffer.alloc(SIGNATURE_LENGTH);

/**
 * Whether the signature is that of the claims; in the same time wherever they differ. It is compared as text, which
 * has one spelling: a digest as a Buffer of its own would cost as much as the HMAC.
 */
export function isSignedBy(secret: string | KeyObject, { claims, signature }: ReadToken): boolean {
  expected.write(createHmac('sha256', secret).update(signedText(claims)).digest('base64url'), 'latin1');
  given.write(signature, 'latin1');
  return signature.length === SIGNATURE_LENGTH && timingSafeEqual(expected, given);
}

/** The folder of the first `depth` segments: of `/a/b/c`, 0 is `/` and 2 is `/a/b/`. */
function folderAt(path: ResourcePath, depth: number): ResourcePath | undefined {
  let end = 0;
  for (let i = 0; i < depth; i++) {
    end = path.indexOf('/', end + 1);
    if (end === -1) return undefined;
  }
  return path.slice(0, end + 1) as ResourcePath;
}

/**
 * The token in a raw query. A parameter that is given twice is none, since two readers might take two of them;
 * all other parameters are somebody else's.
 */
export function tokenInQuery(query: string | undefined): string | undefined {
  if (query === undefined || !query.includes(`${SIGNED_URL_PARAMETER}=`)) return undefined;
  let found: string | undefined;
  for (const part of query.split('&')) {
    if (!part.startsWith(`${SIGNED_URL_PARAMETER}=`)) continue;
    if (found !== undefined) return undefined;
    found = part.slice(SIGNED_URL_PARAMETER.length + 1);
  }
  return found;
}

/** The query without any token, for an address that others will see. */
export function withoutTokens(query: string): string {
  const rest = query.split('&').filter((part) => !part.startsWith(`${SIGNED_URL_PARAMETER}=`));
  return rest.join('&');
}
