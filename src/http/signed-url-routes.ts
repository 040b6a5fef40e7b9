/**
 * `POST /_latchkey/api/v1/signed-urls/revoke`: a back end that signs URLs takes them back, without a shell. Those of a
 * path are for whoever may `manage` it; an id or a key may reach any path, so they are for whoever may `manage` all.
 */

import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import type { Receipts } from '../acl/fleet-ports.js';
import { formatInstant } from '../acl/instant.js';
import type { SignedUrlStore } from '../acl/link-ports.js';
import { ROOT } from '../acl/resource-path.js';
import { revokeSignedUrl, revokeSignedUrlsOf } from '../links/revoke-signed.js';
import { isLinkId } from '../links/signed-url.js';
import { API_PREFIX } from './acl-routes.js';
import { pathIn } from './api-values.js';
import { EffectiveSchema, effectiveOn } from './effective.js';
import type { Gate } from './gate.js';
import { BadRequest } from './problem.js';
import { CLOSED, NO_QUERY } from './strict-schema.js';
import { ProblemSchema } from './write-schemas.js';

export interface SignedUrlRoutesDeps {
  readonly gate: Gate;
  readonly signedUrlStore: SignedUrlStore;
  readonly receipts: Receipts | undefined;
  /** The longest that a signed URL may live. */
  readonly signedUrlSecondsMax: number;
  /** UTC milliseconds. */
  readonly clock: () => number;
}

const IdSchema = Type.String({ maxLength: 64, description: 'of the link' });

const schema = {
  tags: ['links'],
  summary: 'Take signed URLs back: by the id of one, by their path, or all of a key up to now',
  querystring: NO_QUERY,
  body: Type.Object(
    {
      id: Type.Optional(IdSchema),
      path: Type.Optional(Type.String({ maxLength: 4096, description: 'resource path; a folder ends in /' })),
      keyId: Type.Optional(Type.String({ maxLength: 64, description: 'of the key' })),
    },
    CLOSED,
  ),
  response: {
    200: Type.Object({
      revision: Type.Integer(),
      generation: Type.Optional(Type.Integer({ description: 'of the path: sign with it from now on' })),
      countsAgainFrom: Type.Optional(Type.String({ description: 'what the key signs from then on counts' })),
      effective: EffectiveSchema,
    }),
    400: ProblemSchema,
    401: ProblemSchema,
    403: ProblemSchema,
    503: ProblemSchema,
  },
};

export function signedUrlRoutes(instance: FastifyInstance, deps: SignedUrlRoutesDeps): void {
  const { gate, signedUrlStore, signedUrlSecondsMax, clock } = deps;
  const app = instance.withTypeProvider<TypeBoxTypeProvider>();
  app.post(`${API_PREFIX}/signed-urls/revoke`, { schema }, async (request) => {
    const { id, path, keyId } = request.body;
    if ([id, path, keyId].filter((given) => given !== undefined).length !== 1) {
      throw new BadRequest('Name one of id, path and keyId.');
    }
    const covered = path === undefined ? ROOT : pathIn(path);
    await gate.require(await gate.identifyOwn(request), 'manage', covered);
    if (path !== undefined) {
      const { value: generation, revision } = await signedUrlStore.raiseGeneration(covered);
      return { revision, generation, ...(await effectiveOn(deps.receipts, revision, request.log)) };
    }
    if (keyId !== undefined) {
      const done = await revokeSignedUrlsOf(signedUrlStore, idIn('keyId', keyId), clock());
      const effective = await effectiveOn(deps.receipts, done.revision, request.log);
      return {
        revision: done.revision,
        countsAgainFrom: formatInstant(done.countsAgainFrom),
        ...effective,
      };
    }
    const { revision } = await revokeSignedUrl(signedUrlStore, idIn('id', id), signedUrlSecondsMax, clock());
    return { revision, ...(await effectiveOn(deps.receipts, revision, request.log)) };
  });
}

function idIn(name: string, text = ''): string {
  if (isLinkId(text)) return text;
  throw new BadRequest(`${name} has 1 to 64 letters, digits, '_' and '-'.`);
}
