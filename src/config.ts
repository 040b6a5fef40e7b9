/**
 * The configuration: one table of settings, read from the environment and checked whole before anything opens.
 *
 * `loadConfig` answers with a frozen Config or with every problem at once. A misspelt LATCHKEY_… name is a
 * problem too: a setting that silently does nothing is how files become public.
 */

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { HomeTemplate } from './acl/policy.js';
import type { Principal } from './acl/principal.js';
import {
  absolute,
  administrators,
  atLeast,
  cookieName,
  count,
  databaseUrl,
  GIB,
  headerWord,
  homeTemplate,
  list,
  MIB,
  mount,
  oneOf,
  SettingProblem,
  secret,
  size,
  text,
} from './setting-values.js';

export type Environment = Readonly<Record<string, string | undefined>>;

interface Setting<T> {
  readonly initial: T;
  readonly parse: (text: string) => T;
  readonly help: string;
  readonly secret?: true;
}

function setting<T>(help: string, initial: T, parse: (text: string) => T): Setting<T> {
  return { help, initial, parse };
}

const CACHE_BYTES_MIN = 16 * MIB;

const SETTINGS = {
  LATCHKEY_DATA: setting('folder of the database, the secret, the sockets and the files', 'data', text),
  LATCHKEY_DATABASE_URL: setting(
    'sqlite:FILE, relative to the data folder',
    'sqlite:latchkey.db',
    databaseUrl,
  ),
  LATCHKEY_ROOT: setting("nginx's root; empty: DATA/store", undefined as string | undefined, absolute),
  LATCHKEY_MOUNT: setting('URL prefix of the private files', '/files/', mount),
  LATCHKEY_PARTIAL: setting(
    'folder of uploads under way, on the file system of the root; empty: DATA/partial',
    undefined as string | undefined,
    absolute,
  ),
  LATCHKEY_USER: setting(
    'user that the services drop to when started as root',
    undefined as string | undefined,
    text,
  ),
  LATCHKEY_JWT_SECRET: {
    ...setting(
      'HS256 secret of access tokens; empty: DATA/secret, made at the first start',
      undefined as string | undefined,
      secret,
    ),
    secret: true,
  },
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
  LATCHKEY_TOKEN_COOKIE: setting(
    'name of a cookie that carries the access token; empty: none',
    undefined as string | undefined,
    cookieName,
  ),
  LATCHKEY_GROUPS_CLAIM: setting('claim of the access token that lists groups', 'groups', text),
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
  LATCHKEY_FORM_FILES_MAX: setting('most files in one form', 100, count),
  LATCHKEY_DOWNLOAD_BUFFERING: setting(
    'X-Accel-Buffering of downloads: yes or no',
    undefined as string | undefined,
    oneOf('yes', 'no'),
  ),
  LATCHKEY_DOWNLOAD_CHARSET: setting(
    'X-Accel-Charset of downloads',
    undefined as string | undefined,
    headerWord,
  ),
  LATCHKEY_DOWNLOAD_EXPIRES: setting(
    'X-Accel-Expires of downloads: seconds, or off',
    undefined as string | undefined,
    headerWord,
  ),
  LATCHKEY_DOWNLOAD_LIMIT_RATE: setting(
    'X-Accel-Limit-Rate of downloads, bytes a second',
    undefined as number | undefined,
    size,
  ),
  LATCHKEY_LOG_LEVEL: setting(
    'trace, debug, info, warn, error, fatal or silent',
    'info',
    oneOf('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'),
  ),
  LATCHKEY_NGINX: setting('the nginx program', 'nginx', text),
} as const;

type Name = keyof typeof SETTINGS;
type Values = { readonly [N in Name]: (typeof SETTINGS)[N] extends Setting<infer T> ? T : never };

export interface Config {
  /** Absolute. */
  readonly dataFolder: string;
  /** Relative to the data folder, or absolute. */
  readonly databaseFile: string;
  /** nginx's root: the file is root + mount + resource path. Relative to the data folder, or absolute. */
  readonly root: string;
  readonly mount: string;
  readonly partialFolder: string;
  readonly serviceUser: string | undefined;
  readonly jwtSecret: string | undefined;
  readonly jwtIssuers: readonly string[];
  readonly jwtAudiences: readonly string[];
  readonly tokenCookie: string | undefined;
  readonly groupsClaim: string;
  readonly administrators: readonly Principal[];
  readonly home: HomeTemplate | undefined;
  readonly cacheBytesMax: number;
  readonly uploadBytesMax: number;
  readonly formFilesMax: number;
  readonly download: DownloadSettings;
  readonly logLevel: string;
  readonly nginx: string;
}

/** What X-Accel-* headers a download carries (nginx, ngx_http_proxy_module). */
export interface DownloadSettings {
  readonly buffering: string | undefined;
  readonly charset: string | undefined;
  readonly expires: string | undefined;
  /** Bytes a second. */
  readonly limitRate: number | undefined;
}

export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  constructor(readonly problems: readonly string[]) {
    super(problems.join('; '));
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
  if (problems.length > 0) throw new ConfigError(problems);
  return Object.freeze({
    dataFolder: resolve(values.LATCHKEY_DATA),
    databaseFile: values.LATCHKEY_DATABASE_URL.slice('sqlite:'.length),
    root: values.LATCHKEY_ROOT ?? 'store',
    mount: values.LATCHKEY_MOUNT,
    partialFolder: values.LATCHKEY_PARTIAL ?? 'partial',
    serviceUser: values.LATCHKEY_USER,
    jwtSecret: values.LATCHKEY_JWT_SECRET,
    jwtIssuers: values.LATCHKEY_JWT_ISSUER,
    jwtAudiences: values.LATCHKEY_JWT_AUDIENCE,
    tokenCookie: values.LATCHKEY_TOKEN_COOKIE,
    groupsClaim: values.LATCHKEY_GROUPS_CLAIM,
    administrators: values.LATCHKEY_ADMINS,
    home: values.LATCHKEY_HOME,
    cacheBytesMax: values.LATCHKEY_CACHE_BYTES_MAX,
    uploadBytesMax: values.LATCHKEY_UPLOAD_BYTES_MAX,
    formFilesMax: values.LATCHKEY_FORM_FILES_MAX,
    download: Object.freeze({
      buffering: values.LATCHKEY_DOWNLOAD_BUFFERING,
      charset: values.LATCHKEY_DOWNLOAD_CHARSET,
      expires: values.LATCHKEY_DOWNLOAD_EXPIRES,
      limitRate: values.LATCHKEY_DOWNLOAD_LIMIT_RATE,
    }),
    logLevel: values.LATCHKEY_LOG_LEVEL,
    nginx: values.LATCHKEY_NGINX,
  });
}

export interface EffectiveSetting {
  readonly name: string;
  /** As it would be written in the environment; a secret is masked. */
  readonly value: string;
  readonly source: 'environment' | 'file' | 'default';
  readonly help: string;
}

/** Every setting with the value in force, for `latchkey config`. */
export function effectiveSettings(env: Environment): readonly EffectiveSetting[] {
  return (Object.entries(SETTINGS) as [Name, Setting<unknown>][]).map(([name, spec]) => {
    const given = givenText(name, env);
    const file = spec.secret ? givenText(`${name}_FILE`, env) : undefined;
    const source = given !== undefined ? 'environment' : file !== undefined ? 'file' : 'default';
    const shown = source === 'default' ? shownDefault(name, spec) : (given ?? '');
    return { name, value: spec.secret && source !== 'default' ? '********' : shown, source, help: spec.help };
  });
}

/** Every setting with what it is, for `latchkey config --help`. */
export function settingHelp(): readonly (readonly [name: string, help: string])[] {
  return (Object.entries(SETTINGS) as [Name, Setting<unknown>][]).flatMap(([name, { help, secret }]) => {
    const own = [name, help] as const;
    return secret ? [own, [`${name}_FILE`, 'a file that holds it, in its place'] as const] : [own];
  });
}

/** The working directory becomes the data folder: a file that is named from where we were started needs its root. */
export function withAbsoluteFiles(env: Environment): Environment {
  const files = Object.entries(SETTINGS)
    .filter(([, spec]) => 'secret' in spec)
    .map(([name]) => `${name}_FILE`)
    .flatMap((name) => (env[name] ? [[name, resolve(env[name])] as const] : []));
  return { ...env, ...Object.fromEntries(files) };
}

function shownDefault(name: Name, spec: Setting<unknown>): string {
  if (name === 'LATCHKEY_HOME') return '/users/{user}/';
  return spec.initial === undefined ? '' : String(spec.initial);
}

function readSetting(name: string, spec: Setting<unknown>, env: Environment, problems: string[]): unknown {
  try {
    const given = givenText(name, env);
    const fromFile = spec.secret ? secretFile(name, env) : undefined;
    if (given !== undefined && fromFile !== undefined)
      throw new SettingProblem(`and ${name}_FILE exclude each other`);
    const chosen = given ?? fromFile;
    return chosen === undefined ? spec.initial : spec.parse(chosen);
  } catch (error) {
    if (!(error instanceof SettingProblem)) throw error;
    problems.push(`${name} ${error.message}`);
    return spec.initial;
  }
}

/** Empty is 'not given', but for the one setting that an empty value switches off. */
function givenText(name: string, env: Environment): string | undefined {
  const given = env[name];
  return given === '' && name !== 'LATCHKEY_HOME' ? undefined : given;
}

/** An empty file is an empty secret, which is none: it must not pass for 'not given'. */
function secretFile(name: string, env: Environment): string | undefined {
  const file = givenText(`${name}_FILE`, env);
  if (file === undefined) return undefined;
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new SettingProblem(`cannot be read from ${file}: ${(error as Error).message}`);
  }
}

function unknownNames(env: Environment): string[] {
  const known = Object.entries(SETTINGS).flatMap(([name, spec]) =>
    'secret' in spec ? [name, `${name}_FILE`] : [name],
  );
  return Object.keys(env)
    .filter((name) => name.startsWith('LATCHKEY_') && !known.includes(name))
    .map((name) => `${name} is not a setting of this version: 'latchkey config --help' lists them`);
}
