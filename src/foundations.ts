/**
 * What every role and every command stands on, each from a Config: the store, the authorizer over it, the policy,
 * the token key, the storage root. The working directory is the data folder already.
 *
 * It loads no Fastify, which is most of the time that a short command would take to start.
 */

import { resolve } from 'node:path';
import { Authorizer } from './acl/authorizer.js';
import type { Policy } from './acl/policy.js';
import type { FactsSource, Store } from './acl/ports.js';
import type { Config } from './config.js';
import type { TokenKey } from './credentials/token-key.js';
import { loadOrMakeSecret } from './host/secret.js';
import { CachedReader } from './storage/cached-reader.js';
import { openSqliteFacts, openSqliteStore } from './storage/sqlite/open.js';
import { StorageRoot } from './uploads/storage-root.js';

export const clock = () => Date.now();

export function policyOf(config: Config): Policy {
  return { administrators: new Set(config.administrators), home: config.home };
}

export function tokenKeyOf(config: Config): TokenKey {
  return {
    algorithm: 'HS256',
    secret: config.jwtSecret ?? loadOrMakeSecret(),
    issuers: config.jwtIssuers,
    audiences: config.jwtAudiences,
  };
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

/** The driver's own message names no file. */
function notOpened({ databaseFile }: Config, cause: Error): Error {
  return new Error(`the database ${resolve(databaseFile)} cannot be opened: ${cause.message}`, { cause });
}

export function authorizerOver(facts: FactsSource, config: Config): Authorizer {
  return new Authorizer(new CachedReader(facts, { bytesMax: config.cacheBytesMax }), policyOf(config), clock);
}

export function storageRootOf(config: Config): StorageRoot {
  return new StorageRoot(config);
}
