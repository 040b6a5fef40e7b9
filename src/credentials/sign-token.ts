/** Signs access tokens that our own verifier accepts: `latchkey token`, for trials and tests. */

import { createSigner } from 'fast-jwt';
import type { SigningSecret } from './secret-text.js';

export interface TokenClaims {
  readonly user: string;
  readonly groups: readonly string[];
  /** Where the authorizer looks for them; a path of names makes nested objects. */
  readonly groupsClaim: string;
  /** UTC milliseconds. */
  readonly expiresAt: number;
  readonly issuedAt: number;
  /** The `jti`, by which this one token can be ended. */
  readonly id: string;
  readonly issuer: string | undefined;
  readonly audience: string | undefined;
}

export function signToken({ id, secret }: SigningSecret, claims: TokenClaims): string {
  const sign = createSigner({
    key: secret,
    algorithm: 'HS256',
    ...(id !== undefined && { kid: id }),
  });
  return sign({
    sub: claims.user,
    jti: claims.id,
    iat: Math.floor(claims.issuedAt / 1000),
    exp: Math.floor(claims.expiresAt / 1000),
    ...(claims.groups.length > 0 && nested(claims.groupsClaim, claims.groups)),
    ...(claims.issuer !== undefined && { iss: claims.issuer }),
    ...(claims.audience !== undefined && { aud: claims.audience }),
  });
}

function nested(path: string, value: unknown): Record<string, unknown> {
  const [first = path, ...rest] = path.includes('://') ? [path] : path.split('.');
  return { [first]: rest.length === 0 ? value : nested(rest.join('.'), value) };
}
