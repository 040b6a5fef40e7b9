/** The values of settings: one parser for each kind, from the text of the environment to the value, or a problem. */

import { resolve } from 'node:path';
import { type HomeTemplate, parseHomeTemplate } from './acl/policy.js';
import { ANYONE, AUTHENTICATED, type Principal, parsePrincipal } from './acl/principal.js';
import { isFolder, parseResourcePath } from './acl/resource-path.js';

/** Thrown by a parser: a clause that follows the setting's name. */
export class SettingProblem extends Error {}

const KIB = 1024;
export const MIB = 1024 * KIB;
export const GIB = 1024 * MIB;

/** RFC 7518 §3.2: a key as long as the hash, or longer. */
const SECRET_BYTES_MIN = 32;

export function text(given: string): string {
  return given;
}

export function list(given: string): readonly string[] {
  return given
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

export function databaseUrl(given: string): string {
  if (/^sqlite:(?!\/\/)./.test(given)) return given;
  throw new SettingProblem(
    'takes sqlite:FILE, such as sqlite:latchkey.db or sqlite:/var/lib/latchkey/latchkey.db',
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
  const bytes = Buffer.byteLength(given);
  if (bytes >= SECRET_BYTES_MIN) return given;
  throw new SettingProblem(
    `has ${bytes} bytes; at least ${SECRET_BYTES_MIN} are needed ('openssl rand -hex 32')`,
  );
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

export function oneOf(...words: readonly string[]): (given: string) => string {
  return (given) => {
    if (words.includes(given)) return given;
    throw new SettingProblem(`takes ${words.join(', ')}, not '${given}'`);
  };
}

export function headerWord(given: string): string {
  if (/^[A-Za-z0-9._-]+$/.test(given)) return given;
  throw new SettingProblem(`takes letters, digits, '.', '_' and '-', not '${given}'`);
}
