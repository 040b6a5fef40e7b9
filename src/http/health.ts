/** `/healthz`: the process answers. `/readyz`: it can also decide, since the store does. */

import type {} from '@fastify/swagger'; // its schema options: hide
import type { FastifyInstance } from 'fastify';

type Told = Readonly<Record<string, string | number>> | undefined;

/** Answers with what else there is to tell. @throws when the service could not answer a request now */
export type CheckReady = () => Told | Promise<Told>;

export function healthRoutes(app: FastifyInstance, check: CheckReady): void {
  app.get('/healthz', { schema: { hide: true } }, async () => ({ status: 'ok' }));
  app.get('/readyz', { schema: { hide: true } }, async (request, reply) => {
    try {
      return { status: 'ready', ...(await check()) };
    } catch (error) {
      request.log.warn(error);
      return reply.code(503).send({ status: 'unavailable', detail: (error as Error).message });
    }
  });
}
