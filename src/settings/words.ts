/** Values of settings that are words or lists of them: names, principals, secrets, types of files. */

import { type HomeTemplate, parseHomeTemplate } from '../acl/policy.js';
import { ANYONE, AUTHENTICATED, type Principal, parsePrincipal } from '../acl/principal.js';
import { RSA_ALGORITHMS, type RsaAlgorithm } from '../credentials/rsa-algorithm.js';
import { KeyProblem, parseSecrets, type SigningSecret, secretProblem } from '../credentials/secret-text.js';
import { isLinkId, type LinkKey } from '../links/signed-url.js';
import { SettingProblem } from './setting-problem.js';

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

export function oneOf(...words: readonly string[]): (given: string) => string {
  return (given) => {
    if (words.includes(given)) return given;
    throw new SettingProblem(`takes ${words.join(', ')}, not '${given}'`);
  };
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

/** RFC 9110 §5.1: token. */
export function headerName(given: string): string {
  if (/^[A-Za-z0-9-]+$/.test(given)) return given;
  throw new SettingProblem(`is no header's name of letters, digits and '-': '${given}'`);
}

export function headerWord(given: string): string {
  if (/^[A-Za-z0-9._-]+$/.test(given)) return given;
  throw new SettingProblem(`takes letters, digits, '.', '_' and '-', not '${given}'`);
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
