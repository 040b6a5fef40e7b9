/**
 * The authorizer as an application: given what it needs, listening to nothing. It reads, it never writes.
 *
 * Fastify has the health routes, the life of the server, and the logger. Questions go past its router: they are
 * answered on the same server before it (docs/decisions/0011-before-the-router.md has what that saves).
 */

import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import Fastify, { type FastifyInstance } from 'fastify';
import type { Authorizer } from '../acl/authorizer.js';
import type { VisitorSettings } from '../config.js';
import type { OpenRecognition } from '../credentials/credential.js';
import type { OpenLinkJudges } from '../links/judges.js';
import type { DecisionCounts } from '../metrics/decision-counts.js';
import { type AnswerQuestion, AUTHORIZE_PREFIX, questionAnswerer } from './authorize.js';
import { type CheckReady, healthRoutes } from './health.js';
import { answerInLines } from './json-lines.js';
import { metricsRoute, type OpenMetrics } from './metrics-route.js';
import { type Logger, serverOptions } from './server-options.js';

/** A stretch without a wait, in which decisions may share what they found out (`storage/shared-check.ts`). */
export interface Turn {
  begin(): void;
  end(): void;
  /** Open connections above which nothing may be shared. */
  readonly connectionsMax: number;
}

export interface AuthorizerAppDeps {
  readonly authorizer: Authorizer;
  readonly recognise: OpenRecognition;
  readonly judgeLinks: OpenLinkJudges;
  readonly visitor: VisitorSettings;
  readonly mount: string;
  /** UTC milliseconds. */
  readonly clock: () => number;
  readonly turn: Turn;
  readonly checkReady: CheckReady;
  readonly counts: DecisionCounts;
  readonly openMetrics: OpenMetrics;
  readonly logger: Logger;
}

export async function buildAuthorizerApp(deps: AuthorizerAppDeps): Promise<FastifyInstance> {
  const options = serverOptions(deps.logger);
  let answer: AnswerQuestion | undefined;
  const app = Fastify({
    ...options,
    // For a request that does come by the router (a test injects one), it sees a constant.
    rewriteUrl: ({ url = '' }) => (url.startsWith(AUTHORIZE_PREFIX) ? AUTHORIZE_PREFIX : url),
    serverFactory: (others) => {
      const server = createServer({ ...options.http, keepAliveTimeout: options.keepAliveTimeout });
      const questions = (request: IncomingMessage, response: ServerResponse, url: string) =>
        answer === undefined ? others(request, response) : answer(request, response, url);
      return answerFirst(server, deps.turn, questions, others);
    },
  });
  const recognition = deps.recognise((message) => app.log.warn(message));
  app.addHook('onClose', () => recognition.close());
  app.addHook('preClose', () => closed(app.server));
  const judges = deps.judgeLinks((message) => app.log.warn(message));
  app.addHook('onClose', async () => judges.close());
  answer = questionAnswerer({
    authorizer: deps.authorizer,
    credentials: recognition.credentials,
    ...judges,
    visitor: deps.visitor,
    mount: deps.mount,
    clock: deps.clock,
    counts: deps.counts,
    log: app.log,
  });
  app.get(AUTHORIZE_PREFIX, { exposeHeadRoute: false }, (request, reply) => {
    reply.hijack();
    answer?.(request.raw, reply.raw, request.originalUrl);
  });
  answerInLines(app);
  healthRoutes(app, deps.checkReady);
  metricsRoute(app, deps.openMetrics);
  return app;
}

/**
 * Fastify leaves a server alone that it did not make and has not seen listen. No question takes as long as a hook may,
 * and nginx is to keep no connection of those that are asked from now on.
 */
function closed(server: Server): Promise<void> {
  server.prependListener('request', (_request, response) => response.setHeader('Connection', 'close'));
  return new Promise((resolve) => server.close(() => resolve()));
}

function answerFirst(server: Server, turn: Turn, answer: AnswerQuestion, others: RequestListener): Server {
  let connections = 0;
  server.on('connection', (socket) => {
    connections += 1;
    socket.once('close', () => {
      connections -= 1;
    });
  });
  server.on('request', (request, response) => {
    const { url = '', method } = request;
    if (method !== 'GET' || !url.startsWith(AUTHORIZE_PREFIX)) return others(request, response);
    if (connections > turn.connectionsMax) return answer(request, response, url);
    turn.begin();
    try {
      answer(request, response, url);
    } finally {
      turn.end();
    }
  });
  return server;
}
