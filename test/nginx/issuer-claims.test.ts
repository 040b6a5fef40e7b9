/**
 * The recipes of docs/credentials.md: tokens as issuers that people have write them, by OpenID Connect discovery,
 * to the user and the groups that the grants name.
 */

import t from 'tap';
import { forge, jwk, rsa, rsaPair } from '../credentials/forge.js';
import { json, serve } from '../credentials/serving.js';
import { startSite } from './running-site.js';

interface Recipe {
  /** Behind the server's address. */
  readonly issuer: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly header: object;
  readonly claims: Readonly<Record<string, unknown>>;
  /** Who it is for the grants. */
  readonly user: string;
  readonly group: string;
  /** The same token with these claims is nobody's. */
  readonly not: readonly object[];
}

const RECIPES: Readonly<Record<string, Recipe>> = {
  Keycloak: {
    issuer: '/realms/site',
    settings: {
      LATCHKEY_JWT_AUDIENCE: 'files',
      LATCHKEY_USER_CLAIM: 'preferred_username',
      LATCHKEY_GROUPS_CLAIM: 'realm_access.roles',
    },
    header: { typ: 'JWT' },
    claims: {
      sub: '5d2e6c1b-0d0b-4b5c-8f0e-2d1f3c4b5a69',
      typ: 'Bearer',
      azp: 'site',
      aud: ['files', 'account'],
      preferred_username: 'alice',
      realm_access: { roles: ['offline_access', 'eng'] },
    },
    user: 'user:alice',
    group: 'group:eng',
    not: [{ aud: 'account' }, { aud: undefined }, { preferred_username: undefined }],
  },
  'Keycloak, the roles of a client': {
    issuer: '/realms/site',
    settings: { LATCHKEY_GROUPS_CLAIM: 'resource_access.my.app.roles', LATCHKEY_GROUP_PREFIX: 'kc:' },
    header: { typ: 'JWT' },
    claims: { sub: '5d2e6c1b', resource_access: { 'my.app': { roles: ['eng'] } } },
    user: 'user:5d2e6c1b',
    group: 'group:kc:eng',
    not: [{ sub: undefined }],
  },
  Auth0: {
    issuer: '/',
    settings: {
      LATCHKEY_JWT_AUDIENCE: 'https://files.example/',
      LATCHKEY_GROUPS_CLAIM: 'https://files.example/roles',
    },
    header: { typ: 'JWT' },
    claims: {
      sub: 'auth0|64f0c1d2e3',
      aud: ['https://files.example/', 'https://site.eu.auth0.com/userinfo'],
      scope: 'openid profile',
      'https://files.example/roles': ['eng'],
    },
    user: 'user:auth0|64f0c1d2e3',
    group: 'group:eng',
    not: [{ aud: 'https://files.example' }],
  },
  Cognito: {
    issuer: '/eu-central-1_AbCdEf123',
    settings: { LATCHKEY_USER_CLAIM: 'username', LATCHKEY_GROUPS_CLAIM: 'cognito:groups' },
    header: {},
    claims: {
      sub: 'b3c4',
      token_use: 'access',
      client_id: '1h57kf5cpq17m0eml12EXAMPLE',
      username: 'alice',
      'cognito:groups': ['eng'],
    },
    user: 'user:alice',
    group: 'group:eng',
    not: [{ username: undefined }],
  },
  'an address as the name': {
    issuer: '',
    settings: { LATCHKEY_USER_CLAIM: 'email', LATCHKEY_USER_PREFIX: 'oidc:' },
    header: { typ: 'at+jwt' },
    claims: { sub: '7', email: 'alice@site.example', email_verified: true, groups: 'eng' },
    user: 'user:oidc:alice@site.example',
    group: 'group:eng',
    not: [{ email_verified: false }, { email_verified: 'false' }, { email: undefined }],
  },
};

for (const [name, recipe] of Object.entries(RECIPES)) {
  t.test(name, async (t) => {
    const pair = rsaPair();
    const server = await serve(t, () => undefined);
    const issuer = `${server.url}${recipe.issuer}`;
    server.answer = (request, response) => {
      const { url = '' } = request;
      if (url === '/keys')
        json({ keys: [jwk(pair, { kid: 'k', alg: 'RS256', use: 'sig' })] })(request, response);
      else if (url === `${recipe.issuer.replace(/\/$/, '')}/.well-known/openid-configuration`)
        json({ issuer, jwks_uri: `${server.url}/keys` })(request, response);
      else response.writeHead(404).end();
    };
    const site = await startSite(t, {
      LATCHKEY_OIDC_ISSUER: issuer,
      LATCHKEY_ADMINS: recipe.user,
      ...recipe.settings,
    });
    const exp = Math.floor(Date.now() / 1000) + 600;
    const signed = (more: object) =>
      forge(
        { alg: 'RS256', kid: 'k', ...recipe.header },
        { iss: issuer, exp, ...recipe.claims, ...more },
        rsa(pair),
      );
    const put = await site.ask('PUT', '/files/team/plan.txt', { token: signed({}), body: 'x' });
    t.equal(put.status, 201, `${recipe.user} is the administrator`);
    const status = async (claims: object) =>
      (await site.ask('GET', '/files/team/plan.txt', { token: signed(claims) })).status;
    const somebody = {
      sub: 'other',
      preferred_username: 'other',
      username: 'other',
      email: 'other@site.example',
    };
    t.equal(await status(somebody), 403);
    t.equal((await site.cli('grant', recipe.group, 'read', '/team/')).code, 0);
    t.equal(await status(somebody), 200, `everybody in ${recipe.group}`);
    for (const claims of [...recipe.not, { iss: `${issuer}x` }, { iss: undefined }]) {
      t.equal(await status(claims), 401, JSON.stringify(claims));
    }
  });
}
