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
import type { ShareCookies } from '../links/share-cookie.js';
import { needsCookie, signedCookie } from '../links/signed-cookie.js';
import { ENDED, type SignedUrls } from '../links/signed-urls.js';
import type { DecisionCounts } from '../metrics/decision-counts.js';
import { answerHeaders, statusOf } from './decision-answer.js';
import { type ByLink, decideByLink, type LinkDecision } from './link-decision.js';
import { REQUEST_ID_HEADER } from './server-options.js';
import { GONE, visitorHeaders } from './visitor-answer.js';

export const AUTHORIZE_PREFIX = '/authorize';

export interface AuthorizeDeps {
  readonly authorizer: Authorizer;
  readonly credentials: Credentials;
  readonly signedUrls: SignedUrls;
  readonly shareCookies: ShareCookies;
  readonly visitor: VisitorSettings;
  /** The URL prefix of the private files; the authorizer takes exactly this off the front of the path. */
  readonly mount: string;
  /** UTC milliseconds. */
  readonly clock: () => number;
  readonly counts: DecisionCounts;
  readonly log: FastifyBaseLogger;
}

/** Characters. The header block has 4 KiB in nginx; without its cookie the file itself is served all the same. */
const COOKIE_LENGTH_MAX = 2_000;

const NOTHING: readonly string[] = Object.freeze([]);
const REFUSED_PATH = Object.freeze({ kind: 'refused-path' } as const);

/** nginx and the authorizer do not fit together. The operator reads why in the log; the visitor gets 503. */
class Misconfigured extends Error {}

/** Answers questions on node:http's request and response; `url` is the one that nginx sent. */
export type AnswerQuestion = (request: IncomingMessage, response: ServerResponse, url: string) => void;

export function questionAnswerer(deps: AuthorizeDeps): AnswerQuestion {
  const prefix = AUTHORIZE_PREFIX + deps.mount;
  return (request, response, url) => {
    const began = performance.now();
    try {
      const asked = askedOfRaw(request.rawHeaders);
      const path = pathAsked(prefix, url, asked);
      const answered = answer({ deps, response, url, asked, path, began });
      if (answered instanceof Promise)
        answered.catch((error) => fail(deps, { request, response, began }, error));
    } catch (error) {
      fail(deps, { request, response, began }, error);
    }
  };
}

/** One question while it is being answered. */
interface Exchange {
  readonly deps: AuthorizeDeps;
  readonly response: ServerResponse;
  readonly url: string;
  readonly asked: Asked;
  /** `undefined`: it is none that we take. */
  readonly path: ResourcePath | undefined;
  /** Of the monotonic clock. */
  readonly began: number;
}

function answer(exchange: Exchange): Awaitable<void> {
  const { deps, asked, path } = exchange;
  const byLink = path === undefined ? undefined : decideByLink(deps, asked, path);
  if (byLink instanceof Promise) return byLink.then((late) => answerLink(exchange, late));
  return answerLink(exchange, byLink);
}

function answerLink(exchange: Exchange, byLink: ByLink): Awaitable<void> {
  if (byLink === undefined || byLink === ENDED) return answerVisitor(exchange, byLink);
  return send(exchange, byLink.decision, NOT_IDENTIFIED, cookieOf(exchange, byLink));
}

/** Where the token in the URL does not reach what the file loads from beside itself. */
function cookieOf({ deps, path }: Exchange, { inQuery }: LinkDecision): readonly string[] {
  if (path === undefined || inQuery === undefined) return NOTHING;
  const { claims, token } = inQuery;
  if (!needsCookie(path, claims.path)) return NOTHING;
  const { mount, visitor, clock } = deps;
  const isSecure = visitor.publicUrl?.startsWith('https:') === true;
  const cookie = signedCookie(token, claims, { mount, isSecure, now: clock() });
  return cookie.length <= COOKIE_LENGTH_MAX ? ['X-Latchkey-Cookie', cookie] : NOTHING;
}

function answerVisitor(exchange: Exchange, byLink: typeof ENDED | undefined): Awaitable<void> {
  const identified = exchange.deps.credentials.identify(exchange.asked);
  if (identified instanceof Promise)
    return identified.then((late) => answerIdentified(exchange, byLink, late));
  return answerIdentified(exchange, byLink, identified);
}

function answerIdentified(
  exchange: Exchange,
  byLink: typeof ENDED | undefined,
  identified: Identified,
): Awaitable<void> {
  const decided = decideFor(exchange, identified);
  if (decided instanceof Promise)
    return decided.then((late) => sendDecision(exchange, byLink, identified, late));
  return sendDecision(exchange, byLink, identified, decided);
}

function decideFor(
  { deps: { authorizer }, asked: { method = '' }, path }: Exchange,
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

function sendDecision(
  exchange: Exchange,
  byLink: typeof ENDED | undefined,
  identified: Identified,
  decision: Decision,
): void {
  send(exchange, decision, identified, told(exchange, byLink, identified, decision));
}

/** What nginx does beside passing on the status. */
function told(
  { deps, asked, url }: Exchange,
  byLink: typeof ENDED | undefined,
  identified: Identified,
  decision: Decision,
): readonly string[] {
  if (decision.outcome === 'allow') return NOTHING;
  if (byLink === ENDED) return GONE;
  const path = withoutQuery(url.slice(AUTHORIZE_PREFIX.length));
  return visitorHeaders(deps.visitor, decision, identified, asked, path);
}

function send(
  { deps, response, began }: Exchange,
  decision: Decision,
  identified: Identified,
  more: readonly string[],
): void {
  const headers = answerHeaders(decision, identified);
  if (more.length > 0) headers.push(...more);
  response.sendDate = false; // nginx gives the visitor its own
  response.writeHead(statusOf(decision), headers);
  response.end();
  deps.counts.decided(decision, performance.now() - began);
}

type Failed = Pick<Exchange, 'response' | 'began'> & { readonly request: IncomingMessage };

function fail({ log, counts }: AuthorizeDeps, { request, response, began }: Failed, error: unknown): void {
  // The number by which nginx's log has the request, too.
  const told = { reqId: request.headers[REQUEST_ID_HEADER], err: error };
  if (error instanceof NotKnown && error.code === 'committing') log.debug(told, error.message);
  else log.error(told, (error as Error).message);
  counts.unknown(error instanceof NotKnown ? error.code : 'error', performance.now() - began);
  response.writeHead(error instanceof NotKnown ? 503 : 500, ['Content-Length', '0', 'Retry-After', '1']);
  response.end();
}
