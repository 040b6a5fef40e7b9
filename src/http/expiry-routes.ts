/**
 * `POST /_latchkey/api/v1/files/expiry`: when a file that is there ends. It gives others a file or takes it from them,
 * so it needs `manage`; an upload may bring an expiry with `write`.
 */

import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import type { Receipts } from '../acl/fleet-ports.js';
import { formatInstant } from '../acl/instant.js';
import type { Expiry } from '../uploads/expiry.js';
import { pathIn } from './api-values.js';
import { EffectiveSchema, effectiveOn } from './effective.js';
import type { Gate } from './gate.js';
import { FILES } from './life-routes.js';
import { parseRequestedExpiry } from './requested-expiry.js';
import { CLOSED, NO_QUERY } from './strict-schema.js';
import { ProblemSchema } from './write-schemas.js';

export interface ExpiryRouteDeps {
  readonly gate: Gate;
  readonly expiry: Expiry;
  readonly receipts: Receipts | undefined;
  /** UTC milliseconds. */
  readonly clock: () => number;
}

const PathSchema = Type.String({ description: 'resource path of a file', maxLength: 4096 });

export const ExpiryBody = Type.Object(
  {
    path: PathSchema,
    expires: Type.String({
      description: 'a duration such as 7d, an instant (ISO 8601), or never',
      maxLength: 40,
    }),
  },
  CLOSED,
);

const expirySchema = {
  tags: ['files'],
  summary: 'Say when a file expires: from then on it is served to nobody but administrators',
  querystring: NO_QUERY,
  body: ExpiryBody,
  response: {
    200: Type.Object({
      path: PathSchema,
      expiresAt: Type.Optional(Type.String({ description: 'ISO 8601; absent: never' })),
      revision: Type.Integer(),
      effective: EffectiveSchema,
    }),
    400: ProblemSchema,
    401: ProblemSchema,
    403: ProblemSchema,
    404: ProblemSchema,
    503: ProblemSchema,
  },
};

export function expiryRoutes(instance: FastifyInstance, deps: ExpiryRouteDeps): void {
  const { gate, expiry, receipts, clock } = deps;
  const app = instance.withTypeProvider<TypeBoxTypeProvider>();
  app.post(`${FILES}/expiry`, { schema: expirySchema }, async (request) => {
    const path = pathIn(request.body.path);
    const who = await gate.identifyOwn(request);
    const authorise = async () => void (await gate.require(who, 'manage', path));
    await authorise();
    const expiresAt = parseRequestedExpiry(request.body.expires, clock());
    const revision = await expiry.set({ path, expiresAt, authorise });
    const told = expiresAt === undefined ? {} : { expiresAt: formatInstant(expiresAt) };
    return { path, ...told, revision, ...(await effectiveOn(receipts, revision, request.log)) };
  });
}
