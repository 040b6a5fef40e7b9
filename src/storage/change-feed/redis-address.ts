/**
 * LATCHKEY_REDIS_URL: one server, Sentinels that know one, or nodes of a cluster, each also over TLS. Must never put
 * the password into an error.
 *
 *     redis://[USER:PASSWORD@]HOST[:6379][/DB]                                rediss://…
 *     redis+sentinel://[USER:PASSWORD@]HOST[:26379],HOST…/MASTER[/DB]         rediss+sentinel://…
 *     redis+cluster://[USER:PASSWORD@]HOST[:6379],HOST…                       rediss+cluster://…
 *
 * With `?prefix=TEXT` several Latchkeys share one Redis; with `?sentinel-password=…` the Sentinels want one, too. Over TLS
 * `?cacert=FILE` names the authority, `?cert=FILE&key=FILE` what we are known by: redis-cli calls them so.
 */

/** Absolute paths of PEM files. */
export interface RedisTls {
  /** `undefined`: the authorities that Node knows. */
  readonly cacert: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
}

export interface RedisHost {
  readonly host: string;
  readonly port: number;
}

export interface RedisAddress {
  readonly kind: 'server' | 'sentinel' | 'cluster';
  /** `undefined`: not over TLS. */
  readonly tls: RedisTls | undefined;
  readonly hosts: readonly RedisHost[];
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly sentinelPassword: string | undefined;
  /** Of Sentinels: which of the servers that they look after. */
  readonly master: string | undefined;
  readonly db: number;
  /** Before the name of every channel and key. */
  readonly prefix: string;
}

const PREFIX_DEFAULT = 'latchkey:';
const PORT = 6_379;
const SENTINEL_PORT = 26_379;
const URL_PARTS =
  /^redis(?<tls>s?)(?:\+(?<kind>sentinel|cluster))?:\/\/(?:(?<login>[^@/?#]*)@)?(?<hosts>[^@/?#]+)(?<path>\/[^?#]*)?(?:\?(?<query>[^#]*))?$/;
const TLS_WORDS = ['cacert', 'cert', 'key'] as const;
const WORDS: readonly string[] = ['prefix', 'sentinel-password', ...TLS_WORDS];

/** @throws with what is wrong with it, and never with the URL itself */
export function parseRedisAddress(url: string): RedisAddress {
  const parts = URL_PARTS.exec(url)?.groups;
  if (parts === undefined) {
    throw new Error(
      'takes redis://HOST:PORT, rediss://, redis+sentinel://HOST,HOST/MASTER or redis+cluster://HOST,HOST',
    );
  }
  const kind = parts.kind === 'sentinel' || parts.kind === 'cluster' ? parts.kind : 'server';
  const words = new URLSearchParams(parts.query ?? '');
  for (const word of words.keys()) if (!WORDS.includes(word)) throw new Error(`knows no ${word}=`);
  const hosts = (parts.hosts ?? '')
    .split(',')
    .map((host) => parseHost(host, kind === 'sentinel' ? SENTINEL_PORT : PORT));
  if (kind === 'server' && hosts.length > 1)
    throw new Error('names several hosts: write redis+sentinel:// or redis+cluster://');
  const [user = '', ...rest] = (parts.login ?? '').split(':');
  return {
    kind,
    tls: tlsOf(parts.tls, words),
    hosts,
    username: decoded(user),
    password: decoded(rest.join(':')),
    sentinelPassword: words.get('sentinel-password') ?? undefined,
    ...placeOf(
      kind,
      (parts.path ?? '')
        .split('/')
        .slice(1)
        .filter((segment) => segment !== ''),
    ),
    prefix: words.get('prefix') ?? PREFIX_DEFAULT,
  };
}

function tlsOf(letter: string | undefined, words: URLSearchParams): RedisTls | undefined {
  const given = TLS_WORDS.filter((word) => words.has(word));
  if (letter !== 's') {
    if (given[0] !== undefined) throw new Error(`has ${given[0]}= without TLS: write rediss://`);
    return undefined;
  }
  for (const word of given) {
    if (!words.get(word)?.startsWith('/')) throw new Error(`has a ${word}= that is no absolute path`);
  }
  if (words.has('cert') !== words.has('key')) throw new Error('has one of cert= and key=: it takes both');
  const [cacert, cert, key] = TLS_WORDS.map((word) => words.get(word) ?? undefined);
  return { cacert, cert, key };
}

function placeOf(
  kind: RedisAddress['kind'],
  segments: readonly string[],
): Pick<RedisAddress, 'master' | 'db'> {
  const [master, ...rest] = kind === 'sentinel' ? segments : [undefined, ...segments];
  if (kind === 'sentinel' && master === undefined)
    throw new Error('names no master behind its Sentinels: …/MASTER');
  if (rest.length > 1) throw new Error('has more behind its hosts than that');
  const db = Number(rest[0] ?? 0);
  if (!Number.isInteger(db) || db < 0) throw new Error('ends in the number of a database, such as /0');
  if (kind === 'cluster' && db !== 0) throw new Error('names a database, and a cluster has one only');
  return { master: decoded(master ?? ''), db };
}

function parseHost(text: string, portDefault: number): RedisHost {
  const [, six, name, portText] = /^(?:\[([\da-fA-F:.]+)\]|([^:[\]]+))(?::(\d+))?$/.exec(text) ?? [];
  const host = six ?? name;
  const port = Number(portText ?? portDefault);
  if (host === undefined || port < 1 || port > 65_535) throw new Error('has a host that is none, or a port');
  return { host, port };
}

function decoded(text: string): string | undefined {
  if (text === '') return undefined;
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Error('has a % that escapes nothing: write %25');
  }
}
