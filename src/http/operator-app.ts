/**
 * What the operator's commands ask of a running files service: to move, copy and remove. Only its own process has the
 * locks of paths, so a command does not do it beside it. Whoever reaches the socket is the operator: it is the data
 * folder's, for nobody but its owner, who could change the files by hand as well. nginx knows nothing of it.
 */

import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import Fastify, { type FastifyInstance } from 'fastify';
import type { Expiry } from '../uploads/expiry.js';
import type { Trash } from '../uploads/trash.js';
import { pathIn } from './api-values.js';
import { ExpiryBody } from './expiry-routes.js';
import { type LifeDeps, relocationIn, removed } from './life-routes.js';
import { RelocationBody, RemovalQuery } from './life-schemas.js';
import { type OperatorReceiptsDeps, operatorReceipts } from './operator-receipts.js';
import { sendError } from './problem.js';
import { parseRequestedExpiry } from './requested-expiry.js';
import { type Logger, serverOptions } from './server-options.js';
import { NO_QUERY } from './strict-schema.js';
import { RestoreBody, TrashIdQuery } from './trash-schemas.js';

type OperatorDeps = Pick<LifeDeps, 'committer' | 'mover' | 'copier' | 'removal'> & {
  readonly expiry: Expiry;
  readonly bin: Trash;
  /** UTC milliseconds. */
  readonly clock: () => number;
  readonly logger: Logger;
} & OperatorReceiptsDeps;

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
    return removed(deps, pathIn(body.path), {
      scope: body.recursive === 'true' ? 'tree' : 'file',
      authorise: ALLOWED,
      by: undefined,
      mode: body.purge === 'true' ? 'for-good' : 'trash',
    });
  });
  routes.post('/expire', { schema: { querystring: NO_QUERY, body: ExpiryBody } }, async ({ body }) => {
    const expiresAt = parseRequestedExpiry(body.expires, deps.clock());
    return { revision: await deps.expiry.set({ path: pathIn(body.path), expiresAt, authorise: ALLOWED }) };
  });
  routes.post('/restore', { schema: { querystring: NO_QUERY, body: RestoreBody } }, async ({ body }) => {
    const { id, to, onConflict = 'refuse', grants = 'drop' } = body;
    const target = to === undefined ? undefined : pathIn(to);
    return deps.bin.restore({ id, to: target, onConflict, grants, authorise: ALLOWED });
  });
  routes.post('/drop', { schema: { querystring: NO_QUERY, body: TrashIdQuery } }, async ({ body }) => {
    await deps.bin.find(body.id);
    await deps.bin.dropOne(body.id);
    return {};
  });
  operatorReceipts(app, deps);
  return app;
}
