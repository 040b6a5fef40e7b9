/**
 * What the operator's commands ask of a running files service: to move, copy and remove. Only its own process has the
 * locks of paths, so a command does not do it beside it. Whoever reaches the socket is the operator: it is the data
 * folder's, for nobody but its owner, who could change the files by hand as well. nginx knows nothing of it.
 */

import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import Fastify, { type FastifyInstance } from 'fastify';
import { pathIn } from './api-values.js';
import { type LifeDeps, relocationIn, removed } from './life-routes.js';
import { RelocationBody, RemovalQuery } from './life-schemas.js';
import { sendError } from './problem.js';
import { type Logger, serverOptions } from './server-options.js';
import { NO_QUERY } from './strict-schema.js';

type OperatorDeps = Pick<LifeDeps, 'committer' | 'mover' | 'copier' | 'removal'> & {
  readonly logger: Logger;
};

const ALLOWED = async () => {};

export function buildOperatorApp({ logger, ...deps }: OperatorDeps): FastifyInstance {
  const app = Fastify(serverOptions(logger));
  app.setErrorHandler(sendError);
  const routes = app.withTypeProvider<TypeBoxTypeProvider>();
  const relocation = { schema: { querystring: NO_QUERY, body: RelocationBody } };
  routes.post('/move', relocation, async ({ body }) => {
    return deps.mover.move({ ...relocationIn(body), authorise: ALLOWED });
  });
  routes.post('/copy', relocation, async ({ body }) => {
    const asOperator = { owner: undefined, bytesMax: undefined, authorise: ALLOWED };
    return deps.copier.copy({ ...relocationIn(body), ...asOperator });
  });
  routes.post('/remove', { schema: { querystring: NO_QUERY, body: RemovalQuery } }, async ({ body }) => {
    return removed(deps, pathIn(body.path), body.recursive === 'true', ALLOWED);
  });
  return app;
}
