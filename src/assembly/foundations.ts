/**
 * What every role and every command stands on, each from a Config: the store, the authorizer over it, the policy,
 * the storage root. The working directory is the data folder already.
 *
 * It loads no Fastify, which is most of the time that a short command would take to start.
 */

import { resolve } from 'node:path';
import { Authorizer } from '../acl/authorizer.js';
import type { Policy } from '../acl/policy.js';
import type { FactsReader, FactsSource, Store, UsageStore } from '../acl/ports.js';
import type { Config } from '../config.js';
import type { DatabasePlace } from '../settings/places.js';
import { CachedReader } from '../storage/cached-reader.js';
import { withoutPassword } from '../storage/postgres/address.js';
import type { Fence } from '../storage/postgres/fenced-database.js';
import { type BackupFacts, backUp } from '../storage/sqlite/backup.js';
import { openSqliteFacts, openSqliteStore, sqliteUsage } from '../storage/sqlite/open.js';
import { RawUploads } from '../uploads/raw-uploads.js';
import { StorageRoot } from '../uploads/storage-root.js';

/**
 * Whoever works on the partials and the journal holds it: two of them would drop each other's partials, and lock
 * paths without knowing of each other.
 */
export const FILES_LOCK = 'run/files.lock';

export const clock = () => Date.now();

export function policyOf(config: Config): Policy {
  return { administrators: new Set(config.administrators), home: config.home };
}

/**
 * @param onCommitted told of every revision that is written by it, where others have to be told of it
 * @param fence of whoever changes files by it, where a lease says who may
 * @throws when it cannot be opened, with the database's name
 */
export async function openStore(
  { database }: Config,
  onCommitted?: (revision: number) => void,
  fence?: Fence,
): Promise<Store> {
  try {
    return database.kind === 'sqlite'
      ? openSqliteStore(database.file)
      : await (await postgres()).openPostgresStore(database.url, undefined, onCommitted, fence);
  } catch (error) {
    throw notOpened(database, error as Error);
  }
}

/** Who may change files of it; nothing with SQLite, whose machine has a lock. @throws, as `openStore` does */
export async function openLeaseStore({ database }: Config) {
  if (database.kind === 'sqlite') return undefined;
  try {
    return await (await postgres()).openPostgresLease(database.url);
  } catch (error) {
    throw notOpened(database, error as Error);
  }
}

/** What an authorizer has of the store. */
export interface OpenFacts {
  readonly facts: FactsSource;
  /** It can note when keys were used, and nothing else. */
  readonly usage: UsageStore;
  close(): Promise<void>;
}

/** @throws when it cannot be opened, with the database's name */
export async function openFacts({ database }: Config): Promise<OpenFacts> {
  try {
    if (database.kind === 'postgres') return await (await postgres()).openPostgresFacts(database.url);
    const facts = await openSqliteFacts(database.file);
    return { facts, usage: sqliteUsage(database.file), close: async () => facts.close() };
  } catch (error) {
    throw notOpened(database, error as Error);
  }
}

/** The driver is loaded where it is used. */
function postgres() {
  return import('../storage/postgres/open.js');
}

/** @param target a file that is made, or written over */
export async function backUpStore(
  databaseFile: string,
  target: string,
  onProgress: (doneBytes: number, totalBytes: number) => void,
): Promise<BackupFacts> {
  try {
    return await backUp(databaseFile, target, onProgress);
  } catch (error) {
    throw new Error(`the store cannot be copied to ${target}: ${(error as Error).message}`, { cause: error });
  }
}

/** The driver's own message names no database. */
function notOpened(database: DatabasePlace, cause: Error): Error {
  const name = database.kind === 'sqlite' ? resolve(database.file) : withoutPassword(database.url);
  return new Error(`the database ${name} cannot be opened: ${cause.message}`, { cause });
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

/** @param requireHeld of whoever changes files, where a lease says who may */
export function storageRootOf(config: Config, requireHeld?: () => void): StorageRoot {
  return new StorageRoot(config, requireHeld);
}
