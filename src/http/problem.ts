/**
 * Errors as `application/problem+json` (RFC 9457) that name the remedy. The one mapping from our errors to
 * HTTP statuses on the files service.
 */

import { STATUS_CODES } from 'node:http';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import type { Decision } from '../acl/decide.js';
import { NotKnown, StoreBusy } from '../acl/errors.js';
import type { Identified } from '../credentials/credential.js';
import { WINDOW_MS } from '../credentials/failures.js';
import { TooBusy } from '../links/bounded-work.js';
import { LinkProblem } from '../links/link-limits.js';
import { asUploadProblem, UploadProblem, type UploadProblemCode } from '../uploads/problem.js';
import { challenge, statusOf } from './decision-answer.js';
import { API_BODY_BYTES_MAX } from './server-options.js';
import { unknownName } from './strict-schema.js';
import { ProtocolRefused } from './tus/refusal.js';

const UPLOAD_STATUS: Readonly<Record<UploadProblemCode, number>> = {
  'bad-request': 400,
  incomplete: 400,
  'too-slow': 408,
  'digest-mismatch': 400,
  'not-found': 404,
  conflict: 409,
  'precondition-failed': 412,
  'too-large': 413,
  'too-many': 429,
  'type-refused': 415,
  'scan-refused': 422,
  'too-busy': 503,
  'no-space': 507,
  // RFC 4331 §6 asks for it where a quota has no room (RFC 4918 §11.5).
  'quota-exceeded': 507,
};

/** Of what is no error of ours with a code of its own. */
const CODE: Readonly<Record<number, string>> = {
  400: 'bad-request',
  403: 'forbidden',
  404: 'not-found',
  405: 'method-not-allowed',
  409: 'conflict',
  413: 'too-large',
  415: 'unsupported-media-type',
};

/** Fastify's own errors that do not say what to do. */
const REMEDY: Readonly<Record<string, string>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'This type of body is not taken here; send JSON, as application/json.',
  // Fastify's parser does not tell the two apart.
  FST_ERR_CTP_INVALID_JSON_BODY:
    'The body is no JSON, or has a key that reaches for a prototype (__proto__); mend it.',
  FST_ERR_CTP_BODY_TOO_LARGE: `The body has more than ${API_BODY_BYTES_MAX} bytes; send a smaller one.`,
};

/** The decision was no. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly decision: Decision;
  readonly failure: Identified['failure'];

  constructor(decision: Decision, failure: Identified['failure'], message: string) {
    super(message);
    this.decision = decision;
    this.failure = failure;
  }
}

/** A cookie came with a request that another site made. */
export class CrossSite extends Error {
  override readonly name = 'CrossSite';
  constructor() {
    super(
      'Another site made this request with your cookie; open this site itself, or send a token or an API key.',
    );
  }
}

/** The request itself is wrong. */
export class BadRequest extends Error {
  override readonly name = 'BadRequest';
  readonly status: 400 | 401 | 403 | 404 | 405 | 409 | 415;

  constructor(message: string, status: 400 | 401 | 403 | 404 | 405 | 409 | 415 = 400) {
    super(message);
    this.status = status;
  }
}

export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
}

const RETRY_AFTER_SECONDS = '1';

export function sendError(thrown: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const error = asUploadProblem(thrown);
  const problem = problemOf(error, request);
  if (problem.status === 401) {
    reply.header('www-authenticate', challenge(error instanceof Refused ? error.failure : undefined));
  }
  if (problem.status >= 500) logFailure(error, request);
  if (problem.status === 503) reply.header('retry-after', RETRY_AFTER_SECONDS);
  if (problem.status === 429) reply.header('retry-after', String(WINDOW_MS / 1000));
  return reply
    .code(problem.status)
    .type('application/problem+json')
    .send(`${JSON.stringify(problem)}\n`);
}

/** Whoever has used a quota up may come again and again: it is no failure of ours. */
export function logFailure(thrown: unknown, request: FastifyRequest): void {
  const error = asUploadProblem(thrown);
  if (!isOverQuota(error) && !isOverQuota((error as Partial<Error>).cause)) request.log.error(error);
}

function isOverQuota(error: unknown): boolean {
  return error instanceof UploadProblem && error.code === 'quota-exceeded';
}

/** What a client is told of an error. */
export function problemOf(error: unknown, request: FastifyRequest): Problem {
  if (error instanceof Refused) return refusal(error);
  if (error instanceof CrossSite) return problem(403, error.message, 'cross-site');
  if (error instanceof UploadProblem) return problem(UPLOAD_STATUS[error.code], error.message, error.code);
  if (error instanceof ProtocolRefused) return problem(error.status, error.message, error.code);
  if (error instanceof LinkProblem) return problem(400, sentence(error.message));
  if (error instanceof BadRequest) return problem(error.status, error.message, CODE[error.status]);
  if (error instanceof NotKnown) {
    return problem(503, 'It cannot be decided right now; try again in a moment.', error.code);
  }
  if (error instanceof TooBusy) return problem(503, error.message, error.code);
  const { statusCode, message, code = '' } = error as Partial<FastifyError>;
  // Fastify's own errors about the request: too large, not the declared type, not the schema.
  if (statusCode !== undefined && statusCode < 500) {
    const detail = unknownName(error as FastifyError, request) ?? REMEDY[code];
    return problem(statusCode, detail ?? `${message}; mend the request.`, CODE[statusCode]);
  }
  if (error instanceof StoreBusy || code.startsWith('SQLITE_BUSY')) {
    const detail = 'The store is busy with a long write, such as an import; try again in a moment.';
    return problem(503, detail, 'store-busy');
  }
  if (code === 'SQLITE_FULL') {
    return problem(507, 'There is no space left for the store; free some, then try again.', 'no-space');
  }
  return problem(500, 'Something went wrong here; the log of the files service says what.', 'internal');
}

function refusal({ decision, failure, message }: Refused): Problem {
  if (decision.outcome !== 'unauthenticated' || failure !== 'limited') {
    return problem(statusOf(decision), message, decision.outcome);
  }
  const detail = 'Too many credentials that are not valid came from here; wait a minute, then try again.';
  return problem(429, detail, 'limited');
}

function problem(status: number, detail: string, code = 'bad-request'): Problem {
  return {
    type: `urn:latchkey:problem:${code}`,
    title: STATUS_CODES[status] ?? 'Error',
    status,
    detail,
  };
}

function sentence(clause: string): string {
  return `${clause.charAt(0).toUpperCase()}${clause.slice(1)}.`;
}
