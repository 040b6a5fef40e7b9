/**
 * The configuration: the settings read from the environment and checked whole before anything opens.
 *
 * `loadConfig` answers with a frozen Config or with every problem at once. A misspelt LATCHKEY_… name is a
 * problem too: a setting that silently does nothing is how files become public.
 */

import { resolve } from 'node:path';
import type { HomeTemplate } from './acl/policy.js';
import type { Principal } from './acl/principal.js';
import type { QuotaLimits } from './acl/quota.js';
import type { FailureLimits } from './credentials/failures.js';
import type { ProxyProof } from './credentials/proxy-header.js';
import type { RsaAlgorithm } from './credentials/rsa-algorithm.js';
import type { SigningSecret } from './credentials/secret-text.js';
import type { LinkLifetime } from './links/link-limits.js';
import type { LinkKey } from './links/signed-url.js';
import { contradictions } from './settings/contradictions.js';
import { type Environment, readSetting, unknownNames } from './settings/environment.js';
import { type InspectionSettings, inspectionSettings } from './settings/inspection-settings.js';
import type { DatabasePlace, ListenAddress } from './settings/places.js';
import type { Setting } from './settings/setting.js';
import { SETTINGS } from './settings/settings.js';
import type { CredentialKindName } from './settings/words.js';
import type { RedisAddress } from './storage/change-feed/redis-address.js';

type Name = keyof typeof SETTINGS;
type Values = { readonly [N in Name]: (typeof SETTINGS)[N] extends Setting<infer T> ? T : never };

export interface Config {
  /** Absolute. */
  readonly dataFolder: string;
  readonly database: DatabasePlace;
  /** `undefined`: PostgreSQL itself tells of changes. */
  readonly redis: RedisAddress | undefined;
  readonly stalenessMaxMs: number;
  /** nginx's root: the file is root + mount + resource path. Relative to the data folder, or absolute. */
  readonly root: string;
  readonly mount: string;
  readonly partialFolder: string;
  readonly serviceUser: string | undefined;
  /** The kinds that count, in their order. */
  readonly credentials: readonly CredentialKindName[];
  readonly tokens: TokenSettings;
  readonly userPrefix: string;
  readonly groupPrefix: string;
  /** `undefined`: no proxy signs people in. */
  readonly proxy: ProxySettings | undefined;
  /** `undefined`: the site has no sessions that we ask about. */
  readonly session: SessionSettings | undefined;
  readonly sessionHookSecret: string | undefined;
  readonly visitor: VisitorSettings;
  readonly corsOrigins: readonly string[];
  readonly failures: FailureLimits;
  readonly links: LinkSettings;
  readonly administrators: readonly Principal[];
  readonly home: HomeTemplate | undefined;
  readonly cacheBytesMax: number;
  readonly uploadBytesMax: number;
  readonly formFilesMax: number;
  readonly uploadLimits: UploadLimitSettings;
  /** 0: there is no trash. */
  readonly trashTimeMs: number;
  /** `undefined`: a part of the disk. */
  readonly trashBytesMax: number | undefined;
  readonly storeDigests: boolean;
  readonly inspection: InspectionSettings;
  readonly resumable: ResumableSettings;
  readonly download: DownloadSettings;
  readonly logLevel: string;
  /** Of the files service; authorizer N has N ports more. `undefined`: their own sockets alone. */
  readonly metrics: ListenAddress | undefined;
  readonly nginx: string;
}

export interface UploadLimitSettings {
  /** Of every user who has no quota of their own. */
  readonly userLimits: QuotaLimits;
  /** Under way. */
  readonly userUploadsMax: number;
  /** 0: none. */
  readonly freeSpaceBytesMin: number;
  /** Bytes a second; 0: any speed will do. */
  readonly speedMin: number;
  readonly timeMaxMs: number;
}

/** Of uploads that come in several requests. */
export interface ResumableSettings {
  readonly lifetimeMs: number;
  readonly openMax: number;
  /** Of one user, or of nobody. */
  readonly ownerMax: number;
}

/** What X-Accel-* headers a download carries (nginx, ngx_http_proxy_module). */
export interface DownloadSettings {
  readonly buffering: string | undefined;
  readonly charset: string | undefined;
  readonly expires: string | undefined;
  /** Bytes a second. */
  readonly limitRate: number | undefined;
}

export interface TokenSettings {
  /** `undefined`: the data folder's, or none where another source is given. */
  readonly secrets: readonly SigningSecret[] | undefined;
  /** Absolute, or relative to where we were started; so is the next. */
  readonly pemFile: string | undefined;
  readonly jwksFile: string | undefined;
  readonly jwksUrl: string | undefined;
  readonly oidcIssuer: string | undefined;
  readonly rsaAlgorithm: RsaAlgorithm;
  readonly issuers: readonly string[];
  readonly audiences: readonly string[];
  readonly cookie: string | undefined;
  readonly userClaim: string;
  readonly groupsClaim: string;
}

export interface ProxySettings {
  readonly userHeader: string;
  readonly groupsHeader: string | undefined;
  readonly groupsSeparator: string;
  readonly proof: ProxyProof;
}

export interface SessionSettings {
  readonly url: string;
  readonly cookieNames: readonly string[];
  readonly userField: string;
  readonly groupsField: string;
  readonly keptMs: number;
  readonly timeoutMs: number;
}

export interface LinkSettings extends LinkLifetime {
  /** The first one signs; `undefined`: the data folder's. */
  readonly keys: readonly LinkKey[] | undefined;
  readonly signedUrlSecondsMax: number;
  /** Of the URL of a share link. */
  readonly prefix: string;
  readonly leaseMs: number;
}

/** What a visitor is told beside the status. */
export interface VisitorSettings {
  readonly loginUrl: string | undefined;
  readonly loginParameter: string;
  /** Scheme and host, without a slash at the end. */
  readonly publicUrl: string | undefined;
  readonly hideForbidden: boolean;
}

export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('; '));
    this.problems = problems;
  }
}

/** @throws ConfigError with every problem */
export function loadConfig(env: Environment): Config {
  const problems = unknownNames(env);
  const values = Object.fromEntries(
    Object.entries(SETTINGS).map(([name, spec]) => [
      name,
      readSetting(name, spec as Setting<unknown>, env, problems),
    ]),
  ) as unknown as Values;
  problems.push(...contradictions(values));
  if (problems.length > 0) throw new ConfigError(problems);
  return Object.freeze({
    dataFolder: resolve(values.LATCHKEY_DATA),
    database: values.LATCHKEY_DATABASE_URL,
    redis: values.LATCHKEY_REDIS_URL,
    stalenessMaxMs: values.LATCHKEY_STALENESS_MAX_MS,
    root: values.LATCHKEY_ROOT ?? 'store',
    mount: values.LATCHKEY_MOUNT,
    partialFolder: values.LATCHKEY_PARTIAL ?? 'partial',
    serviceUser: values.LATCHKEY_USER,
    credentials: values.LATCHKEY_CREDENTIALS,
    tokens: tokenSettings(values),
    userPrefix: values.LATCHKEY_USER_PREFIX,
    groupPrefix: values.LATCHKEY_GROUP_PREFIX,
    proxy: proxySettings(values),
    session: sessionSettings(values),
    sessionHookSecret: values.LATCHKEY_SESSION_HOOK_SECRET,
    visitor: Object.freeze({
      loginUrl: values.LATCHKEY_LOGIN_URL,
      loginParameter: values.LATCHKEY_LOGIN_PARAMETER,
      publicUrl: values.LATCHKEY_PUBLIC_URL,
      hideForbidden: values.LATCHKEY_HIDE_FORBIDDEN === 'yes',
    }),
    corsOrigins: values.LATCHKEY_CORS_ORIGINS,
    failures: Object.freeze({
      addressMax: values.LATCHKEY_FAILURES_MAX,
      userMax: values.LATCHKEY_USER_FAILURES_MAX,
    }),
    links: Object.freeze({
      keys: values.LATCHKEY_LINK_SECRET,
      lifetimeMs: values.LATCHKEY_LINK_LIFETIME,
      lifetimeMsMax: values.LATCHKEY_LINK_LIFETIME_MAX,
      prefix: values.LATCHKEY_LINK_PREFIX,
      signedUrlSecondsMax: Math.floor(values.LATCHKEY_SIGNED_URL_LIFETIME_MAX / 1000),
      leaseMs: values.LATCHKEY_LINK_LEASE,
    }),
    administrators: values.LATCHKEY_ADMINS,
    home: values.LATCHKEY_HOME,
    cacheBytesMax: values.LATCHKEY_CACHE_BYTES_MAX,
    uploadBytesMax: values.LATCHKEY_UPLOAD_BYTES_MAX,
    formFilesMax: values.LATCHKEY_FORM_FILES_MAX,
    uploadLimits: uploadLimitSettings(values),
    trashTimeMs: values.LATCHKEY_TRASH_TIME,
    trashBytesMax: values.LATCHKEY_TRASH_BYTES_MAX,
    storeDigests: values.LATCHKEY_STORE_DIGESTS === 'yes',
    inspection: inspectionSettings(values),
    resumable: resumableSettings(values),
    download: Object.freeze({
      buffering: values.LATCHKEY_DOWNLOAD_BUFFERING,
      charset: values.LATCHKEY_DOWNLOAD_CHARSET,
      expires: values.LATCHKEY_DOWNLOAD_EXPIRES,
      limitRate: values.LATCHKEY_DOWNLOAD_LIMIT_RATE,
    }),
    logLevel: values.LATCHKEY_LOG_LEVEL,
    metrics: values.LATCHKEY_METRICS,
    nginx: values.LATCHKEY_NGINX,
  });
}

/** Of all resumable uploads that may be unfinished: so that one user leaves places to the others. */
const OWNER_PART = 1 / 10;

function resumableSettings(values: Values): ResumableSettings {
  return Object.freeze({
    lifetimeMs: values.LATCHKEY_RESUMABLE_LIFETIME,
    openMax: values.LATCHKEY_RESUMABLE_MAX,
    ownerMax: Math.ceil(values.LATCHKEY_RESUMABLE_MAX * OWNER_PART),
  });
}

function uploadLimitSettings(values: Values): UploadLimitSettings {
  return Object.freeze({
    userLimits: Object.freeze({
      bytesMax: values.LATCHKEY_USER_BYTES_MAX,
      filesMax: values.LATCHKEY_USER_FILES_MAX,
    }),
    userUploadsMax: values.LATCHKEY_USER_UPLOADS_MAX,
    freeSpaceBytesMin: values.LATCHKEY_FREE_SPACE_MIN,
    speedMin: values.LATCHKEY_UPLOAD_SPEED_MIN,
    timeMaxMs: values.LATCHKEY_UPLOAD_TIME_MAX,
  });
}

function tokenSettings(values: Values): TokenSettings {
  return Object.freeze({
    secrets: values.LATCHKEY_JWT_SECRET,
    pemFile: values.LATCHKEY_JWT_PEM_FILE,
    jwksFile: values.LATCHKEY_JWKS_FILE,
    jwksUrl: values.LATCHKEY_JWKS_URL,
    oidcIssuer: values.LATCHKEY_OIDC_ISSUER,
    rsaAlgorithm: values.LATCHKEY_JWT_RSA_ALGORITHM,
    issuers: values.LATCHKEY_JWT_ISSUER,
    audiences: values.LATCHKEY_JWT_AUDIENCE,
    cookie: values.LATCHKEY_TOKEN_COOKIE,
    userClaim: values.LATCHKEY_USER_CLAIM,
    groupsClaim: values.LATCHKEY_GROUPS_CLAIM,
  });
}

function proxySettings(values: Values): ProxySettings | undefined {
  if (values.LATCHKEY_PROXY_USER_HEADER === undefined) return undefined;
  return Object.freeze({
    userHeader: values.LATCHKEY_PROXY_USER_HEADER,
    groupsHeader: values.LATCHKEY_PROXY_GROUPS_HEADER,
    groupsSeparator: values.LATCHKEY_PROXY_GROUPS_SEPARATOR,
    proof: { secret: values.LATCHKEY_PROXY_SECRET, addresses: values.LATCHKEY_PROXY_ADDRESSES },
  });
}

function sessionSettings(values: Values): SessionSettings | undefined {
  if (values.LATCHKEY_SESSION_URL === undefined) return undefined;
  return Object.freeze({
    url: values.LATCHKEY_SESSION_URL,
    cookieNames: values.LATCHKEY_SESSION_COOKIES,
    userField: values.LATCHKEY_SESSION_USER_FIELD,
    groupsField: values.LATCHKEY_SESSION_GROUPS_FIELD,
    keptMs: values.LATCHKEY_SESSION_KEPT_MS,
    timeoutMs: values.LATCHKEY_SESSION_TIMEOUT_MS,
  });
}
