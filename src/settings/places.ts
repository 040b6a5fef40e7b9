/** Values of settings that say where something is: URLs, addresses, and folders. */

import { BlockList, isIP } from 'node:net';
import { resolve } from 'node:path';
import { isFolder, parseResourcePath } from '../acl/resource-path.js';
import type { ProxyAddresses } from '../credentials/proxy-header.js';
import { parseAddressRange } from '../links/address-ranges.js';
import { parseRedisAddress, type RedisAddress } from '../storage/change-feed/redis-address.js';
import { isPostgresUrl, parseAddress } from '../storage/postgres/address.js';
import { SettingProblem } from './setting-problem.js';
import { list } from './words.js';

const PORT_MAX = 65_535;

/** Where the store is. */
export type DatabasePlace =
  /** Relative to the data folder, or absolute. */
  { readonly kind: 'sqlite'; readonly file: string } | { readonly kind: 'postgres'; readonly url: string };

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
