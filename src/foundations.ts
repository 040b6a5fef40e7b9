/**
 * What every role and every command stands on, each from a Config: the store, the authorizer over it, the policy,
 * the storage root. The working directory is the data folder already.
 *
 * It loads no Fastify, which is most of the time that a short command would take to start.
 */

import { resolve } from 'node:path';
import { Authorizer } from './acl/authorizer.js';
import type { Policy } from './acl/policy.js';
import type { FactsReader, FactsSource, Store, UsageStore } from './acl/ports.js';
import type { Config } from './config.js';
import { CachedReader } from './storage/cached-reader.js';
import { type BackupFacts, backUp } from './storage/sqlite/backup.js';
import { openSqliteFacts, openSqliteStore, sqliteUsage } from './storage/sqlite/open.js';
import { RawUploads } from './uploads/raw-uploads.js';
import { StorageRoot } from './uploads/storage-root.js';

/**
 * Whoever works on the partials and the journal holds it: two of them would drop each other's partials, and lock
 * paths without knowing of each other.
 */
export const FILES_LOCK = 'run/files.lock';

export const clock = () => Date.now();

export function policyOf(config: Config): Policy {
  return { administrators: new Set(config.administrators), home: config.home };
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

/** @param target a file that is made, or written over */
export async function backUpStore(
  config: Config,
  target: string,
  onProgress: (doneBytes: number, totalBytes: number) => void,
): Promise<BackupFacts> {
  try {
    return await backUp(config.databaseFile, target, onProgress);
  } catch (error) {
    throw new Error(`the store cannot be copied to ${target}: ${(error as Error).message}`, { cause: error });
  }
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

/** Over the same folder of partials. */
export function rawUploadsOf(config: Config, root: StorageRoot): RawUploads {
  return new RawUploads(config.partialFolder, root);
}

export function storageRootOf(config: Config): StorageRoot {
  return new StorageRoot(config);
}
