/**
 * Where the keys of access tokens come from, from a Config: secrets, files, issuers. It looks at the files again, so
 * that a key that was put in or taken out counts without a restart, and reminds the issuers' keys of their age.
 */

import { readFileSync } from 'node:fs';
import type { Config, TokenSettings } from '../config.js';
import { IssuerKeys } from '../credentials/issuer-keys.js';
import { KeyProblem } from '../credentials/secret-text.js';
import {
  keyOfSecret,
  keysOfJwks,
  keysOfPem,
  type TokenKey,
  type TokenRules,
} from '../credentials/token-key.js';
import { FixedKeys, type KeySource } from '../credentials/token-keys.js';
import { WatchedFiles } from '../host/watched-files.js';
import { currentSecretsOf, KEY_FILES_POLL_MS, signingSecretsOf, usesDataSecret } from './secrets.js';

export interface KeyEvents {
  /** A key may be gone: what was verified with it must not be remembered. */
  readonly onDropped: () => void;
  readonly onProblem: (message: string) => void;
}

export interface KeySources {
  readonly all: readonly KeySource[];
  close(): void;
}

/** @throws KeyProblem when a file of keys cannot be used */
export function openKeySources(config: Config, { onDropped, onProblem }: KeyEvents): KeySources {
  const rules = rulesOf(config.tokens);
  signingSecretsOf(config); // makes the data folder's own, where nobody has brought one
  const watched = new WatchedFiles(keyFiles(config.tokens));
  const fixed = new FixedKeys(fixedKeys(config, rules));
  const issuers = issuerKeys(config.tokens, rules, { onDropped, onProblem });
  const look = () => {
    for (const issuer of issuers) issuer.refresh();
    if (!watched.changed()) return; // so that what is wrong is said once
    try {
      fixed.replace(fixedKeys(config, rules));
      onDropped();
    } catch (error) {
      onProblem(`the keys stay as they were: ${(error as Error).message}`);
    }
  };
  for (const issuer of issuers) issuer.refresh(); // the first token finds it done
  const looking = setInterval(look, KEY_FILES_POLL_MS).unref();
  return { all: [fixed, ...issuers], close: () => clearInterval(looking) };
}

function rulesOf({ issuers, audiences, rsaAlgorithm }: TokenSettings): TokenRules {
  return { issuers, audiences, rsaAlgorithm };
}

function keyFiles(tokens: TokenSettings): readonly string[] {
  const own = usesDataSecret(tokens) ? ['secret'] : [];
  return [...own, ...[tokens.pemFile, tokens.jwksFile].filter((file) => file !== undefined)];
}

function fixedKeys(config: Config, rules: TokenRules): readonly TokenKey[] {
  const { pemFile, jwksFile } = config.tokens;
  return [
    ...currentSecretsOf(config).map(({ id, secret }) => keyOfSecret(id, secret, rules)),
    ...(pemFile === undefined
      ? []
      : named('LATCHKEY_JWT_PEM_FILE', pemFile, (text) => keysOfPem(text, rules))),
    ...(jwksFile === undefined
      ? []
      : named('LATCHKEY_JWKS_FILE', jwksFile, (text) => keysOfJwks(jsonOf(text), rules))),
  ];
}

function named(
  setting: string,
  file: string,
  read: (text: string) => readonly TokenKey[],
): readonly TokenKey[] {
  try {
    return read(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new KeyProblem(`${setting}: ${file} ${(error as Error).message}`);
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new KeyProblem('is no JSON');
  }
}

function issuerKeys(
  { jwksUrl, oidcIssuer }: TokenSettings,
  rules: TokenRules,
  events: KeyEvents,
): readonly IssuerKeys[] {
  const common = { ...events, clock: () => performance.now() };
  const urls = jwksUrl === undefined ? [] : [new IssuerKeys({ ...common, rules, address: { jwksUrl } })];
  if (oidcIssuer === undefined) return urls;
  // What the issuer signs must say that it is the issuer's.
  const bound = { ...rules, issuers: [oidcIssuer] };
  return [...urls, new IssuerKeys({ ...common, rules: bound, address: { issuer: oidcIssuer } })];
}
