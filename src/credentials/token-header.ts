/**
 * What a token says of itself before anything is verified: which algorithm, and which key. It may choose among our
 * keys by that and nothing else: whatever would bring a key along (`jwk`, `jku`, `x5c`, `x5u`) is not looked at.
 */

export interface TokenHeader {
  readonly algorithm: Algorithm;
  /** `undefined`: the token names none. */
  readonly keyId: string | undefined;
}

const ALGORITHMS = [
  ...(['HS256', 'RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'] as const),
  ...(['ES256', 'ES384', 'ES512', 'EdDSA'] as const),
];
export type Algorithm = (typeof ALGORITHMS)[number];

/** Characters. Some issuers use the thumbprint or a URL. */
const KEY_ID_LENGTH_MAX = 256;
/** RFC 7515 §7.1, and the only form in which we take one. */
const COMPACT = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;
/**
 * Of what a token can be for (RFC 8725 §3.11): an issuer signs other things with the same keys, such as logout
 * tokens and proofs of possession, and they are no access tokens. Most issuers write JWT, or nothing.
 */
const TYPES: ReadonlySet<string> = new Set(['jwt', 'at+jwt', 'jose']);

/** `undefined`: no token of ours looks like this. */
export function readHeader(token: string): TokenHeader | undefined {
  if (!COMPACT.test(token) || !isCanonical(token.slice(token.lastIndexOf('.') + 1))) return undefined;
  const header = parsed(token.slice(0, token.indexOf('.')));
  // An extension that must be understood (RFC 7515 §4.1.11): we understand none. fast-jwt lets `null` pass.
  if (header === undefined || Object.hasOwn(header, 'crit') || !isAccessTokenType(header.typ))
    return undefined;
  const algorithm = ALGORITHMS.find((known) => known === header.alg);
  if (algorithm === undefined) return undefined;
  const { kid } = header;
  if (kid === undefined) return { algorithm, keyId: undefined };
  if (typeof kid !== 'string' || kid === '' || kid.length > KEY_ID_LENGTH_MAX) return undefined;
  return { algorithm, keyId: kid };
}

function parsed(segment: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const header: unknown = JSON.parse(Buffer.from(segment, 'base64url').toString());
    return typeof header === 'object' && header !== null && !Array.isArray(header)
      ? (header as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

function isAccessTokenType(typ: unknown): boolean {
  if (typ === undefined) return true;
  return typeof typ === 'string' && TYPES.has(typ.toLowerCase().replace(/^application\//, ''));
}

/** The last character of base64 has bits to spare: four spellings of one signature would be four tokens. */
function isCanonical(signature: string): boolean {
  return Buffer.from(signature, 'base64url').toString('base64url') === signature;
}
