/**
 * The schema, as a list that only grows: each migration runs once, in one transaction with its number
 * (`PRAGMA user_version`). A released migration is never edited.
 */

import type { Database } from 'better-sqlite3';
import {
  addToFolders,
  addToOwner,
  someFolderHasQuota,
  takeFromFolders,
  takeFromOwner,
} from './quota-triggers.js';

const MIGRATIONS: readonly string[] = [
  `
  -- The number of the last change, and of the last one that was trimmed from the log. One row.
  CREATE TABLE state (
    one      INTEGER PRIMARY KEY CHECK (one = 1),
    revision INTEGER NOT NULL,
    trimmed  INTEGER NOT NULL,
    grant_id INTEGER NOT NULL            -- the last grant id given; ids are never given twice
  ) STRICT;
  INSERT INTO state VALUES (1, 0, 0, 0);

  -- What each revision touched: a path, a 'user:…' principal, or '*'.
  CREATE TABLE changes (
    revision INTEGER NOT NULL,
    touched  TEXT    NOT NULL,
    PRIMARY KEY (revision, touched)
  ) STRICT, WITHOUT ROWID;

  -- Clustered by path: the grants on one path, which is what a decision loads, lie together.
  CREATE TABLE grants (
    path       TEXT NOT NULL,
    principal  TEXT NOT NULL,
    action     TEXT NOT NULL CHECK (action IN ('read', 'write', 'manage')),
    effect     TEXT NOT NULL CHECK (effect IN ('allow', 'deny')),
    not_before INTEGER,                  -- UTC ms, inclusive
    expires_at INTEGER,                  -- UTC ms, exclusive
    id         INTEGER NOT NULL,
    PRIMARY KEY (path, principal, action)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX grants_by_principal ON grants (principal);

  CREATE TABLE members (
    group_principal TEXT NOT NULL,
    user_principal  TEXT NOT NULL,
    PRIMARY KEY (group_principal, user_principal)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX members_by_user ON members (user_principal);

  CREATE TABLE suspensions (user_principal TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;

  CREATE TABLE files (
    path       TEXT PRIMARY KEY,
    owner      TEXT,
    bytes      INTEGER NOT NULL,
    updated_at INTEGER NOT NULL          -- UTC ms
  ) STRICT, WITHOUT ROWID;

  -- Renames and removals under way; a row that outlives its process is finished by the next start.
  CREATE TABLE journal (
    partial TEXT PRIMARY KEY,
    kind    TEXT NOT NULL CHECK (kind IN ('commit', 'removal')),
    path    TEXT NOT NULL,
    hidden  INTEGER NOT NULL CHECK (hidden IN (0, 1)),
    entry   TEXT NOT NULL                -- JSON: the file's row and the grants to set with it
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX journal_hidden ON journal (path) WHERE hidden = 1;
  `,
  `
  -- What tells a revision from another one of the same number, written after a backup was restored.
  ALTER TABLE state   ADD COLUMN mark INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE changes ADD COLUMN mark INTEGER NOT NULL DEFAULT 0;
  `,
  `
  -- API keys by the SHA-256 of the key, in hexadecimal: the key itself is stored nowhere.
  CREATE TABLE api_keys (
    hash           TEXT PRIMARY KEY,
    id             TEXT NOT NULL UNIQUE,
    user_principal TEXT NOT NULL,
    action         TEXT NOT NULL CHECK (action IN ('read', 'write', 'manage')),
    path           TEXT NOT NULL,
    created_at     INTEGER NOT NULL,      -- UTC ms, as all below
    expires_at     INTEGER,
    last_used_at   INTEGER,
    note           TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;

  -- Tokens and sessions of the user from before this instant count no more.
  CREATE TABLE sign_outs (
    user_principal TEXT PRIMARY KEY,
    at             INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  -- One token or session that was ended: 'token:ID', or 'session:' and the SHA-256 of its cookies.
  CREATE TABLE ended_credentials (
    key TEXT PRIMARY KEY,
    at  INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- Signed URLs are stored nowhere; this is what was taken back of them.
  CREATE TABLE revoked_urls (
    id        TEXT PRIMARY KEY,
    forget_at INTEGER NOT NULL            -- UTC ms
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE url_generations (
    path       TEXT PRIMARY KEY,
    generation INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE revoked_url_keys (
    key_id TEXT PRIMARY KEY,
    second INTEGER NOT NULL               -- Unix seconds, inclusive
  ) STRICT, WITHOUT ROWID;

  -- Share links by their public id; of the token in the URL only the SHA-256, in hexadecimal.
  CREATE TABLE share_links (
    id           TEXT PRIMARY KEY,
    hash         TEXT NOT NULL,
    kind         TEXT NOT NULL CHECK (kind IN ('read', 'upload')),
    path         TEXT NOT NULL,
    maker        TEXT,                    -- 'user:…'; NULL: the operator
    maker_groups TEXT NOT NULL,           -- JSON
    grant_id     INTEGER,
    terms        TEXT NOT NULL,           -- JSON
    expires_at   INTEGER NOT NULL,        -- UTC ms, as all below; also in the terms
    revoked_at   INTEGER,
    created_at   INTEGER NOT NULL,
    last_used_at INTEGER,
    downloads    INTEGER NOT NULL DEFAULT 0,
    uploads      INTEGER NOT NULL DEFAULT 0
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX share_links_by_path  ON share_links (path, id);
  CREATE INDEX share_links_by_maker ON share_links (maker, id);
  CREATE INDEX share_links_by_end   ON share_links (expires_at);
  CREATE INDEX share_links_revoked  ON share_links (revoked_at) WHERE revoked_at IS NOT NULL;

  -- Who has begun a download of a link with a limit, under each name by which they may come again.
  CREATE TABLE link_leases (
    link_id    TEXT NOT NULL,
    client     TEXT NOT NULL,
    expires_at INTEGER NOT NULL,          -- UTC ms
    PRIMARY KEY (link_id, client)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX link_leases_by_end ON link_leases (expires_at);
  `,
  `
  -- Moves under way; a row that outlives its process is finished or given up by the next start. While it is here, both
  -- paths and all below them are committing.
  CREATE TABLE moves (
    name   TEXT PRIMARY KEY,
    source TEXT NOT NULL,
    target TEXT NOT NULL,
    entry  TEXT NOT NULL                  -- JSON
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- Quotas: of a user (user:…), or of a folder with all below it (/…/).
  CREATE TABLE quotas (
    subject   TEXT PRIMARY KEY,
    bytes_max INTEGER,                    -- NULL: no limit
    files_max INTEGER
  ) STRICT, WITHOUT ROWID;

  -- What the rows of files come to: of every owner, and of every folder that has a quota.
  CREATE TABLE usages (
    subject TEXT PRIMARY KEY,
    bytes   INTEGER NOT NULL,
    files   INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  INSERT INTO usages SELECT owner, sum(bytes), count(*) FROM files WHERE owner IS NOT NULL GROUP BY owner;

  -- What a commit or a move under way may still add; it goes with its line in the journal.
  CREATE TABLE quota_reservations (
    name    TEXT NOT NULL,
    subject TEXT NOT NULL,
    bytes   INTEGER NOT NULL,
    files   INTEGER NOT NULL,
    PRIMARY KEY (name, subject)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX quota_reservations_by_subject ON quota_reservations (subject);
  CREATE TRIGGER journal_cleared AFTER DELETE ON journal BEGIN
    DELETE FROM quota_reservations WHERE name = OLD.partial;
  END;
  CREATE TRIGGER move_cleared AFTER DELETE ON moves BEGIN
    DELETE FROM quota_reservations WHERE name = OLD.name;
  END;

  -- Every length that a folder's path may have, to find the folders above a path: a trigger knows no recursion.
  CREATE TABLE path_lengths (n INTEGER PRIMARY KEY) STRICT;
  WITH RECURSIVE lengths (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM lengths WHERE n < 4096)
  INSERT INTO path_lengths SELECT n FROM lengths;

  CREATE TRIGGER file_owned AFTER INSERT ON files WHEN NEW.owner IS NOT NULL BEGIN
    ${addToOwner}
  END;
  CREATE TRIGGER file_disowned AFTER DELETE ON files WHEN OLD.owner IS NOT NULL BEGIN
    ${takeFromOwner}
  END;
  CREATE TRIGGER file_owner_changed AFTER UPDATE ON files
  WHEN OLD.owner IS NOT NEW.owner OR OLD.bytes <> NEW.bytes BEGIN
    ${takeFromOwner}
    ${addToOwner}
  END;
  CREATE TRIGGER file_added AFTER INSERT ON files WHEN ${someFolderHasQuota} BEGIN
    ${addToFolders}
  END;
  CREATE TRIGGER file_gone AFTER DELETE ON files WHEN ${someFolderHasQuota} BEGIN
    ${takeFromFolders}
  END;
  CREATE TRIGGER file_moved AFTER UPDATE ON files WHEN ${someFolderHasQuota} BEGIN
    ${takeFromFolders}
    ${addToFolders}
  END;
  `,
  `
  -- From when on a file is not served any more. Those that have none have no row.
  CREATE TABLE expiries (
    path       TEXT PRIMARY KEY,
    expires_at INTEGER NOT NULL           -- UTC ms
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX expiries_by_end ON expiries (expires_at, path);

  -- Files that were removed; the id is the name of the file in the folder of the trash.
  CREATE TABLE trash (
    id         TEXT PRIMARY KEY,
    path       TEXT NOT NULL,             -- where it was
    owner      TEXT,
    bytes      INTEGER NOT NULL,
    expires_at INTEGER,                   -- the file's own, UTC ms
    grants     TEXT NOT NULL,             -- JSON: those that were on the path
    removed_by TEXT,                      -- 'user:…'; NULL: the operator, or the files service
    removed_at INTEGER NOT NULL           -- UTC ms
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX trash_by_time ON trash (removed_at, id);
  `,
  `
  -- The SHA-256 of files, each with the version of the row of files that it was computed of.
  CREATE TABLE digests (
    path       TEXT PRIMARY KEY,
    bytes      INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,          -- UTC ms
    sha256     TEXT NOT NULL              -- hexadecimal
  ) STRICT, WITHOUT ROWID;
  CREATE TRIGGER digest_gone AFTER DELETE ON files BEGIN
    DELETE FROM digests WHERE path = OLD.path;
  END;
  CREATE TRIGGER digest_moved AFTER UPDATE OF path ON files BEGIN
    UPDATE OR REPLACE digests SET path = NEW.path WHERE path = OLD.path;
  END;
  CREATE TRIGGER digest_outdated AFTER UPDATE OF bytes, updated_at ON files
  WHEN OLD.bytes <> NEW.bytes OR OLD.updated_at <> NEW.updated_at BEGIN
    DELETE FROM digests WHERE path = NEW.path;
  END;
  ALTER TABLE trash ADD COLUMN sha256 TEXT; -- of the file, where it was known
  `,
];

export const SCHEMA_VERSION = MIGRATIONS.length;

/** Brings the schema up to this version. @throws when the store was written by a newer Latchkey */
export function migrate(db: Database): void {
  if (schemaVersion(db) === SCHEMA_VERSION) return;
  const step = db.transaction(() => {
    const found = schemaVersion(db);
    const next = MIGRATIONS[found];
    if (found > SCHEMA_VERSION) throw new Error(newerSchema(found));
    if (next === undefined) return false;
    db.exec(next);
    db.pragma(`user_version = ${found + 1}`);
    return true;
  });
  while (step.immediate()) {}
}

export function schemaVersion(db: Database): number {
  return db.pragma('user_version', { simple: true }) as number;
}

/** Why this process must not go on with a store of another schema; `undefined`: it is of this one. */
export function schemaProblem(found: number | undefined): string | undefined {
  if (found === SCHEMA_VERSION) return undefined;
  return `the store has schema ${found}, this process knows ${SCHEMA_VERSION}: restart it`;
}

function newerSchema(found: number): string {
  return `the store has schema ${found}, this Latchkey knows ${SCHEMA_VERSION}: upgrade Latchkey, or restore the backup made before the upgrade`;
}
