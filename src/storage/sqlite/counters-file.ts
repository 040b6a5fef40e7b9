/**
 * The file beside a SQLite store in which its processes count failures together. It is not the store: what strangers make
 * us write there moves no `data_version`, waits for no import, is in no backup, and an authorizer that writes it can write
 * nothing else. It is made when something is counted first.
 */

import { resolve } from 'node:path';
import type { Database } from 'better-sqlite3';
import { NotKnown, StoreBusy } from '../../acl/errors.js';
import { openCountersFile, waitForNobody } from './connection.js';
import { WriteTurns } from './write-turns.js';

const FILE_ENDING = '-counts';
/** Nobody writes there for longer than some milliseconds. */
const PATIENCE_MS = 2_000;

const SCHEMA_VERSION = 1;
/** What is counted is forgotten soon: tables of another version are made anew. */
const SCHEMA = `
  DROP TABLE IF EXISTS failure_counts;
  CREATE TABLE failure_counts (
    kind     TEXT NOT NULL,
    name     TEXT NOT NULL,               -- a digest
    failures INTEGER NOT NULL,
    at       INTEGER NOT NULL,            -- UTC ms: of passwords the last one, of credentials the first of the window
    PRIMARY KEY (kind, name)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX failure_counts_by_time ON failure_counts (kind, at);
  PRAGMA user_version = ${SCHEMA_VERSION};`;

interface Open {
  readonly db: Database;
  readonly turns: WriteTurns;
}

export class CountersFile {
  readonly #file: string;
  #open: Open | undefined;
  #isClosed = false;

  /** @param storeFile the store's; its folder exists */
  constructor(storeFile: string) {
    this.#file = `${storeFile}${FILE_ENDING}`;
  }

  /** @throws NotKnown */
  read<T>(work: (db: Database) => T): T {
    try {
      return work(this.#opened().db);
    } catch (error) {
      throw this.#notKnown(error);
    }
  }

  /** One transaction. @throws NotKnown, StoreBusy */
  async write<T>(work: (db: Database) => T): Promise<T> {
    try {
      const { db, turns } = this.#opened();
      return await turns.write(() => work(db));
    } catch (error) {
      throw this.#notKnown(error);
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#open?.db.close();
    this.#open = undefined;
  }

  /** Nothing that is counted is worth keeping for longer than an hour. */
  #notKnown(cause: unknown): Error {
    if (cause instanceof NotKnown || cause instanceof StoreBusy) return cause;
    const message = cause instanceof Error ? cause.message : String(cause);
    const remedy = `see that ${resolve(this.#file)} can be written, or remove it while nothing runs: it is made anew`;
    return new NotKnown('store-unavailable', `failures cannot be counted: ${message}; ${remedy}`, { cause });
  }

  #opened(): Open {
    if (this.#isClosed) throw new Error('it is closed');
    this.#open ??= openCounters(this.#file);
    return this.#open;
  }
}

function openCounters(file: string): Open {
  const db = openCountersFile(file);
  try {
    const version = () => db.pragma('user_version', { simple: true });
    const make = db.transaction(() => {
      if (version() !== SCHEMA_VERSION) db.exec(SCHEMA);
    });
    if (version() !== SCHEMA_VERSION) make.immediate();
    waitForNobody(db);
    return { db, turns: new WriteTurns(db, PATIENCE_MS, problemOf) };
  } catch (error) {
    db.close();
    throw error;
  }
}

/** Another Latchkey has made it anew under us. */
function problemOf(found: number | undefined): string | undefined {
  if (found === SCHEMA_VERSION) return undefined;
  return `failures are counted by another version of Latchkey (${found}, this one has ${SCHEMA_VERSION}): restart this process`;
}
