/**
 * What a visitor is told whose link opens nothing: a page where a browser wants one, else problem+json, with the
 * headers that every answer of a link has.
 */

import type { FastifyReply, FastifyRequest } from 'fastify';
import { NotKnown, StoreBusy } from '../../acl/errors.js';
import { askedOf } from '../../credentials/presented.js';
import { TooBusy } from '../../links/bounded-work.js';
import { challenge } from '../decision-answer.js';
import { LINK_ANSWER_HEADERS, PAGE_HEADERS } from '../page-frame.js';
import { sendError } from '../problem.js';
import { passwordPage, refusalPage } from './pages.js';
import { ShareRefused, type Told, toldOf } from './refusal.js';

/** A retry makes sense after this. */
const BUSY_RETRY_SECONDS = '2';
const NOT_KNOWN_RETRY_SECONDS = '1';

const NOT_KNOWN: Told = {
  status: 503,
  code: 'unavailable',
  title: 'Please try again',
  text: 'Whether this link opens cannot be found out right now. Try again in a moment.',
};

export function sendPage(reply: FastifyReply, page: string): FastifyReply {
  return reply.headers(PAGE_HEADERS).type('text/html; charset=utf-8').send(page);
}

export function wantsPage(request: FastifyRequest): boolean {
  return askedOf(request.headers).page === 'yes' && !asksForJson(request.originalUrl);
}

export function asksForJson(url: string): boolean {
  return new URLSearchParams(url.split(/\?(.*)/s)[1] ?? '').get('format') === 'json';
}

/** Fastify's error handler for the routes of links. */
export function sendShareError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  reply.headers(LINK_ANSWER_HEADERS);
  if (error instanceof ShareRefused) return sendRefusal(error, request, reply);
  if (error instanceof TooBusy) return sendBusy(request, reply);
  const isNotKnown = error instanceof NotKnown || error instanceof StoreBusy;
  if (!isNotKnown || !wantsPage(request)) return sendError(error, request, reply);
  request.log.error(error);
  reply.code(NOT_KNOWN.status).header('retry-after', NOT_KNOWN_RETRY_SECONDS);
  return sendTold(NOT_KNOWN, request, reply);
}

function sendRefusal(refused: ShareRefused, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const told = toldOf(refused);
  reply.code(told.status);
  if (refused.kind === 'not-signed-in') reply.header('www-authenticate', challenge(refused.more.failure));
  if (refused.kind === 'crowded') reply.header('retry-after', BUSY_RETRY_SECONDS);
  if (told.status === 429) reply.header('retry-after', String(refused.more.waitSeconds ?? 1));
  if (isPasswordForm(refused) && wantsPage(request)) {
    // A form that is sent from a page with no-referrer has `Origin: null`, and would look like another site's where
    // the browser sends no Sec-Fetch-Site, which it does over https alone. This tells the host, and no path.
    reply.header('referrer-policy', 'strict-origin');
    return sendPage(reply, passwordPage({ told, wrong: refused.kind === 'password' ? 'no' : 'yes' }));
  }
  return sendTold(told, request, reply);
}

function isPasswordForm({ kind }: ShareRefused): boolean {
  return kind === 'password' || kind === 'wrong-password';
}

function sendProblem({ status, code, title, text }: Told, reply: FastifyReply): FastifyReply {
  const problem = { type: `urn:latchkey:problem:${code}`, title, status, detail: text };
  return reply.type('application/problem+json').send(`${JSON.stringify(problem)}\n`);
}

function sendBusy(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const told: Told = {
    status: 503,
    code: 'too-busy',
    title: 'Please try again',
    text: 'There is more to do here right now than may wait. Try again in a moment.',
  };
  reply.code(503).header('retry-after', BUSY_RETRY_SECONDS);
  return sendTold(told, request, reply);
}

function sendTold(told: Told, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (!wantsPage(request)) return sendProblem(told, reply);
  return sendPage(reply, refusalPage({ told, requestId: requestIdOf(request) }));
}

function requestIdOf({ headers }: FastifyRequest): string | undefined {
  const id = headers['x-latchkey-request-id'];
  return typeof id === 'string' ? id : undefined;
}
