/**
 * `GET /authorize/…`: nginx asks whether this visitor may have this file (DESIGN §3).
 *
 * The path comes in the raw request URL, re-escaped by nginx from the `$uri` that it is about to open, and is
 * decoded here, once; no router touches it. What cannot be found out is 5xx: nginx then serves nothing, and
 * nobody takes it for a decision. This is the path of every request of every visitor: it works on node:http's own
 * objects, and waits for nothing where the facts are at hand.
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyBaseLogger } from 'fastify';
import { actionOfMethod } from '../acl/action.js';
import type { Authorizer } from '../acl/authorizer.js';
import { type Decision, refusal } from '../acl/decide.js';
import { NotKnown } from '../acl/errors.js';
import type { Awaitable } from '../acl/ports.js';
import { decodeResourcePath, type ResourcePath } from '../acl/resource-path.js';
import type { VisitorSettings } from '../config.js';
import { type Credentials, type Identified, NOT_IDENTIFIED } from '../credentials/credential.js';
import { type Asked, askedOfRaw } from '../credentials/presented.js';
import { SIGNED_ACTION, tokenInQuery } from '../links/signed-url.js';
import type { SignedUrls } from '../links/signed-urls.js';
import { answerHeaders, statusOf } from './decision-answer.js';
import { visitorHeaders } from './visitor-answer.js';

export const AUTHORIZE_PREFIX = '/authorize';

export interface AuthorizeDeps {
  readonly authorizer: Authorizer;
  readonly credentials: Credentials;
  readonly signedUrls: SignedUrls;
  readonly visitor: VisitorSettings;
  /** The URL prefix of the private files; the authorizer takes exactly this off the front of the path. */
  readonly mount: string;
  readonly log: FastifyBaseLogger;
}

const REFUSED_PATH = Object.freeze({ kind: 'refused-path' } as const);

/** nginx and the authorizer do not fit together. The operator reads why in the log; the visitor gets 503. */
class Misconfigured extends Error {}

/** Answers questions on node:http's request and response; `url` is the one that nginx sent. */
export type AnswerQuestion = (request: IncomingMessage, response: ServerResponse, url: string) => void;

export function questionAnswerer(deps: AuthorizeDeps): AnswerQuestion {
  const prefix = AUTHORIZE_PREFIX + deps.mount;
  return (request, response, url) => {
    try {
      const asked = askedOfRaw(request.rawHeaders);
      const answered = answer(deps, prefix, url, asked, response);
      if (answered instanceof Promise) answered.catch((error) => fail(deps, response, error));
    } catch (error) {
      fail(deps, response, error);
    }
  };
}

function answer(
  deps: AuthorizeDeps,
  prefix: string,
  url: string,
  asked: Asked,
  response: ServerResponse,
): Awaitable<void> {
  const path = pathAsked(prefix, url, asked);
  const token = asked.query === undefined ? undefined : tokenInQuery(asked.query);
  if (token === undefined || path === undefined || actionOfMethod(asked.method ?? '') !== SIGNED_ACTION) {
    return answerVisitor(deps, url, asked, path, response);
  }
  return settled(byLink(deps, path, token), (decision) =>
    decision === undefined
      ? answerVisitor(deps, url, asked, path, response)
      : send(deps, response, url, asked, NOT_IDENTIFIED, decision),
  );
}

function settled<T, R>(value: Awaitable<T>, use: (value: T) => Awaitable<R>): Awaitable<R> {
  return value instanceof Promise ? value.then(use) : use(value);
}

/** A link either allows, whoever the visitor is, or says nothing. */
function byLink(deps: AuthorizeDeps, path: ResourcePath, token: string): Awaitable<Decision | undefined> {
  return settled(deps.signedUrls.judge(token, path), (claims) => {
    if (claims === undefined) return undefined;
    const { id, keyId } = claims;
    return deps.authorizer.authorizeByLink(path, { kind: 'signed-url', id, keyId });
  });
}

function answerVisitor(
  deps: AuthorizeDeps,
  url: string,
  asked: Asked,
  path: ResourcePath | undefined,
  response: ServerResponse,
): Awaitable<void> {
  const identified = deps.credentials.identify(asked);
  if (identified instanceof Promise) {
    return identified.then((late) => answerIdentified(deps, url, asked, path, response, late));
  }
  return answerIdentified(deps, url, asked, path, response, identified);
}

function answerIdentified(
  deps: AuthorizeDeps,
  url: string,
  asked: Asked,
  path: ResourcePath | undefined,
  response: ServerResponse,
  identified: Identified,
): Awaitable<void> {
  const decided = decideFor(deps, asked, path, identified);
  if (decided instanceof Promise) {
    return decided.then((late) => send(deps, response, url, asked, identified, late));
  }
  return send(deps, response, url, asked, identified, decided);
}

function decideFor(
  { authorizer }: AuthorizeDeps,
  { method = '' }: Asked,
  path: ResourcePath | undefined,
  { subject }: Identified,
): Awaitable<Decision> {
  // A refused path is answered like one that nobody was granted: a stranger cannot tell the two apart.
  if (path === undefined) return { outcome: refusal(subject.authenticated), reason: REFUSED_PATH };
  return authorizer.authorize({ subject, path, action: actionOfMethod(method) });
}

/** The path that nginx is about to open; `undefined` when it is none that we take. @throws Misconfigured */
function pathAsked(prefix: string, url: string, { method }: Asked): ResourcePath | undefined {
  if (method === undefined || method === '') {
    throw new Misconfigured('nginx sent no X-Latchkey-Method: the proxy_set_header lines are missing');
  }
  if (!url.startsWith(prefix)) {
    throw new Misconfigured(
      `asked about ${JSON.stringify(url.slice(0, 80))}, which is not below ${prefix}: LATCHKEY_MOUNT and nginx's location differ, or its 'set' lines are missing`,
    );
  }
  return decodeResourcePath(withoutQuery(url.slice(prefix.length - 1)));
}

function withoutQuery(url: string): string {
  const end = url.indexOf('?');
  return end === -1 ? url : url.slice(0, end);
}

function send(
  { visitor }: AuthorizeDeps,
  response: ServerResponse,
  url: string,
  asked: Asked,
  identified: Identified,
  decision: Decision,
): void {
  const headers = answerHeaders(decision, identified);
  if (decision.outcome !== 'allow') {
    const path = withoutQuery(url.slice(AUTHORIZE_PREFIX.length));
    headers.push(...visitorHeaders(visitor, decision, identified, asked, path));
  }
  response.sendDate = false; // nginx gives the visitor its own
  response.writeHead(statusOf(decision), headers);
  response.end();
}

function fail({ log }: AuthorizeDeps, response: ServerResponse, error: unknown): void {
  if (error instanceof NotKnown && error.code === 'committing') log.debug(error.message);
  else log.error(error);
  response.writeHead(error instanceof NotKnown ? 503 : 500, ['Content-Length', '0', 'Retry-After', '1']);
  response.end();
}
