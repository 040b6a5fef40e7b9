/**
 * The store as the path of a decision sees it: a connection that never writes and holds no transaction open.
 *
 * `version` is exact (DESIGN §6): `PRAGMA data_version` moves with every commit by any other connection of
 * any process, and the file's inode tells whether it is still the file that the path names.
 */

import { statSync } from 'node:fs';
import type { Database, Statement } from 'better-sqlite3';
import { NotKnown } from '../../acl/errors.js';
import {
  type CredentialFact,
  type CredentialKey,
  type FactsLoad,
  type FactsQuery,
  type FactsSource,
  SIGNED_URLS,
  type Standing,
  type StoredPathFacts,
} from '../../acl/ports.js';
import type { Principal } from '../../acl/principal.js';
import { isFolder, type ResourcePath } from '../../acl/resource-path.js';
import { indexByPrincipal } from '../grant-index.js';
import { LINK_COLUMNS, type LinkRow, linkOf } from '../link-rows.js';
import { API_KEY_COLUMNS, type ApiKeyRow, apiKeyOf, GRANT_COLUMNS, type GrantRow, grantOf } from '../rows.js';
import { openReader } from './connection.js';
import { schemaProblem, schemaVersion } from './migrations.js';
import { readRevokedUrls } from './sqlite-signed-urls.js';

/** More changes than this at once: dropping everything is cheaper than dropping each. */
const TOUCHED_MAX = 10_000;
/** data_version has 32 bits; the generation goes above it. */
const GENERATION_UNIT = 2 ** 32;

interface State {
  readonly revision: number;
  /** The first revision that the change log has; a reader of an older one has missed something. */
  readonly trimmed: number;
  readonly mark: number;
}

interface Prepared {
  readonly db: Database;
  readonly device: number;
  readonly inode: number;
  /** The inode of the write-ahead log that belongs to this file. */
  readonly log: number | undefined;
  readonly dataVersion: Statement<[], number>;
  readonly schema: Statement<[], number>;
  readonly state: Statement<[], State>;
  readonly mark: Statement<[number], number>;
  readonly touched: Statement<[number], string>;
  readonly grants: Statement<[string], GrantRow>;
  readonly committing: Statement<[string], number>;
  readonly expiresAt: Statement<[string], number>;
  readonly moving: Statement<[string], number>;
  readonly groups: Statement<[string], string>;
  readonly suspended: Statement<[string], number>;
  readonly signedOutAt: Statement<[string], number>;
  readonly apiKey: Statement<[string], ApiKeyRow>;
  readonly shareLink: Statement<[string], LinkRow>;
  readonly endedAt: Statement<[string], number>;
}

export class SqliteFacts implements FactsSource {
  readonly #file: string;
  #open: Prepared | undefined;
  #generation = 0;
  /** The last state seen: a store without it in its past was restored, and is another generation. */
  #seen: State | undefined;

  constructor(file: string) {
    this.#file = file;
  }

  version(): number {
    try {
      const open = this.#opened();
      return this.#generation * GENERATION_UNIT + (open.dataVersion.get() ?? 0);
    } catch (error) {
      throw unavailable(error);
    }
  }

  load(query: FactsQuery): FactsLoad {
    let open: Prepared | undefined;
    try {
      open = this.#opened();
      open.db.exec('BEGIN');
      return this.#read(open, query);
    } catch (error) {
      throw unavailable(error);
    } finally {
      if (open?.db.inTransaction === true) open.db.exec('COMMIT');
    }
  }

  close(): void {
    this.#open?.db.close();
    this.#open = undefined;
  }

  #read(open: Prepared, query: FactsQuery): FactsLoad {
    refuseOther(open.schema.get()); // a newer Latchkey may have migrated it since
    const state = open.state.get();
    if (state === undefined) throw new Error('the store has no state row');
    if (this.#seen !== undefined && !follows(open, state, this.#seen)) this.#generation += 1;
    this.#seen = state;
    return {
      revision: state.revision,
      generation: this.#generation,
      touched: this.#touchedSince(open, query, state),
      paths: query.paths.map((path) => pathFacts(open, path)),
      standing: query.user === undefined ? undefined : standingOf(open, query.user),
      ...(query.credential !== undefined && { credential: credentialOf(open, query.credential) }),
    };
  }

  #touchedSince(open: Prepared, query: FactsQuery, state: State) {
    if (query.generation !== this.#generation || query.since < state.trimmed) return 'all';
    if (query.since === state.revision) return [];
    // A revision that is still to come is no history that we know.
    if (query.since > state.revision) return 'all';
    const touched = open.touched.all(query.since);
    return touched.length > TOUCHED_MAX || touched.includes('*') ? 'all' : touched;
  }

  /** The connection to the file that the path names now. */
  #opened(): Prepared {
    const { dev, ino } = statSync(this.#file);
    if (this.#open?.inode === ino && this.#open.device === dev) return this.#open;
    const log = logOf(this.#file);
    if (this.#open !== undefined && log !== undefined && log.ino === this.#open.log && log.size > 0) {
      throw new Error(
        'the store was exchanged while its -wal file holds changes of the old one; stop the services, remove the -wal and -shm files, start again',
      );
    }
    this.close();
    this.#generation += 1;
    this.#seen = undefined;
    this.#open = prepare(openReader(this.#file), dev, ino);
    return this.#open;
  }
}

/** Whether `seen` is in the past of `state`. Of what the log has lost nobody knows: such a reader starts cold. */
function follows(open: Prepared, state: State, seen: State): boolean {
  if (state.revision === seen.revision) return state.mark === seen.mark;
  if (state.revision < seen.revision) return false;
  // A new store is empty, and has no mark yet.
  return seen.revision === 0 || open.mark.get(seen.revision) === seen.mark;
}

function prepare(db: Database, device: number, inode: number): Prepared {
  try {
    refuseOther(schemaVersion(db));
    return {
      db,
      log: logOf(db.name)?.ino,
      device,
      inode,
      dataVersion: db.prepare<[], number>('PRAGMA data_version').pluck(),
      schema: db.prepare<[], number>('PRAGMA user_version').pluck(),
      state: db.prepare('SELECT revision, trimmed, mark FROM state'),
      mark: db.prepare<[number], number>('SELECT mark FROM changes WHERE revision = ? LIMIT 1').pluck(),
      touched: db
        .prepare<[number], string>(
          `SELECT DISTINCT touched FROM changes WHERE revision > ? LIMIT ${TOUCHED_MAX + 1}`,
        )
        .pluck(),
      grants: db.prepare(`SELECT ${GRANT_COLUMNS} FROM grants WHERE path = ?`),
      committing: db.prepare<[string], number>('SELECT 1 FROM journal WHERE path = ? AND hidden = 1').pluck(),
      expiresAt: db.prepare<[string], number>('SELECT expires_at FROM expiries WHERE path = ?').pluck(),
      moving: db.prepare<[string], number>('SELECT 1 FROM moves WHERE ? IN (source, target)').pluck(),
      groups: db
        .prepare<[string], string>('SELECT group_principal FROM members WHERE user_principal = ?')
        .pluck(),
      suspended: db.prepare<[string], number>('SELECT 1 FROM suspensions WHERE user_principal = ?').pluck(),
      signedOutAt: db.prepare<[string], number>('SELECT at FROM sign_outs WHERE user_principal = ?').pluck(),
      apiKey: db.prepare(`SELECT ${API_KEY_COLUMNS} FROM api_keys WHERE hash = ?`),
      shareLink: db.prepare(`SELECT ${LINK_COLUMNS} FROM share_links WHERE id = ?`),
      endedAt: db.prepare<[string], number>('SELECT at FROM ended_credentials WHERE key = ?').pluck(),
    };
  } catch (error) {
    db.close();
    throw error;
  }
}

function refuseOther(schema: number | undefined): void {
  const problem = schemaProblem(schema);
  if (problem !== undefined) throw new Error(problem);
}

function logOf(file: string) {
  return statSync(`${file}-wal`, { throwIfNoEntry: false });
}

function pathFacts(open: Prepared, path: ResourcePath): StoredPathFacts {
  return {
    path,
    // One string for all of them: a row brings another copy, and a path may have 4,096 bytes.
    grants: indexByPrincipal(open.grants.all(path).map((row) => grantOf({ ...row, path }))),
    committing: isCommitting(open, path),
    expiresAt: isFolder(path) ? undefined : open.expiresAt.get(path),
  };
}

function isCommitting({ committing, moving }: Prepared, path: ResourcePath): boolean {
  if (!isFolder(path) && committing.get(path) !== undefined) return true;
  return moving.get(path) !== undefined;
}

function standingOf(open: Prepared, user: Principal): Standing {
  const signedOutAt = open.signedOutAt.get(user);
  return {
    groups: open.groups.all(user) as Principal[],
    suspended: open.suspended.get(user) !== undefined,
    ...(signedOutAt !== undefined && { signedOutAt }),
  };
}

function credentialOf(open: Prepared, key: CredentialKey): CredentialFact {
  if (key === SIGNED_URLS) return { revokedUrls: readRevokedUrls(open.db) };
  if (key.startsWith('key:')) {
    const row = open.apiKey.get(key.slice('key:'.length));
    if (row === undefined) return {};
    const { id, user, scope, expiresAt } = apiKeyOf(row); // what decides, without the note
    return { apiKey: { id, user, scope, expiresAt } };
  }
  if (key.startsWith('link:')) {
    const row = open.shareLink.get(key.slice('link:'.length));
    return row === undefined ? {} : { shareLink: linkOf(row) };
  }
  const endedAt = open.endedAt.get(key);
  return endedAt === undefined ? {} : { endedAt };
}

function unavailable(cause: unknown): NotKnown {
  const message = cause instanceof Error ? cause.message : String(cause);
  return new NotKnown('store-unavailable', `the store cannot be read: ${message}`, { cause });
}
