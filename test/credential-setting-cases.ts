/** The settings of credentials and of what a visitor is told; beside them `setting-cases.ts` has all others. */

import { generateKeyPairSync } from 'node:crypto';
import type { Config } from '../src/config.js';
import type { Environment } from '../src/settings/environment.js';

export const SECRET = 'a secret of at least 32 bytes, here';
export const NEEDED = "at least 32 are needed ('openssl rand -hex 32')";
export const WORD = "takes letters, digits, '.', '_' and '-'";
const LONG = 'x'.repeat(32);
const IS_PUBLIC =
  'is a public key, which everybody may know; give it as LATCHKEY_JWT_PEM_FILE or LATCHKEY_JWKS_FILE';

const PUBLIC_KEY = generateKeyPairSync('ed25519').publicKey;
const PUBLIC_PEM = PUBLIC_KEY.export({ type: 'spki', format: 'pem' }).toString();
const PUBLIC_DER = PUBLIC_KEY.export({ type: 'spki', format: 'der' });
const PUBLIC_JWK = PUBLIC_KEY.export({ format: 'jwk' });

const PROXY = { LATCHKEY_PROXY_USER_HEADER: 'Remote-User', LATCHKEY_PROXY_SECRET: SECRET };
const SESSION = { LATCHKEY_SESSION_URL: 'http://site/me', LATCHKEY_SESSION_COOKIES: 'sessionid' };

export interface Case {
  readonly read: (config: Config) => unknown;
  /** Settings without which this one means nothing. */
  readonly beside?: Environment;
  readonly initial: unknown;
  readonly good: Readonly<Record<string, unknown>>;
  /** The value, and what follows the setting's name in the message. */
  readonly bad: Readonly<Record<string, string>>;
}

export const CREDENTIAL_SETTINGS: Readonly<Record<string, Case>> = {
  LATCHKEY_CREDENTIALS: {
    read: (config) => config.credentials,
    initial: ['access-token', 'api-key', 'proxy-header', 'session'],
    good: {
      'api-key': ['api-key'],
      'session, access-token': ['access-token', 'session'],
      ',': [],
    },
    bad: { password: "takes access-token, api-key, proxy-header, session, not 'password'" },
  },
  LATCHKEY_JWT_SECRET: {
    read: (config) => config.tokens.secrets,
    initial: undefined,
    good: {
      [SECRET]: [{ id: undefined, secret: SECRET }],
      ['é'.repeat(16)]: [{ id: undefined, secret: 'é'.repeat(16) }],
      [`2026-11 ${LONG}\nold ${LONG}!\n\n${LONG}?`]: [
        { id: '2026-11', secret: LONG },
        { id: 'old', secret: `${LONG}!` },
        { id: undefined, secret: `${LONG}?` },
      ],
    },
    bad: {
      short: `has 5 bytes; ${NEEDED}`,
      ['x'.repeat(31)]: `has 31 bytes; ${NEEDED}`,
      [`${LONG}\nnew short`]: `in its line 2 has 5 bytes; ${NEEDED}`,
      [`a ${LONG}\na ${LONG}!`]: 'has two secrets of one key id',
      [PUBLIC_PEM]: IS_PUBLIC,
      [PUBLIC_PEM.replace(/-----[^-]+-----|\n/g, '')]: IS_PUBLIC,
      [PUBLIC_DER.toString('hex')]: IS_PUBLIC,
      [PUBLIC_DER.toString('base64url')]: IS_PUBLIC,
      [JSON.stringify(PUBLIC_JWK)]: IS_PUBLIC,
      'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0000000000000000000000000000000000000000000': IS_PUBLIC,
    },
  },
  LATCHKEY_JWT_PEM_FILE: {
    read: (config) => config.tokens.pemFile,
    initial: undefined,
    good: { '/etc/latchkey/issuer.pem': '/etc/latchkey/issuer.pem' },
    bad: {},
  },
  LATCHKEY_JWKS_FILE: {
    read: (config) => config.tokens.jwksFile,
    initial: undefined,
    good: { '/etc/latchkey/keys.json': '/etc/latchkey/keys.json' },
    bad: {},
  },
  LATCHKEY_JWKS_URL: {
    read: (config) => config.tokens.jwksUrl,
    initial: undefined,
    good: { 'https://id.example/keys?tenant=a': 'https://id.example/keys?tenant=a' },
    bad: {
      'id.example/keys': "takes an http or https URL, not 'id.example/keys'",
      'file:///etc/keys': "takes an http or https URL, not 'file:///etc/keys'",
      'https://me:secret@id.example/': 'takes a URL without a user, a password and a #',
    },
  },
  LATCHKEY_OIDC_ISSUER: {
    read: (config) => config.tokens.oidcIssuer,
    initial: undefined,
    good: { 'https://id.example/realms/site': 'https://id.example/realms/site' },
    bad: { issuer: "takes an http or https URL, not 'issuer'" },
  },
  LATCHKEY_JWT_RSA_ALGORITHM: {
    read: (config) => config.tokens.rsaAlgorithm,
    initial: 'RS256',
    good: { PS256: 'PS256' },
    bad: { HS256: "takes RS256, RS384, RS512, PS256, PS384, PS512, not 'HS256'" },
  },
  LATCHKEY_JWT_ISSUER: {
    read: (config) => config.tokens.issuers,
    initial: [],
    good: { 'https://a': ['https://a'], ' https://a , b,, ': ['https://a', 'b'], ',': [] },
    bad: {},
  },
  LATCHKEY_JWT_AUDIENCE: {
    read: (config) => config.tokens.audiences,
    initial: [],
    good: { 'a,b': ['a', 'b'] },
    bad: {},
  },
  LATCHKEY_TOKEN_COOKIE: {
    read: (config) => config.tokens.cookie,
    initial: undefined,
    good: { access: 'access', '__Host-token': '__Host-token' },
    bad: {
      'a b': "is no cookie name: 'a b'",
      'a=b': "is no cookie name: 'a=b'",
      'a;': "is no cookie name: 'a;'",
    },
  },
  LATCHKEY_USER_CLAIM: {
    read: (config) => config.tokens.userClaim,
    initial: 'sub',
    good: { email: 'email' },
    bad: {},
  },
  LATCHKEY_GROUPS_CLAIM: {
    read: (config) => config.tokens.groupsClaim,
    initial: 'groups',
    good: { 'realm_access.roles': 'realm_access.roles' },
    bad: {},
  },
  LATCHKEY_USER_PREFIX: {
    read: (config) => config.userPrefix,
    initial: '',
    good: { 'oidc:': 'oidc:' },
    bad: {},
  },
  LATCHKEY_GROUP_PREFIX: {
    read: (config) => config.groupPrefix,
    initial: '',
    good: { 'oidc:': 'oidc:' },
    bad: {},
  },
  LATCHKEY_PROXY_USER_HEADER: {
    read: (config) => config.proxy?.userHeader,
    initial: undefined,
    beside: { LATCHKEY_PROXY_SECRET: SECRET },
    good: { 'X-Auth-Request-User': 'X-Auth-Request-User' },
    bad: { X_User: "is no header's name of letters, digits and '-': 'X_User'" },
  },
  LATCHKEY_PROXY_GROUPS_HEADER: {
    read: (config) => config.proxy?.groupsHeader,
    initial: undefined,
    beside: PROXY,
    good: { 'Remote-Groups': 'Remote-Groups' },
    bad: { 'a:b': "is no header's name of letters, digits and '-': 'a:b'" },
  },
  LATCHKEY_PROXY_GROUPS_SEPARATOR: {
    read: (config) => config.proxy?.groupsSeparator,
    initial: ',',
    beside: PROXY,
    good: { '|': '|' },
    bad: {},
  },
  LATCHKEY_PROXY_SECRET: {
    read: (config) => config.proxy?.proof.secret,
    initial: undefined,
    beside: { LATCHKEY_PROXY_USER_HEADER: 'Remote-User', LATCHKEY_PROXY_ADDRESSES: '10.0.0.7' },
    good: { [SECRET]: SECRET },
    bad: { short: `has 5 bytes; ${NEEDED}` },
  },
  LATCHKEY_PROXY_ADDRESSES: {
    read: ({ proxy }) => {
      const { list, unixSocket } = proxy?.proof.addresses ?? {};
      const known = ['10.0.0.7', '10.1.0.1', '::1', 'fd00::1'];
      const among = known.filter((address) => list?.check(address, address.includes(':') ? 'ipv6' : 'ipv4'));
      return proxy?.proof.addresses && [...among, ...(unixSocket ? ['unix:'] : [])];
    },
    initial: undefined,
    beside: PROXY,
    good: {
      '10.0.0.7': ['10.0.0.7'],
      '10.0.0.0/8, unix:': ['10.0.0.7', '10.1.0.1', 'unix:'],
      'fd00::/8,::1': ['::1', 'fd00::1'],
    },
    bad: Object.fromEntries(
      ['proxy', '0.0.0.0/0', '10.0.0.0/33', '10.0.0.0/x', '10.0.0', '::/0'].map((text) => [
        text,
        `takes addresses, ranges such as 10.0.0.0/8, and unix:, not '${text}'`,
      ]),
    ),
  },
  LATCHKEY_SESSION_URL: {
    read: (config) => config.session?.url,
    initial: undefined,
    beside: { LATCHKEY_SESSION_COOKIES: 'sessionid' },
    good: { 'http://127.0.0.1:8000/me': 'http://127.0.0.1:8000/me' },
    bad: { '/me': "takes an http or https URL, not '/me'" },
  },
  LATCHKEY_SESSION_COOKIES: {
    read: (config) => config.session?.cookieNames,
    initial: undefined,
    good: { 'sessionid, other': undefined },
    bad: { 'a b': "is no cookie name: 'a b'" },
  },
  LATCHKEY_SESSION_USER_FIELD: {
    read: (config) => config.session?.userField,
    initial: 'user',
    beside: SESSION,
    good: { 'data.user.name': 'data.user.name' },
    bad: {},
  },
  LATCHKEY_SESSION_GROUPS_FIELD: {
    read: (config) => config.session?.groupsField,
    initial: 'groups',
    beside: SESSION,
    good: { roles: 'roles' },
    bad: {},
  },
  LATCHKEY_SESSION_KEPT_MS: {
    read: (config) => config.session?.keptMs,
    initial: 30_000,
    beside: SESSION,
    good: { '1': 1, '3600000': 3_600_000 },
    bad: {
      '0': "takes a whole number from 1 to 3600000, not '0'",
      '3600001': "takes a whole number from 1 to 3600000, not '3600001'",
      '30s': "takes a whole number from 1 to 3600000, not '30s'",
    },
  },
  LATCHKEY_SESSION_TIMEOUT_MS: {
    read: (config) => config.session?.timeoutMs,
    initial: 1_000,
    beside: SESSION,
    good: { '500': 500 },
    bad: { '2000': "takes a whole number from 1 to 1900, not '2000'" },
  },
  LATCHKEY_SESSION_HOOK_SECRET: {
    read: (config) => config.sessionHookSecret,
    initial: undefined,
    good: { [SECRET]: SECRET },
    bad: { short: `has 5 bytes; ${NEEDED}` },
  },
  LATCHKEY_LOGIN_URL: {
    read: (config) => config.visitor.loginUrl,
    initial: undefined,
    beside: { LATCHKEY_PUBLIC_URL: 'https://files.example' },
    good: { '/login?a=b': '/login?a=b', 'https://id.example/login': 'https://id.example/login' },
    bad: {
      '//id.example/login': "takes an http or https URL, not '//id.example/login'",
      '/\\id.example': "takes an http or https URL, not '/\\id.example'",
      'javascript:alert(1)': "takes an http or https URL, not 'javascript:alert(1)'",
    },
  },
  LATCHKEY_LOGIN_PARAMETER: {
    read: (config) => config.visitor.loginParameter,
    initial: 'next',
    good: { rd: 'rd' },
    bad: { 'a&b': "takes letters, digits, '.', '_' and '-', not 'a&b'" },
  },
  LATCHKEY_PUBLIC_URL: {
    read: (config) => config.visitor.publicUrl,
    initial: undefined,
    good: {
      'https://files.example': 'https://files.example',
      'http://127.0.0.1:8080/': 'http://127.0.0.1:8080',
    },
    bad: {
      'https://files.example/x':
        "takes a scheme and a host, such as https://files.example, not 'https://files.example/x'",
    },
  },
  LATCHKEY_HIDE_FORBIDDEN: {
    read: (config) => config.visitor.hideForbidden,
    initial: false,
    good: { yes: true, no: false },
    bad: { true: "takes yes, no, not 'true'" },
  },
  LATCHKEY_CORS_ORIGINS: {
    read: (config) => config.corsOrigins,
    initial: [],
    good: { 'https://app.example, http://localhost:3000': ['https://app.example', 'http://localhost:3000'] },
    bad: { '*': "takes an http or https URL, not '*'" },
  },
  LATCHKEY_FAILURES_MAX: {
    read: (config) => config.failures.addressMax,
    initial: 300,
    good: { '10': 10 },
    bad: { none: "takes a whole number from 1 to 999999, not 'none'" },
  },
  LATCHKEY_USER_FAILURES_MAX: {
    read: (config) => config.failures.userMax,
    initial: 100,
    good: { '10': 10 },
    bad: { '0': "takes a whole number from 1 to 999999, not '0'" },
  },
};
