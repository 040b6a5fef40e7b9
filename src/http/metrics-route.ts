/**
 * `GET /metrics`, for Prometheus: on the service's own socket, and on a port that the operator names. No figure has a
 * path, a name or an address in it.
 */

import type {} from '@fastify/swagger'; // its schema options: hide
import Fastify, { type FastifyInstance } from 'fastify';
import { type CheckReady, healthRoutes } from './health.js';
import { answerInLines } from './json-lines.js';
import { type Logger, serverOptions } from './server-options.js';

export interface Shown {
  readonly contentType: string;
  text(): Promise<string>;
}

/** Opened at the first question. */
export type OpenMetrics = () => Promise<Shown>;

export function metricsRoute(app: FastifyInstance, open: OpenMetrics): void {
  app.get('/metrics', { schema: { hide: true } }, async (_request, reply) => {
    const shown = await open();
    return reply.type(shown.contentType).send(await shown.text());
  });
}

/** What listens on the operator's port: the figures, whether it lives and whether it is ready, and nothing else. */
export function buildMetricsApp(metrics: OpenMetrics, check: CheckReady, logger: Logger): FastifyInstance {
  const app = Fastify({ ...serverOptions(logger), keepAliveTimeout: KEEP_ALIVE_MS });
  answerInLines(app);
  healthRoutes(app, check);
  metricsRoute(app, metrics);
  return app;
}

/** Prometheus asks every 15 to 60 seconds. */
const KEEP_ALIVE_MS = 75_000;
