/**
 * Errors as `application/problem+json` (RFC 9457) that name the remedy. The one mapping from our errors to
 * HTTP statuses on the files service.
 */

import { STATUS_CODES } from 'node:http';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import type { Decision } from '../acl/decide.js';
import { NotKnown } from '../acl/errors.js';
import { UploadProblem, type UploadProblemCode } from '../uploads/problem.js';
import { challenge, statusOf } from './decision-answer.js';

const UPLOAD_STATUS: Readonly<Record<UploadProblemCode, number>> = {
  'bad-request': 400,
  incomplete: 400,
  'not-found': 404,
  conflict: 409,
  'precondition-failed': 412,
  'too-large': 413,
  'no-space': 507,
};

/** The decision was no. */
export class Refused extends Error {
  override readonly name = 'Refused';
  constructor(
    readonly decision: Decision,
    readonly invalidCredential: boolean,
    message: string,
  ) {
    super(message);
  }
}

/** The request itself is wrong. */
export class BadRequest extends Error {
  override readonly name = 'BadRequest';
  constructor(
    message: string,
    readonly status: 400 | 404 | 405 | 415 = 400,
  ) {
    super(message);
  }
}

export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
}

const RETRY_AFTER_SECONDS = '1';

export function sendError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (error instanceof Refused && statusOf(error.decision) === 401) {
    reply.header('www-authenticate', challenge(error.invalidCredential));
  }
  const problem = problemOf(error);
  if (problem.status >= 500) request.log.error(error);
  if (problem.status === 503) reply.header('retry-after', RETRY_AFTER_SECONDS);
  return reply.code(problem.status).type('application/problem+json').send(problem);
}

function problemOf(error: unknown): Problem {
  if (error instanceof Refused) return problem(statusOf(error.decision), error.message);
  if (error instanceof UploadProblem) return problem(UPLOAD_STATUS[error.code], error.message, error.code);
  if (error instanceof BadRequest) return problem(error.status, error.message);
  if (error instanceof NotKnown) {
    return problem(503, 'It cannot be decided right now; try again in a moment.', error.code);
  }
  const { statusCode, message, code } = error as FastifyError;
  // Fastify's own errors about the request: too large, not the declared type, not the schema.
  if (statusCode !== undefined && statusCode < 500) return problem(statusCode, message);
  if (code === 'SQLITE_BUSY') {
    return problem(503, 'The store is busy with a long write, such as an import; try again in a moment.');
  }
  return problem(500, 'Something went wrong here; the log of the files service says what.');
}

function problem(status: number, detail: string, code?: string): Problem {
  return {
    type: code === undefined ? 'about:blank' : `urn:latchkey:problem:${code}`,
    title: STATUS_CODES[status] ?? 'Error',
    status,
    detail,
  };
}
