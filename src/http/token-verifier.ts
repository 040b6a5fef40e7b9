/** Registers @fastify/jwt for one key and answers with its verifier. Options that matter are all said here. */

import fastifyJwt from '@fastify/jwt';
import type { FastifyInstance } from 'fastify';
import type { VerifyToken } from '../credentials/access-token.js';
import type { TokenKey } from '../credentials/token-key.js';

export async function registerTokenVerifier(app: FastifyInstance, key: TokenKey): Promise<VerifyToken> {
  const bound = {
    ...(key.issuers.length > 0 && { allowedIss: [...key.issuers] }),
    ...(key.audiences.length > 0 && { allowedAud: [...key.audiences] }),
  };
  // fast-jwt takes a token that lacks a claim, unless the claim is required by name.
  const requiredClaims = ['exp', 'sub'];
  if (key.issuers.length > 0) requiredClaims.push('iss');
  if (key.audiences.length > 0) requiredClaims.push('aud');
  await app.register(fastifyJwt, {
    secret: key.secret,
    verify: { algorithms: [key.algorithm], requiredClaims, cache: false, ...bound },
  });
  return (token) => app.jwt.verify(token);
}
