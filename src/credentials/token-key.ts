/**
 * The key of access tokens, and what a token must say. HS256 for now: the algorithm goes with the key and is
 * never read from a token. `latchkey token` signs with the same key.
 */

import { createSigner } from 'fast-jwt';

export interface TokenKey {
  readonly algorithm: 'HS256';
  readonly secret: string;
  /** Required when not empty; a token that names one of them is good. */
  readonly issuers: readonly string[];
  readonly audiences: readonly string[];
}

export interface TokenClaims {
  readonly user: string;
  readonly groups: readonly string[];
  readonly groupsClaim: string;
  /** UTC milliseconds. */
  readonly expiresAt: number;
  readonly issuedAt: number;
}

/** Signs an access token that this key's verifier accepts: for trials and tests. */
export function signToken(key: TokenKey, claims: TokenClaims): string {
  const sign = createSigner({ key: key.secret, algorithm: key.algorithm });
  return sign({
    sub: claims.user,
    iat: Math.floor(claims.issuedAt / 1000),
    exp: Math.floor(claims.expiresAt / 1000),
    ...(claims.groups.length > 0 && { [claims.groupsClaim]: claims.groups }),
    ...(key.issuers[0] !== undefined && { iss: key.issuers[0] }),
    ...(key.audiences[0] !== undefined && { aud: key.audiences[0] }),
  });
}
