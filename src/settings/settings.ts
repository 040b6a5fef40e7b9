/**
 * Every setting: its name in the environment, what it is, its default and its parser. `config.ts` reads them.
 */

import type { Principal } from '../acl/principal.js';
import { RSA_ALGORITHMS, type RsaAlgorithm } from '../credentials/rsa-algorithm.js';
import { withoutPassword } from '../storage/postgres/address.js';
import type { FolderTypes } from '../uploads/folder-types.js';
import { typesByFolder } from './folder-type-setting.js';
import {
  atLeast,
  atMost,
  count,
  durationOrNone,
  GIB,
  KIB,
  MIB,
  scanTimeout,
  size,
  sizeOrNone,
  staleness,
} from './numbers.js';
import {
  absolute,
  addresses,
  type DatabasePlace,
  databaseUrl,
  listenAddress,
  loginUrl,
  mount,
  origin,
  origins,
  redisUrl,
  url,
} from './places.js';
import { durationSetting, optional, type Setting, secretSetting, setting } from './setting.js';
import {
  administrators,
  CREDENTIAL_KINDS,
  type CredentialKindName,
  cookieName,
  cookieNames,
  credentialKinds,
  headerName,
  headerWord,
  homeTemplate,
  linkKeys,
  list,
  mediaTypes,
  oneOf,
  programWords,
  rsaAlgorithm,
  secret,
  secrets,
  text,
} from './words.js';

const CACHE_BYTES_MIN = 16 * MIB;
/** The mark of a session that was ended is kept for a day (acl/ports.ts). */
const SESSION_KEPT_MS_MAX = 60 * 60 * 1000;
/** nginx gives the authorizer two seconds. */
const SESSION_TIMEOUT_MS_MAX = 1_900;

export const SETTINGS = {
  LATCHKEY_DATA: setting('folder of the database, the secret, the sockets and the files', 'data', text),
  LATCHKEY_DATABASE_URL: {
    help: 'sqlite:FILE, relative to the data folder, or postgres://USER@HOST/DATABASE',
    initial: databaseUrl('sqlite:latchkey.db'),
    initialText: 'sqlite:latchkey.db',
    parse: databaseUrl,
    secret: true, // it may have a password in it
    shown: withoutPassword,
  } satisfies Setting<DatabasePlace>,
  LATCHKEY_REDIS_URL: secretSetting(
    'redis://HOST:PORT, redis+sentinel://HOST,HOST/MASTER or redis+cluster://HOST,HOST, and rediss for TLS: tells authorizers of changes in a PostgreSQL store; empty: PostgreSQL tells them',
    redisUrl,
  ),
  LATCHKEY_STALENESS_MAX_MS: setting(
    'with PostgreSQL: milliseconds after which an authorizer that heard nothing of the store asks it for each decision',
    2_000,
    staleness,
  ),
  LATCHKEY_ROOT: optional("nginx's root; empty: DATA/store", absolute),
  LATCHKEY_MOUNT: setting('URL prefix of the private files', '/files/', mount),
  LATCHKEY_PARTIAL: optional(
    'folder of uploads under way, on the file system of the root; empty: DATA/partial',
    absolute,
  ),
  LATCHKEY_USER: optional('user that the services drop to when started as root', text),
  LATCHKEY_CREDENTIALS: setting(
    'kinds of credential that count; commas separate several',
    CREDENTIAL_KINDS as readonly CredentialKindName[],
    credentialKinds,
  ),

  // Access tokens
  LATCHKEY_JWT_SECRET: secretSetting(
    'HS256 secret of access tokens, or lines of KEY-ID SECRET; empty: DATA/secret, made at the first start, unless another source of keys is given',
    secrets,
  ),
  LATCHKEY_JWT_PEM_FILE: optional('file of public keys or certificates of access tokens, PEM', text),
  LATCHKEY_JWKS_FILE: optional('file of a JWK set for access tokens', text),
  LATCHKEY_JWKS_URL: optional('URL of a JWK set for access tokens', url),
  LATCHKEY_OIDC_ISSUER: optional('OpenID Connect issuer of access tokens, which names its JWK set', url),
  LATCHKEY_JWT_RSA_ALGORITHM: setting(
    `algorithm of RSA keys that name none: ${RSA_ALGORITHMS.join(', ')}`,
    'RS256' as RsaAlgorithm,
    rsaAlgorithm,
  ),
  LATCHKEY_JWT_ISSUER: setting(
    'required `iss` of access tokens; commas separate several',
    [] as readonly string[],
    list,
  ),
  LATCHKEY_JWT_AUDIENCE: setting(
    'required `aud` of access tokens; commas separate several',
    [] as readonly string[],
    list,
  ),
  LATCHKEY_TOKEN_COOKIE: optional('name of a cookie that carries the access token; empty: none', cookieName),
  LATCHKEY_USER_CLAIM: setting('claim of the access token that names the user; dots go inwards', 'sub', text),
  LATCHKEY_GROUPS_CLAIM: setting(
    'claim of the access token that lists groups; dots go inwards',
    'groups',
    text,
  ),
  LATCHKEY_USER_PREFIX: setting('put before the name of every user that signs in, such as oidc:', '', text),
  LATCHKEY_GROUP_PREFIX: setting('put before the name of every group that a credential claims', '', text),

  // Headers of a proxy that signs people in
  LATCHKEY_PROXY_USER_HEADER: optional('header of the proxy that names the user; empty: off', headerName),
  LATCHKEY_PROXY_GROUPS_HEADER: optional('header of the proxy that lists groups', headerName),
  LATCHKEY_PROXY_GROUPS_SEPARATOR: setting('between two groups in it', ',', text),
  LATCHKEY_PROXY_SECRET: secretSetting(
    'what the proxy proves itself with, in the header X-Latchkey-Proxy-Secret',
    secret,
  ),
  LATCHKEY_PROXY_ADDRESSES: optional(
    'addresses or ranges of the proxy, and unix: for one on this machine; commas separate several',
    addresses,
  ),

  // Sessions of the site
  LATCHKEY_SESSION_URL: optional('URL of the site that tells whose a session is; empty: off', url),
  LATCHKEY_SESSION_COOKIES: setting(
    'names of the cookies that are sent there; commas separate several',
    [] as readonly string[],
    cookieNames,
  ),
  LATCHKEY_SESSION_USER_FIELD: setting(
    'field of the answer that names the user; dots go inwards',
    'user',
    text,
  ),
  LATCHKEY_SESSION_GROUPS_FIELD: setting(
    'field of the answer that lists groups; dots go inwards',
    'groups',
    text,
  ),
  LATCHKEY_SESSION_KEPT_MS: setting('how long an answer is believed', 30_000, atMost(SESSION_KEPT_MS_MAX)),
  LATCHKEY_SESSION_TIMEOUT_MS: setting('how long the site may take', 1_000, atMost(SESSION_TIMEOUT_MS_MAX)),
  LATCHKEY_SESSION_HOOK_SECRET: secretSetting(
    'what the site proves itself with when it says that a session has ended; empty: it cannot',
    secret,
  ),

  // What a visitor is told
  LATCHKEY_LOGIN_URL: optional(
    'where a browser that must sign in is sent: a URL, or a path of this site',
    loginUrl,
  ),
  LATCHKEY_LOGIN_PARAMETER: setting('parameter of it that names where to come back to', 'next', headerWord),
  LATCHKEY_PUBLIC_URL: optional('this site as browsers see it, such as https://files.example', origin),
  LATCHKEY_HIDE_FORBIDDEN: setting(
    'yes: 404 instead of 403 for those who are signed in',
    'no',
    oneOf('yes', 'no'),
  ),
  LATCHKEY_CORS_ORIGINS: setting(
    'other sites whose pages may read the files; commas separate several',
    [] as readonly string[],
    origins,
  ),
  LATCHKEY_FAILURES_MAX: setting('failed credentials a minute from one address', 300, count),
  LATCHKEY_USER_FAILURES_MAX: setting('failed credentials a minute that name one user', 100, count),

  // Links
  LATCHKEY_LINK_SECRET: secretSetting(
    'keys that sign URLs, as lines of KEY-ID SECRET, the first one for our own; empty: DATA/link-secret, made at the first start',
    linkKeys,
  ),
  LATCHKEY_LINK_LIFETIME: durationSetting('how long a share link is good that asks for nothing else', '7d'),
  LATCHKEY_LINK_LIFETIME_MAX: durationSetting('the longest that a share link may be good', '365d'),
  LATCHKEY_LINK_PREFIX: setting(
    'URL prefix of share links as they are printed: /s/, or /_latchkey/s/ where the site has that for itself',
    '/s/',
    mount,
  ),
  LATCHKEY_SIGNED_URL_LIFETIME_MAX: durationSetting('the longest that a signed URL may live', '7d'),
  LATCHKEY_LINK_LEASE: durationSetting(
    'how long a download by a link with a limit may be resumed and repeated as the same one',
    '6h',
  ),

  LATCHKEY_ADMINS: setting(
    'principals with manage everywhere; commas separate several',
    [] as readonly Principal[],
    administrators,
  ),
  LATCHKEY_HOME: setting(
    "folder that is a user's own; empty: nobody has one",
    homeTemplate('/users/{user}/'),
    homeTemplate,
  ),
  LATCHKEY_CACHE_BYTES_MAX: setting(
    "bound of the authorizer's cache, at least 16m",
    64 * MIB,
    atLeast(CACHE_BYTES_MIN),
  ),
  LATCHKEY_UPLOAD_BYTES_MAX: setting('largest upload', 10 * GIB, size),
  LATCHKEY_USER_BYTES_MAX: optional(
    "bytes that each user's files may have who has no quota of their own; empty: no limit",
    size,
  ),
  LATCHKEY_USER_FILES_MAX: optional('files that each such user may have; empty: no limit', count),
  LATCHKEY_USER_UPLOADS_MAX: setting('uploads under way of one user, or one address of nobody', 20, count),
  LATCHKEY_FREE_SPACE_MIN: setting('what uploads leave free of the disk; 0: nothing', GIB, sizeOrNone),
  LATCHKEY_UPLOAD_SPEED_MIN: setting(
    'bytes a second below which an upload through the files service is given up; 0: never',
    KIB,
    sizeOrNone,
  ),
  LATCHKEY_UPLOAD_TIME_MAX: durationSetting('the longest that such an upload may take', '24h'),
  LATCHKEY_RESUMABLE_LIFETIME: durationSetting(
    'how long a resumable upload may take, from when it was begun',
    '3d',
  ),
  LATCHKEY_RESUMABLE_MAX: setting('most resumable uploads that are unfinished at a time', 1_000, count),
  LATCHKEY_FORM_FILES_MAX: setting('most files in one form', 100, count),
  LATCHKEY_TRASH_TIME: {
    ...durationSetting('how long a removed file is kept in the trash; 0: it is gone at once', '30d'),
    parse: durationOrNone,
  },
  LATCHKEY_TRASH_BYTES_MAX: optional(
    'bytes in the trash before the oldest go early; empty: a tenth of the disk',
    size,
  ),
  LATCHKEY_STORE_DIGESTS: setting(
    'yes: the SHA-256 of every file is computed after its upload, and stored',
    'no',
    oneOf('yes', 'no'),
  ),
  LATCHKEY_UPLOAD_TYPES: setting(
    'types of files that are taken, by their content and by their name, such as image/*,application/pdf; empty: all',
    [] as readonly string[],
    mediaTypes,
  ),
  LATCHKEY_UPLOAD_TYPES_REFUSED: setting(
    'types of files that are not taken, such as text/html',
    [] as readonly string[],
    mediaTypes,
  ),
  LATCHKEY_UPLOAD_TYPES_BY_FOLDER: setting(
    'the same for what is in a folder, such as /photos/=image/*;/inbox/=*,!text/html; the nearest folder decides',
    [] as readonly FolderTypes[],
    typesByFolder,
  ),
  LATCHKEY_SCAN_COMMAND: optional(
    'program, by its absolute path, with arguments, that looks at each upload: the file is its last argument; exit code 0: yes, 1: no',
    programWords,
  ),
  LATCHKEY_SCAN_URL: optional('URL that each upload is posted to: 2xx: yes, 422: no', url),
  LATCHKEY_SCAN_TIMEOUT: durationSetting(
    'how long either may take for one file, up to 4m',
    '30s',
    scanTimeout,
  ),
  LATCHKEY_DOWNLOAD_BUFFERING: optional('X-Accel-Buffering of downloads: yes or no', oneOf('yes', 'no')),
  LATCHKEY_DOWNLOAD_CHARSET: optional('X-Accel-Charset of downloads', headerWord),
  LATCHKEY_DOWNLOAD_EXPIRES: optional('X-Accel-Expires of downloads: seconds, or off', headerWord),
  LATCHKEY_DOWNLOAD_LIMIT_RATE: optional('X-Accel-Limit-Rate of downloads, bytes a second', size),
  LATCHKEY_LOG_LEVEL: setting(
    'trace, debug, info, warn, error, fatal or silent',
    'info',
    oneOf('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'),
  ),
  LATCHKEY_METRICS: optional(
    'HOST:PORT where the files service shows /metrics to Prometheus, and authorizer N at N ports more; empty: on their own sockets alone',
    listenAddress,
  ),
  LATCHKEY_NGINX: setting('the nginx program', 'nginx', text),
} as const;
