/**
 * Puts the kinds of credential together, from a Config: which count, in which order, over which keys. Both services
 * recognise the same visitors by it.
 */

import { readFileSync, unwatchFile, watchFile } from 'node:fs';
import type { CredentialReader, UsageStore } from './acl/ports.js';
import type { Config, TokenSettings } from './config.js';
import { AccessTokens } from './credentials/access-token.js';
import { ApiKeys } from './credentials/api-key.js';
import type { ClaimNames } from './credentials/claims.js';
import { type CredentialKind, Credentials, type Recognition } from './credentials/credential.js';
import { Failures } from './credentials/failures.js';
import { IssuerKeys } from './credentials/issuer-keys.js';
import { KeyUsage, USAGE_WRITE_MS } from './credentials/key-usage.js';
import { ProxyHeaders } from './credentials/proxy-header.js';
import { KeyProblem } from './credentials/secret-text.js';
import { Sessions } from './credentials/session.js';
import {
  keyOfSecret,
  keysOfJwks,
  keysOfPem,
  type TokenKey,
  type TokenRules,
} from './credentials/token-key.js';
import { AnyKeys, FixedKeys, type TokenKeys } from './credentials/token-keys.js';
import { clock, signingSecretsOf, usesDataSecret } from './foundations.js';
import { SECRET_FILE } from './host/secret.js';
import type { CredentialKindName } from './setting-values.js';

/** How often the files of keys are looked at: a key that was taken out is refused after this at the latest. */
export const KEY_FILES_POLL_MS = 1_000;

export interface RecognitionParts {
  readonly reader: CredentialReader;
  readonly usage: UsageStore;
  readonly onProblem: (message: string) => void;
}

/** @throws KeyProblem when a file of keys cannot be used */
export function openRecognition(config: Config, parts: RecognitionParts): Recognition {
  const { reader, onProblem } = parts;
  const failures = new Failures(config.failures, () => performance.now());
  const usage = new KeyUsage(parts.usage, (error) =>
    onProblem(`the use of API keys: ${(error as Error).message}`),
  );
  const writing = setInterval(() => void usage.flush(), USAGE_WRITE_MS).unref();
  const closers: (() => void)[] = [];
  const kinds: Readonly<Record<CredentialKindName, () => CredentialKind | undefined>> = {
    'access-token': () => accessTokens(config, parts, failures, closers),
    'api-key': () => new ApiKeys({ reader, failures, clock, onUse: (id, at) => usage.note(id, at) }),
    'proxy-header': () => config.proxy && new ProxyHeaders({ ...config.proxy, ...prefixesOf(config) }),
    session: () => sessions(config, parts, failures),
  };
  const inUse = config.credentials.map((name) => kinds[name]()).filter((kind) => kind !== undefined);
  return {
    credentials: new Credentials(inUse),
    close: async () => {
      clearInterval(writing);
      for (const close of closers) close();
      await usage.close();
    },
  };
}

function accessTokens(
  config: Config,
  { reader, onProblem }: RecognitionParts,
  failures: Failures,
  closers: (() => void)[],
): AccessTokens {
  const rules = rulesOf(config.tokens);
  const fixed = new FixedKeys(fixedKeys(config, rules));
  const issuers = issuerKeys(config.tokens, rules, () => tokens.forget(), onProblem);
  const sources: readonly TokenKeys[] = [fixed, ...issuers];
  const tokens = new AccessTokens({
    keys: new AnyKeys(sources),
    cookieName: config.tokens.cookie,
    claims: claimNames(config, config.tokens.userClaim, config.tokens.groupsClaim),
    reader,
    failures,
    clock,
  });
  for (const issuer of issuers) issuer.refresh(); // nobody waits for it, and the first token finds it done
  const reload = () => {
    try {
      fixed.replace(fixedKeys(config, rules));
      tokens.forget();
    } catch (error) {
      onProblem(`the keys stay as they were: ${(error as Error).message}`);
    }
  };
  for (const file of keyFiles(config.tokens)) {
    watchFile(file, { interval: KEY_FILES_POLL_MS, persistent: false }, reload);
    closers.push(() => unwatchFile(file, reload));
  }
  return tokens;
}

function rulesOf({ issuers, audiences, rsaAlgorithm }: TokenSettings): TokenRules {
  return { issuers, audiences, rsaAlgorithm };
}

function keyFiles(tokens: TokenSettings): readonly string[] {
  const own = usesDataSecret(tokens) ? [SECRET_FILE] : [];
  return [...own, ...[tokens.pemFile, tokens.jwksFile].filter((file) => file !== undefined)];
}

function fixedKeys(config: Config, rules: TokenRules): readonly TokenKey[] {
  const { pemFile, jwksFile } = config.tokens;
  return [
    ...signingSecretsOf(config).map(({ id, secret }) => keyOfSecret(id, secret, rules)),
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
    const keys = read(readFileSync(file, 'utf8'));
    if (keys.length === 0) throw new KeyProblem('holds no key that can be used');
    return keys;
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
  onDropped: () => void,
  onProblem: (message: string) => void,
): readonly IssuerKeys[] {
  const common = { onDropped, onProblem, clock: () => performance.now() };
  const urls = jwksUrl === undefined ? [] : [new IssuerKeys({ ...common, rules, address: { jwksUrl } })];
  if (oidcIssuer === undefined) return urls;
  // What the issuer signs must say that it is the issuer's.
  const bound = { ...rules, issuers: [oidcIssuer] };
  return [...urls, new IssuerKeys({ ...common, rules: bound, address: { issuer: oidcIssuer } })];
}

function sessions(config: Config, { reader, onProblem }: RecognitionParts, failures: Failures) {
  if (config.session === undefined) return undefined;
  const { userField, groupsField, ...rest } = config.session;
  const fields = claimNames(config, userField, groupsField);
  return new Sessions({ ...rest, fields, reader, failures, clock, onProblem });
}

function claimNames(config: Config, user: string, groups: string): ClaimNames {
  return { user, groups, ...prefixesOf(config) };
}

function prefixesOf({ userPrefix, groupPrefix }: Config) {
  return { userPrefix, groupPrefix };
}
