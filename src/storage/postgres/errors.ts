/**
 * What went wrong between us and PostgreSQL, in the words of the core. Two things are told apart with care: an answer of
 * the server, after which the connection is as good as before, and a connection that is lost.
 */

import pg from 'pg';
import { NotKnown, StoreBusy } from '../../acl/errors.js';
import { tlsRemedy } from '../tls-remedies.js';

/** The server ended the transaction so that another one can go on: the same again may succeed. */
const AGAIN: ReadonlySet<string> = new Set(['40001', '40P01']);
const LOCK_NOT_AVAILABLE = '55P03';
/** Integrity: somebody gave what the schema refuses, and the store is well. */
const CONSTRAINT_CLASS = '23';

/** What every failed statement is thrown as: whatever else a transaction throws is its work's own. */
export class StatementFailed extends Error {
  override readonly name = 'StatementFailed';
  /** SQLSTATE; `undefined`: it is not the server that said so. */
  readonly code: string | undefined;
  /** Nobody knows what the connection is doing: it is to be thrown away. */
  readonly lost: boolean;

  constructor(cause: unknown) {
    super(messageOf(cause), { cause });
    const answer = cause instanceof pg.DatabaseError ? cause : undefined;
    this.code = answer?.code;
    this.lost = answer?.severity !== 'ERROR'; // FATAL and PANIC end the connection
  }

  get isWorthAgain(): boolean {
    return this.code !== undefined && AGAIN.has(this.code);
  }
}

/** @param consequence what is known of the change, such as `nothing was changed` */
export function notWritten(cause: unknown, consequence: string): unknown {
  if (!(cause instanceof StatementFailed)) return cause;
  if (cause.code === LOCK_NOT_AVAILABLE) return busy();
  if (cause.code?.startsWith(CONSTRAINT_CLASS)) return cause;
  return new NotKnown('store-unavailable', `the store cannot be written, ${consequence}: ${cause.message}`, {
    cause,
  });
}

export function notRead(cause: unknown): unknown {
  if (!(cause instanceof StatementFailed)) return cause;
  return new NotKnown('store-unavailable', `the store cannot be read: ${cause.message}`, { cause });
}

/** @param holder what is known of who writes, such as `an import is under way` */
export function busy(holder = 'others have been writing to the store for too long'): StoreBusy {
  return new StoreBusy(`${holder}, so nothing was changed; wait until that has ended, then try again`);
}

const TLS_WORDS = { authority: 'sslrootcert=', certificate: 'sslcert= and sslkey=' };
/** The driver's own errors have no codes. */
const TLS_SENTENCES: Readonly<Record<string, string>> = {
  'The server does not support SSL connections':
    "turn on 'ssl' there, or say sslmode=disable where the network is yours alone",
  'There was an error establishing an SSL connection':
    'what answers there is no PostgreSQL; look who that is',
};

/** Also where TLS failed: with what is to be done. */
function messageOf(error: unknown): string {
  // Of several addresses of one host each may fail in its own way; the sum of them has no message.
  if (error instanceof AggregateError && error.message === '') return error.errors.map(messageOf).join(', ');
  if (!(error instanceof Error)) return String(error);
  const remedy = TLS_SENTENCES[error.message] ?? tlsRemedy(error, TLS_WORDS);
  return remedy === undefined ? error.message : `${error.message}: ${remedy}`;
}
