/**
 * Puts the kinds of credential together, from a Config: which count, in which order, over which keys. Both services
 * recognise the same visitors by it.
 */

import type { CredentialReader, UsageStore } from '../acl/ports.js';
import type { Config } from '../config.js';
import { AccessTokens } from '../credentials/access-token.js';
import { ApiKeys } from '../credentials/api-key.js';
import type { ClaimNames } from '../credentials/claims.js';
import { type CredentialKind, Credentials, type Recognition } from '../credentials/credential.js';
import { Failures } from '../credentials/failures.js';
import { KeyUsage, USAGE_WRITE_MS } from '../credentials/key-usage.js';
import { ProxyHeaders } from '../credentials/proxy-header.js';
import { Sessions } from '../credentials/session.js';
import { TokenKeys } from '../credentials/token-keys.js';
import type { CredentialKindName } from '../settings/words.js';
import { clock } from './foundations.js';
import { openKeySources } from './key-sources.js';

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
  const sources = openKeySources(config, { onDropped: () => tokens.forget(), onProblem });
  closers.push(() => sources.close());
  const tokens = new AccessTokens({
    keys: new TokenKeys(sources.all),
    cookieName: config.tokens.cookie,
    claims: claimNames(config, config.tokens.userClaim, config.tokens.groupsClaim),
    reader,
    failures,
    clock,
  });
  return tokens;
}

function sessions(config: Config, { reader }: RecognitionParts, failures: Failures) {
  if (config.session === undefined) return undefined;
  const { userField, groupsField, ...rest } = config.session;
  const fields = claimNames(config, userField, groupsField);
  return new Sessions({ ...rest, fields, reader, failures, clock, elapsed: () => performance.now() });
}

function claimNames(config: Config, user: string, groups: string): ClaimNames {
  return { user, groups, ...prefixesOf(config) };
}

function prefixesOf({ userPrefix, groupPrefix }: Config) {
  return { userPrefix, groupPrefix };
}
