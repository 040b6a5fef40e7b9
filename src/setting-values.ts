/** The values of settings: one parser for each kind, from the text of the environment to the value, or a problem. */

import { BlockList, isIP } from 'node:net';
import { resolve } from 'node:path';
import { parseDuration } from './acl/instant.js';
import { type HomeTemplate, parseHomeTemplate } from './acl/policy.js';
import { ANYONE, AUTHENTICATED, type Principal, parsePrincipal } from './acl/principal.js';
import { isFolder, parseResourcePath } from './acl/resource-path.js';
import type { ProxyAddresses } from './credentials/proxy-header.js';
import { RSA_ALGORITHMS, type RsaAlgorithm } from './credentials/rsa-algorithm.js';
import { KeyProblem, parseSecrets, type SigningSecret, secretProblem } from './credentials/secret-text.js';
import { parseAddressRange } from './links/address-ranges.js';
import { isLinkId, type LinkKey } from './links/signed-url.js';
import { parseRedisAddress, type RedisAddress } from './storage/change-feed/redis-address.js';
import { isPostgresUrl, parseAddress } from './storage/postgres/address.js';

/** Thrown by a parser: a clause that follows the setting's name. */
export class SettingProblem extends Error {}

export const KIB = 1024;
const PORT_MAX = 65_535;
export const MIB = 1024 * KIB;
export const GIB = 1024 * MIB;

/** Where the store is. */
export type DatabasePlace =
  /** Relative to the data folder, or absolute. */
  { readonly kind: 'sqlite'; readonly file: string } | { readonly kind: 'postgres'; readonly url: string };

/** In their order of precedence (DESIGN §7). */
export const CREDENTIAL_KINDS = ['access-token', 'api-key', 'proxy-header', 'session'] as const;
export type CredentialKindName = (typeof CREDENTIAL_KINDS)[number];

export function text(given: string): string {
  return given;
}

export function list(given: string): readonly string[] {
  return given
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

/** Never told in a problem: it may have a password in it. */
export function databaseUrl(given: string): DatabasePlace {
  if (/^sqlite:(?!\/\/)./.test(given)) return { kind: 'sqlite', file: given.slice('sqlite:'.length) };
  if (!isPostgresUrl(given)) {
    throw new SettingProblem(
      'takes sqlite:FILE, such as sqlite:latchkey.db, or postgres://USER@HOST/DATABASE',
    );
  }
  try {
    parseAddress(given);
  } catch (error) {
    throw new SettingProblem(`takes a URL of PostgreSQL: ${(error as Error).message}`);
  }
  return { kind: 'postgres', url: given };
}

/** Never told in a problem, either. */
export function redisUrl(given: string): RedisAddress {
  try {
    return parseRedisAddress(given);
  } catch (error) {
    throw new SettingProblem((error as Error).message);
  }
}

/** Milliseconds. Below it a poll of the store would be late by chance; above it nobody would call it a revoke. */
const STALENESS_MIN_MS = 200;
const STALENESS_MAX_MS = 60_000;

export function staleness(given: string): number {
  const ms = /^\d{1,5}$/.test(given) ? Number(given) : Number.NaN;
  if (ms >= STALENESS_MIN_MS && ms <= STALENESS_MAX_MS) return ms;
  throw new SettingProblem(
    `takes milliseconds, from ${STALENESS_MIN_MS} to ${STALENESS_MAX_MS}, not '${given}'`,
  );
}

export function absolute(given: string): string {
  if (given.startsWith('/')) return resolve(given);
  throw new SettingProblem(`takes an absolute path, not '${given}'`);
}

/** Only characters that no server escapes: the prefix then reads the same in every encoding. */
export function mount(given: string): string {
  const path = parseResourcePath(given);
  if (path !== undefined && isFolder(path) && /^\/(?:[A-Za-z0-9._~-]+\/)+$/.test(path)) return path;
  throw new SettingProblem(
    `takes a prefix such as /files/ of letters, digits, '.', '_', '~', '-', not '${given}'`,
  );
}

export function secret(given: string): string {
  const problem = secretProblem(given);
  if (problem === undefined) return given;
  throw new SettingProblem(problem);
}

export function secrets(given: string): readonly SigningSecret[] {
  try {
    return parseSecrets(given);
  } catch (error) {
    if (error instanceof KeyProblem) throw new SettingProblem(error.message);
    throw error;
  }
}

/** Lines of KEY-ID SECRET: each link names the key that has signed it. */
export function linkKeys(given: string): readonly LinkKey[] {
  return secrets(given).map(({ id, secret }) => {
    if (id !== undefined && isLinkId(id)) return { id, secret };
    throw new SettingProblem(
      "takes lines of KEY-ID SECRET, where the id has up to 64 letters, digits, '_' and '-'",
    );
  });
}

export function credentialKinds(given: string): readonly CredentialKindName[] {
  const names = list(given);
  const unknown = names.find((name) => !CREDENTIAL_KINDS.some((kind) => kind === name));
  if (unknown !== undefined)
    throw new SettingProblem(`takes ${CREDENTIAL_KINDS.join(', ')}, not '${unknown}'`);
  return CREDENTIAL_KINDS.filter((kind) => names.includes(kind));
}

export function rsaAlgorithm(given: string): RsaAlgorithm {
  const algorithm = RSA_ALGORITHMS.find((known) => known === given);
  if (algorithm !== undefined) return algorithm;
  throw new SettingProblem(`takes ${RSA_ALGORITHMS.join(', ')}, not '${given}'`);
}

/** An http or https URL without a name and a password in it: those would be seen in logs. */
export function url(given: string): string {
  const parsed = URL.canParse(given) ? new URL(given) : undefined;
  if (parsed === undefined || !/^https?:$/.test(parsed.protocol)) {
    throw new SettingProblem(`takes an http or https URL, not '${given}'`);
  }
  if (parsed.username !== '' || parsed.password !== '' || parsed.hash !== '') {
    throw new SettingProblem('takes a URL without a user, a password and a #');
  }
  return given;
}

/** `https://files.example`: a scheme, a host and perhaps a port, as in the header Origin (RFC 6454 §7). */
export function origin(given: string): string {
  const address = url(given.replace(/\/$/, ''));
  if (new URL(address).origin === address) return address;
  throw new SettingProblem(`takes a scheme and a host, such as https://files.example, not '${given}'`);
}

export function origins(given: string): readonly string[] {
  return list(given).map(origin);
}

/** A URL, or a path of this site: `/login`, never `//host`, which is another one. */
export function loginUrl(given: string): string {
  return /^\/(?![/\\])[\x21-\x7e]*$/.test(given) ? given : url(given);
}

/** RFC 9110 §5.1: token. */
export function headerName(given: string): string {
  if (/^[A-Za-z0-9-]+$/.test(given)) return given;
  throw new SettingProblem(`is no header's name of letters, digits and '-': '${given}'`);
}

/** `10.0.0.7`, `10.0.0.0/8`, `fd00::/8`, and `unix:`. */
export function addresses(given: string): ProxyAddresses {
  const ranges = new BlockList();
  let unixSocket = false;
  for (const part of list(given)) {
    if (part === 'unix:') unixSocket = true;
    else addRange(ranges, part);
  }
  return { list: ranges, unixSocket };
}

function addRange(ranges: BlockList, part: string): void {
  const range = parseAddressRange(part);
  if (range === undefined) {
    throw new SettingProblem(`takes addresses, ranges such as 10.0.0.0/8, and unix:, not '${part}'`);
  }
  ranges.addSubnet(range.address, range.length, range.family);
}

export function cookieNames(given: string): readonly string[] {
  return list(given).map(cookieName);
}

export function cookieName(given: string): string {
  if (/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(given)) return given; // RFC 6265 §4.1.1: token
  throw new SettingProblem(`is no cookie name: '${given}'`);
}

export function administrators(given: string): readonly Principal[] {
  return list(given).map((part) => {
    const principal = parsePrincipal(part);
    if (principal === undefined || principal === ANYONE || principal === AUTHENTICATED) {
      throw new SettingProblem(`takes user:NAME and group:NAME, not '${part}'`);
    }
    return principal;
  });
}

export function homeTemplate(given: string): HomeTemplate | undefined {
  if (given === '') return undefined;
  const template = parseHomeTemplate(given);
  if (template === undefined)
    throw new SettingProblem(`takes a folder such as /users/{user}/, not '${given}'`);
  return template;
}

const UNITS: Readonly<Record<string, number>> = { '': 1, k: KIB, m: MIB, g: GIB };

/** `10g`, `64m`, `512k`, `1000`: bytes, with nginx's own units. */
export function size(given: string): number {
  const match = /^(\d{1,15})([kmg]?)$/i.exec(given);
  const bytes = Number(match?.[1]) * (UNITS[match?.[2]?.toLowerCase() ?? ''] ?? Number.NaN);
  if (Number.isSafeInteger(bytes) && bytes > 0) return bytes;
  throw new SettingProblem(`takes a size such as 64m or 10g, not '${given}'`);
}

/** A size, or 0 for none. */
export function sizeOrNone(given: string): number {
  return given === '0' ? 0 : size(given);
}

export function atLeast(least: number): (given: string) => number {
  return (given) => {
    const bytes = size(given);
    if (bytes >= least) return bytes;
    throw new SettingProblem(`takes at least ${least} bytes, not '${given}'`);
  };
}

export function count(given: string): number {
  const number = /^\d{1,6}$/.test(given) ? Number(given) : 0;
  if (number > 0) return number;
  throw new SettingProblem(`takes a whole number from 1 to 999999, not '${given}'`);
}

export function atMost(most: number): (given: string) => number {
  return (given) => {
    const number = /^\d{1,9}$/.test(given) ? Number(given) : 0;
    if (number >= 1 && number <= most) return number;
    throw new SettingProblem(`takes a whole number from 1 to ${most}, not '${given}'`);
  };
}

/** `90s`, `30m`, `8h`, `7d`: milliseconds. */
export function duration(given: string): number {
  const found = parseDuration(given);
  if (found !== undefined) return found;
  throw new SettingProblem(`takes a duration such as 30m, 8h or 7d, not '${given}'`);
}

/** As `duration`, or `0`. */
export function durationOrNone(given: string): number {
  return given === '0' ? 0 : duration(given);
}

/** nginx waits five minutes for the files service. */
const SCAN_MS_MAX = 4 * 60 * 1000;

export function scanTimeout(given: string): number {
  const found = duration(given);
  if (found <= SCAN_MS_MAX) return found;
  throw new SettingProblem(`takes up to 4m, not '${given}': nginx would not wait for it`);
}

/** RFC 6838 §4.2, in lower case; a subtype may be *. */
export function mediaTypes(given: string): readonly string[] {
  return list(given.toLowerCase()).map((type) => {
    if (/^[a-z0-9][a-z0-9!#$&^_.+-]*\/(?:\*|[a-z0-9][a-z0-9!#$&^_.+-]*)$/.test(type)) return type;
    throw new SettingProblem(`takes types such as image/* and application/pdf, not '${type}'`);
  });
}

/** No shell reads it: what has to be quoted belongs into a script. */
export function programWords(given: string): readonly string[] {
  const words = given.split(/\s+/).filter((word) => word !== '');
  if (words[0]?.startsWith('/')) return words;
  throw new SettingProblem(`takes a program by its absolute path, and arguments, not '${given}'`);
}

export function oneOf(...words: readonly string[]): (given: string) => string {
  return (given) => {
    if (words.includes(given)) return given;
    throw new SettingProblem(`takes ${words.join(', ')}, not '${given}'`);
  };
}

/** A TCP address to listen on. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

export function listenAddress(given: string): ListenAddress {
  const { host, six, port } =
    /^(?:\[(?<six>[^\]]+)\]|(?<host>[^:]+)):(?<port>\d{1,5})$/.exec(given)?.groups ?? {};
  const address = six ?? host ?? '';
  if (isIP(address) !== 0 && Number(port) >= 1 && Number(port) <= PORT_MAX) {
    return { host: address, port: Number(port) };
  }
  throw new SettingProblem(`takes an address and a port, such as 127.0.0.1:9464, not '${given}'`);
}

export function headerWord(given: string): string {
  if (/^[A-Za-z0-9._-]+$/.test(given)) return given;
  throw new SettingProblem(`takes letters, digits, '.', '_' and '-', not '${given}'`);
}
