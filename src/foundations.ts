/**
 * What every role and every command stands on, each from a Config: the store, the authorizer over it, the policy,
 * the token key, the storage root. The working directory is the data folder already.
 *
 * It loads no Fastify, which is most of the time that a short command would take to start.
 */

import { resolve } from 'node:path';
import { Authorizer } from './acl/authorizer.js';
import type { Policy } from './acl/policy.js';
import type { FactsReader, FactsSource, Store, UsageStore } from './acl/ports.js';
import type { Config, TokenSettings } from './config.js';
import { formatSecrets, KeyProblem, parseSecrets, type SigningSecret } from './credentials/secret-text.js';
import { loadOrMakeSecret, readSecret, replaceSecret } from './host/secret.js';
import { CachedReader } from './storage/cached-reader.js';
import { openSqliteFacts, openSqliteStore, sqliteUsage } from './storage/sqlite/open.js';
import { takeLock } from './storage/sqlite/process-lock.js';
import { StorageRoot } from './uploads/storage-root.js';

export const clock = () => Date.now();

/** How often the files of keys are looked at: a key that was taken out is refused after this at the latest. */
export const KEY_FILES_POLL_MS = 1_000;

export function policyOf(config: Config): Policy {
  return { administrators: new Set(config.administrators), home: config.home };
}

/**
 * The secrets that sign access tokens, the first of them now. None where the keys are somebody else's: a secret
 * that nobody thought of must not open what an issuer guards.
 */
export function signingSecretsOf({ tokens }: Config): readonly SigningSecret[] {
  if (tokens.secrets !== undefined) return tokens.secrets;
  return usesDataSecret(tokens) ? dataSecrets(loadOrMakeSecret()) : [];
}

/** The same for a service that runs: where its file is gone, no other one is made. @throws KeyProblem */
export function currentSecretsOf({ tokens }: Config): readonly SigningSecret[] {
  if (tokens.secrets !== undefined) return tokens.secrets;
  if (!usesDataSecret(tokens)) return [];
  const found = readSecret();
  if (found === undefined) throw new KeyProblem("the file 'secret' in the data folder is gone");
  return dataSecrets(found);
}

function dataSecrets(text: string): readonly SigningSecret[] {
  try {
    return parseSecrets(text);
  } catch (error) {
    throw new KeyProblem(`the file 'secret' in the data folder ${(error as Error).message}`);
  }
}

const SECRET_LOCK = 'run/secret.lock';

/** Exchanges the data folder's secrets, one change at a time: of two at once, one's new secret would be lost. */
export function changeSecrets(
  config: Config,
  change: (now: readonly SigningSecret[]) => readonly SigningSecret[],
) {
  const lock = takeLock(SECRET_LOCK);
  if (lock === undefined) throw new Error('the secrets are being changed by another command; try again');
  try {
    const before = signingSecretsOf(config);
    const after = change(before);
    replaceSecret(formatSecrets(after));
    return { before, after };
  } finally {
    lock.release();
  }
}

export function usesDataSecret(tokens: TokenSettings): boolean {
  const others = [tokens.secrets, tokens.pemFile, tokens.jwksFile, tokens.jwksUrl, tokens.oidcIssuer];
  return others.every((source) => source === undefined);
}

export function openStore(config: Config): Store {
  try {
    return openSqliteStore(config.databaseFile);
  } catch (error) {
    throw notOpened(config, error as Error);
  }
}

/** @throws when it cannot be opened, with the database's name */
export async function openFacts(config: Config) {
  return openSqliteFacts(config.databaseFile).catch((error: Error) => {
    throw notOpened(config, error);
  });
}

/** For the authorizer: it can note when keys were used, and nothing else. */
export function openUsage(config: Config): UsageStore {
  return sqliteUsage(config.databaseFile);
}

/** The driver's own message names no file. */
function notOpened({ databaseFile }: Config, cause: Error): Error {
  return new Error(`the database ${resolve(databaseFile)} cannot be opened: ${cause.message}`, { cause });
}

export function readerOver(facts: FactsSource, config: Config): CachedReader {
  return new CachedReader(facts, { bytesMax: config.cacheBytesMax });
}

export function authorizerOver(reader: FactsReader, config: Config): Authorizer {
  return new Authorizer(reader, policyOf(config), clock);
}

/** Asks as a decision would, for nothing. @throws NotKnown when none could be made */
export async function checkFacts(facts: FactsSource): Promise<void> {
  await facts.load({ paths: [], user: undefined, since: -1, generation: -1 });
}

export function storageRootOf(config: Config): StorageRoot {
  return new StorageRoot(config);
}
