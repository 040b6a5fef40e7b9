/**
 * `GET /authorize/…`: nginx asks whether this visitor may have this file (DESIGN §3).
 *
 * The path comes in the raw request URL, re-escaped by nginx from the `$uri` that it is about to open, and is
 * decoded here, once; no router touches it. What cannot be found out is 5xx: nginx then serves nothing, and
 * nobody takes it for a decision.
 */

import type { FastifyReply, FastifyRequest } from 'fastify';
import { actionOfMethod } from '../acl/action.js';
import type { Authorizer } from '../acl/authorizer.js';
import { type Decision, refusal } from '../acl/decide.js';
import { NotKnown } from '../acl/errors.js';
import type { Awaitable } from '../acl/ports.js';
import { decodeResourcePath } from '../acl/resource-path.js';
import type { Credentials, Identified } from '../credentials/credential.js';
import { answerHeaders, statusOf } from './decision-answer.js';

export const AUTHORIZE_PREFIX = '/authorize';

export interface AuthorizeDeps {
  readonly authorizer: Authorizer;
  readonly credentials: Credentials;
  /** The URL prefix of the private files; the authorizer takes exactly this off the front of the path. */
  readonly mount: string;
}

const REFUSED_PATH = Object.freeze({ kind: 'refused-path' } as const);

export function authorizeHandler(deps: AuthorizeDeps) {
  const prefix = AUTHORIZE_PREFIX + deps.mount;
  return (request: FastifyRequest, reply: FastifyReply): void => {
    reply.hijack();
    try {
      const answered = answer(deps, prefix, request, reply);
      if (answered instanceof Promise) answered.catch((error) => fail(request, reply, error));
    } catch (error) {
      fail(request, reply, error);
    }
  };
}

function answer(
  deps: AuthorizeDeps,
  prefix: string,
  request: FastifyRequest,
  reply: FastifyReply,
): Awaitable<void> {
  const identified = deps.credentials.identify(request.raw.headers);
  if (identified instanceof Promise) {
    return identified.then((late) => answerFor(deps, prefix, request, reply, late));
  }
  return answerFor(deps, prefix, request, reply, identified);
}

function answerFor(
  deps: AuthorizeDeps,
  prefix: string,
  request: FastifyRequest,
  reply: FastifyReply,
  identified: Identified,
): Awaitable<void> {
  const decided = decideFor(deps, prefix, request, identified);
  if (decided instanceof Promise) return decided.then((late) => send(reply, late, identified));
  return send(reply, decided, identified);
}

function decideFor(
  deps: AuthorizeDeps,
  prefix: string,
  request: FastifyRequest,
  { subject }: Identified,
): Awaitable<Decision> {
  const url = request.originalUrl;
  const method = request.raw.headers['x-latchkey-method'];
  if (typeof method !== 'string' || method === '') {
    throw new Misconfigured('nginx sent no X-Latchkey-Method: the proxy_set_header lines are missing');
  }
  if (!url.startsWith(prefix)) {
    throw new Misconfigured(
      `asked about ${JSON.stringify(url.slice(0, 80))}, which is not below ${prefix}: LATCHKEY_MOUNT and nginx's location differ, or its 'set' lines are missing`,
    );
  }
  const path = decodeResourcePath(withoutQuery(url.slice(prefix.length - 1)));
  // A refused path is answered like one that nobody was granted: a stranger cannot tell the two apart.
  if (path === undefined) return { outcome: refusal(subject.authenticated), reason: REFUSED_PATH };
  return deps.authorizer.authorize({ subject, path, action: actionOfMethod(method) });
}

/** nginx and the authorizer do not fit together. The operator reads why in the log; the visitor gets 503. */
class Misconfigured extends Error {}

function withoutQuery(url: string): string {
  const end = url.indexOf('?');
  return end === -1 ? url : url.slice(0, end);
}

function send(reply: FastifyReply, decision: Decision, { subject, invalid }: Identified): void {
  reply.raw.writeHead(statusOf(decision), answerHeaders(decision, subject, invalid));
  reply.raw.end();
}

function fail(request: FastifyRequest, reply: FastifyReply, error: unknown): void {
  if (error instanceof NotKnown && error.code === 'committing') request.log.debug(error.message);
  else request.log.error(error);
  reply.raw.writeHead(error instanceof NotKnown ? 503 : 500, ['Content-Length', '0', 'Retry-After', '1']);
  reply.raw.end();
}
