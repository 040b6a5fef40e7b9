/**
 * `POST /_latchkey/api/v1/sessions/end`: the site says that a session has ended, or that a user has signed out
 * everywhere. What was kept of it counts no more when the answer is there.
 */

import { timingSafeEqual } from 'node:crypto';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import type { Receipts } from '../acl/fleet-ports.js';
import type { CredentialStore } from '../acl/ports.js';
import { userPrincipal } from '../acl/principal.js';
import { hashSession, sessionCookies } from '../credentials/session.js';
import { API_PREFIX } from './acl-routes.js';
import { EffectiveSchema, effectiveOn } from './effective.js';
import { BadRequest } from './problem.js';
import { CLOSED, NO_QUERY } from './strict-schema.js';
import { ProblemSchema } from './write-schemas.js';

export interface SessionHook {
  /** What the site proves itself with, as a bearer. */
  readonly secret: string;
  readonly cookieNames: readonly string[];
  /** Put before the name of every user that signs in: the site names its users without it. */
  readonly userPrefix: string;
}

export interface SessionRouteDeps {
  readonly hook: SessionHook;
  readonly credentialStore: CredentialStore;
  readonly receipts: Receipts | undefined;
  /** UTC milliseconds. */
  readonly clock: () => number;
}

const schema = {
  tags: ['sessions'],
  summary: 'Said by the site: a session has ended, or all of a user',
  querystring: NO_QUERY,
  body: Type.Object(
    {
      cookie: Type.Optional(
        Type.String({ maxLength: 16_384, description: 'the Cookie header of the session, as it came' }),
      ),
      // A site's ids are often numbers, and its answers to us may have them as such.
      user: Type.Optional(
        Type.Union([Type.String({ minLength: 1, maxLength: 255 }), Type.Integer()], {
          description: 'the user, as the site names it: everything kept of its sessions ends, and its tokens',
        }),
      ),
    },
    CLOSED,
  ),
  response: {
    200: Type.Object({ revision: Type.Integer(), effective: EffectiveSchema }),
    400: ProblemSchema,
    401: ProblemSchema,
    503: ProblemSchema,
  },
};

export function sessionRoute(instance: FastifyInstance, deps: SessionRouteDeps): void {
  const { hook, credentialStore, clock } = deps;
  const app = instance.withTypeProvider<TypeBoxTypeProvider>();
  app.post(`${API_PREFIX}/sessions/end`, { schema }, async (request) => {
    if (!isBearer(request.headers.authorization, hook.secret)) {
      throw new BadRequest('This is for the site: send LATCHKEY_SESSION_HOOK_SECRET as a bearer.', 401);
    }
    const { cookie, user } = request.body;
    if ((cookie === undefined) === (user === undefined)) {
      throw new BadRequest('Name either the cookie of a session, or a user.');
    }
    if (user !== undefined) {
      const principal = userPrincipal(hook.userPrefix + user);
      if (principal === undefined) throw new BadRequest(`${JSON.stringify(user)} cannot be a user's name.`);
      const { revision } = await credentialStore.signOut(principal, clock());
      return { revision, ...(await effectiveOn(deps.receipts, revision, request.log)) };
    }
    const cookies = sessionCookies(cookie, hook.cookieNames);
    if (cookies === undefined) {
      throw new BadRequest(`The cookie is none of the session's: ${hook.cookieNames.join(', ')}.`);
    }
    const { revision } = await credentialStore.endSession(hashSession(cookies), clock());
    return { revision, ...(await effectiveOn(deps.receipts, revision, request.log)) };
  });
}

function isBearer(authorization: string | undefined, secret: string): boolean {
  const expected = Buffer.from(`Bearer ${secret}`);
  const given = Buffer.from(authorization ?? '', 'latin1');
  return given.length === expected.length && timingSafeEqual(given, expected);
}
