/**
 * What every route of the files service asks first: who is this, and may they? The same credentials and the
 * same core as the authorizer's; nothing that nginx says about the visitor is believed.
 */

import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Action } from '../acl/action.js';
import type { Authorizer } from '../acl/authorizer.js';
import { type Decision, refusal } from '../acl/decide.js';
import type { Subject } from '../acl/principal.js';
import { decodeResourcePath, type ResourcePath } from '../acl/resource-path.js';
import type { Credentials, Identified } from '../credentials/credential.js';
import { askedOf } from '../credentials/presented.js';
import { isFromAnotherSite } from './cross-site.js';
import { logHeaders } from './decision-answer.js';
import { CrossSite, Refused } from './problem.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** What was decided last about this request, and about whom: for the headers that nginx logs. */
    judged: { readonly decision: Decision; readonly subject: Subject } | undefined;
  }
}

/** Tells nginx what was decided, for its log; it hides these headers from the visitor. */
export function tellDecisions(app: FastifyInstance): void {
  app.decorateRequest('judged', undefined);
  app.addHook('onSend', async ({ judged }, reply) => {
    if (judged !== undefined) reply.headers(logHeaders(judged.decision, judged.subject));
  });
}

/** Who asks, as the credentials of one request say, and the request. */
export interface Visitor extends Identified {
  readonly request: FastifyRequest;
}

export class Gate {
  readonly #authorizer: Authorizer;
  readonly #credentials: Credentials;
  readonly #publicUrl: string | undefined;

  /** @param publicUrl scheme and host of this site, where they are configured */
  constructor(authorizer: Authorizer, credentials: Credentials, publicUrl: string | undefined) {
    this.#authorizer = authorizer;
    this.#credentials = credentials;
    this.#publicUrl = publicUrl;
  }

  /** For a request that changes nothing. */
  async identify(request: FastifyRequest): Promise<Visitor> {
    return { ...(await this.#credentials.identify(askedOf(request.headers))), request };
  }

  /**
   * For a request that may change something: a credential that a browser sends by itself counts only when our own
   * site asked. @throws CrossSite
   */
  async identifyOwn(request: FastifyRequest): Promise<Visitor> {
    const who = await this.identify(request);
    if (who.ambient && isFromAnotherSite(request.headers, this.#publicUrl)) throw new CrossSite();
    return who;
  }

  /** Where a no is not told as one. @throws NotKnown */
  async decide(who: Visitor, action: Action, path: ResourcePath): Promise<Decision> {
    const decision = await this.#authorizer.authorize({ subject: who.subject, action, path });
    who.request.judged = { decision, subject: who.subject };
    return decision;
  }

  /** @throws Refused, or NotKnown */
  async require(who: Visitor, action: Action, path: ResourcePath): Promise<Subject> {
    const decision = await this.decide(who, action, path);
    if (decision.outcome !== 'allow') {
      throw new Refused(decision, who.failure, refusalText(decision.outcome, action));
    }
    return who.subject;
  }

  /**
   * The path behind a URL prefix. @throws Refused where it is none: a stranger cannot tell a refused path
   * from one that nobody was granted.
   */
  pathBehind(prefix: string, who: Visitor): ResourcePath {
    const url = who.request.originalUrl;
    const end = url.indexOf('?');
    const encoded = url.slice(prefix.length - 1, end === -1 ? undefined : end);
    const path = url.startsWith(prefix) ? decodeResourcePath(encoded) : undefined;
    if (path !== undefined) return path;
    const outcome = refusal(who.subject.authenticated);
    const decision = { outcome, reason: { kind: 'refused-path' } } as const;
    who.request.judged = { decision, subject: who.subject };
    throw new Refused(decision, who.failure, refusalText(outcome, 'read'));
  }
}

function refusalText(outcome: 'unauthenticated' | 'forbidden', action: Action): string {
  return outcome === 'unauthenticated'
    ? 'Nobody is signed in, or the credential is not valid; sign in, then try again.'
    : `You may not ${action} this; ask someone who manages it for a grant.`;
}
