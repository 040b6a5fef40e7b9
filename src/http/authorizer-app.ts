/**
 * The authorizer as an application: given what it needs, listening to nothing. It reads, it never writes.
 */

import Fastify, { type FastifyInstance } from 'fastify';
import type { Authorizer } from '../acl/authorizer.js';
import type { VerifyToken } from '../credentials/access-token.js';
import type { Credentials } from '../credentials/credential.js';
import type { TokenKey } from '../credentials/token-key.js';
import { AUTHORIZE_PREFIX, authorizeHandler } from './authorize.js';
import { type CheckReady, healthRoutes } from './health.js';
import { type Logger, serverOptions } from './server-options.js';
import { registerTokenVerifier } from './token-verifier.js';

export interface AuthorizerAppDeps {
  readonly authorizer: Authorizer;
  readonly tokenKey: TokenKey;
  /** The kinds of credential in their order, over the verifier of access tokens. */
  readonly credentials: (verify: VerifyToken) => Credentials;
  readonly mount: string;
  readonly checkReady: CheckReady;
  readonly logger: Logger;
}

export async function buildAuthorizerApp(deps: AuthorizerAppDeps): Promise<FastifyInstance> {
  const app = Fastify({
    ...serverOptions(deps.logger),
    // The router sees a constant; the handler reads the original URL.
    rewriteUrl: ({ url = '' }) => (url.startsWith(AUTHORIZE_PREFIX) ? AUTHORIZE_PREFIX : url),
  });
  const verify = await registerTokenVerifier(app, deps.tokenKey);
  const handler = authorizeHandler({
    authorizer: deps.authorizer,
    credentials: deps.credentials(verify),
    mount: deps.mount,
  });
  app.get(AUTHORIZE_PREFIX, { exposeHeadRoute: false }, handler);
  healthRoutes(app, deps.checkReady);
  return app;
}
