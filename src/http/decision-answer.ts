/**
 * The one mapping from a decision to what nginx is told (DESIGN §3): 200, 401 or 403, always without a body,
 * since a body would cost the kept-alive connection.
 */

import type { Decision, Reason } from '../acl/decide.js';
import { isBuiltIn } from '../acl/decide.js';
import { ANYONE, AUTHENTICATED, nameOfPrincipal, type Principal, type Subject } from '../acl/principal.js';
import type { Identified } from '../credentials/credential.js';

export type AuthorizeStatus = 200 | 401 | 403;

export function statusOf(decision: Decision): AuthorizeStatus {
  switch (decision.outcome) {
    case 'allow':
      return 200;
    case 'unauthenticated':
      return 401;
    case 'forbidden':
      return 403;
    default:
      return decision.outcome satisfies never;
  }
}

/** What decided, in one word: a grant's id, or why there is none. */
export function reasonWord(reason: Reason): string {
  switch (reason.kind) {
    case 'grant':
      return isBuiltIn(reason.grant) ? 'home' : String(reason.grant.id);
    case 'administrator':
    case 'no-grant':
    case 'refused-path':
    case 'out-of-scope':
    case 'file-expired':
      return reason.kind;
    case 'signed-url':
      return `signed-url:${reason.id}`;
    case 'share-link':
      return `share-link:${reason.id}`;
    default:
      return reason satisfies never;
  }
}

/** RFC 6750 §3: a token that was sent and is not good is said to be invalid. */
export function challenge(failure: Identified['failure']): string {
  return failure === undefined ? 'Bearer realm="latchkey"' : 'Bearer realm="latchkey", error="invalid_token"';
}

/** What needs no percent-encoding in a header, the colon of `user:` among it. */
const PLAIN = /^[A-Za-z0-9:._~-]*$/;

/** Who asked, for a header: a name may hold anything, so it is percent-encoded behind its `user:`. */
export function principalHeader(subject: Subject): string {
  const principal = principalOf(subject);
  if (PLAIN.test(principal)) return principal;
  const name = nameOfPrincipal(principal);
  return principal.slice(0, principal.length - name.length) + encodeURIComponent(name);
}

function principalOf(subject: Subject): Principal {
  if (subject.user !== undefined) return subject.user;
  return subject.authenticated ? (subject.groups[0] ?? AUTHENTICATED) : ANYONE;
}

/** What the files service tells nginx for its log, in the names of `answerHeaders`. */
export function logHeaders(decision: Decision, subject: Subject): Readonly<Record<string, string>> {
  return {
    'x-latchkey-decision': decision.outcome,
    'x-latchkey-principal': principalHeader(subject),
    'x-latchkey-grant': reasonWord(decision.reason),
  };
}

/** Flat name, value list, as `http.ServerResponse.writeHead` takes it without another allocation. */
export function answerHeaders(decision: Decision, { subject, failure }: Identified): string[] {
  const headers = [
    'Content-Length',
    '0',
    'X-Latchkey-Decision',
    decision.outcome,
    'X-Latchkey-Principal',
    principalHeader(subject),
    'X-Latchkey-Grant',
    reasonWord(decision.reason),
  ];
  if (decision.outcome === 'allow') headers.push('X-Latchkey-Serve', 'yes');
  if (decision.outcome === 'unauthenticated') headers.push('WWW-Authenticate', challenge(failure));
  return headers;
}
