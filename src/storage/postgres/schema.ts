/**
 * The schema, as a list that only grows; `migrate.ts` runs it. A released migration is never edited.
 *
 * Texts compare byte for byte (`COLLATE "C"`). Paths are indexed by `path-key.ts`. Times are UTC milliseconds.
 */

import { countFiles } from './count-files.js';
import { isPath, pathKey } from './path-key.js';

export const MIGRATIONS: readonly string[] = [
  `
  -- The number of the last change, and of the last one that was trimmed from the log. One row.
  CREATE TABLE state (
    one      integer PRIMARY KEY CHECK (one = 1),
    schema   integer NOT NULL,
    store    uuid    NOT NULL DEFAULT gen_random_uuid(),   -- which store this is
    revision bigint  NOT NULL,
    trimmed  bigint  NOT NULL,
    mark     bigint  NOT NULL,           -- what tells a revision from another one of the same number
    grant_id bigint  NOT NULL            -- the last grant id given; ids are never given twice
  );
  INSERT INTO state (one, schema, revision, trimmed, mark, grant_id) VALUES (1, 0, 0, 0, 0, 0);

  -- Nothing up to 500 characters; of a longer text the SHA-256 of it, so that an index holds it.
  CREATE FUNCTION path_rest(text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
    $$ SELECT CASE WHEN length($1) <= 500 THEN ''
       ELSE encode(sha256(decode(replace($1, '\\', '\\\\'), 'escape')), 'hex') END $$;

  -- What each revision touched: a path, a 'user:…' principal, a credential, or '*'.
  CREATE TABLE changes (
    revision bigint NOT NULL,
    touched  text   NOT NULL COLLATE "C",
    mark     bigint NOT NULL
  );
  CREATE INDEX changes_by_revision ON changes (revision);

  CREATE TABLE grants (
    path       text NOT NULL COLLATE "C",
    principal  text NOT NULL COLLATE "C",
    action     text NOT NULL COLLATE "C" CHECK (action IN ('read', 'write', 'manage')),
    effect     text NOT NULL COLLATE "C" CHECK (effect IN ('allow', 'deny')),
    not_before bigint,                   -- inclusive
    expires_at bigint,                   -- exclusive
    id         bigint NOT NULL
  );
  CREATE UNIQUE INDEX grants_by_path ON grants (${pathKey()}, principal, action);
  CREATE INDEX grants_by_principal ON grants (principal, left(path, 500));

  CREATE TABLE members (
    group_principal text NOT NULL COLLATE "C",
    user_principal  text NOT NULL COLLATE "C",
    PRIMARY KEY (group_principal, user_principal)
  );
  CREATE INDEX members_by_user ON members (user_principal);

  CREATE TABLE suspensions (user_principal text PRIMARY KEY COLLATE "C");

  CREATE TABLE files (
    path       text NOT NULL COLLATE "C",
    owner      text COLLATE "C",
    bytes      bigint NOT NULL,
    updated_at bigint NOT NULL
  );
  CREATE UNIQUE INDEX files_by_path ON files (${pathKey()});

  -- Renames and removals under way; a row that outlives its process is finished by the next start.
  CREATE TABLE journal (
    partial text PRIMARY KEY COLLATE "C",
    kind    text NOT NULL CHECK (kind IN ('commit', 'removal')),
    path    text NOT NULL COLLATE "C",
    hidden  boolean NOT NULL,
    entry   text NOT NULL                -- JSON: the file's row and the grants to set with it
  );
  CREATE INDEX journal_by_path ON journal (${pathKey()});

  -- API keys by the SHA-256 of the key, in hexadecimal: the key itself is stored nowhere.
  CREATE TABLE api_keys (
    hash           text PRIMARY KEY COLLATE "C",
    id             text NOT NULL UNIQUE COLLATE "C",
    user_principal text NOT NULL COLLATE "C",
    action         text NOT NULL CHECK (action IN ('read', 'write', 'manage')),
    path           text NOT NULL COLLATE "C",
    created_at     bigint NOT NULL,
    expires_at     bigint,
    last_used_at   bigint,
    note           text NOT NULL
  );

  -- Tokens and sessions of the user from before this instant count no more.
  CREATE TABLE sign_outs (
    user_principal text PRIMARY KEY COLLATE "C",
    at             bigint NOT NULL
  );

  -- One token or session that was ended: 'token:ID', or 'session:' and the SHA-256 of its cookies.
  CREATE TABLE ended_credentials (
    key text PRIMARY KEY COLLATE "C",
    at  bigint NOT NULL
  );

  -- Signed URLs are stored nowhere; this is what was taken back of them.
  CREATE TABLE revoked_urls (
    id        text PRIMARY KEY COLLATE "C",
    forget_at bigint NOT NULL
  );
  CREATE TABLE url_generations (
    path       text NOT NULL COLLATE "C",
    generation bigint NOT NULL
  );
  CREATE UNIQUE INDEX url_generations_by_path ON url_generations (${pathKey()});
  CREATE TABLE revoked_url_keys (
    key_id text PRIMARY KEY COLLATE "C",
    second bigint NOT NULL               -- Unix seconds, inclusive
  );

  -- Share links by their public id; of the token in the URL only the SHA-256, in hexadecimal.
  CREATE TABLE share_links (
    id           text PRIMARY KEY COLLATE "C",
    hash         text NOT NULL,
    kind         text NOT NULL CHECK (kind IN ('read', 'upload')),
    path         text NOT NULL COLLATE "C",
    maker        text COLLATE "C",       -- 'user:…'; NULL: the operator
    maker_groups text NOT NULL,          -- JSON
    grant_id     bigint,
    terms        text NOT NULL,          -- JSON
    expires_at   bigint NOT NULL,        -- also in the terms
    revoked_at   bigint,
    created_at   bigint NOT NULL,
    last_used_at bigint,
    downloads    bigint NOT NULL DEFAULT 0,
    uploads      bigint NOT NULL DEFAULT 0
  );
  CREATE INDEX share_links_by_path  ON share_links (${pathKey()}, id);
  CREATE INDEX share_links_by_maker ON share_links (maker, id);
  CREATE INDEX share_links_by_end   ON share_links (expires_at);
  CREATE INDEX share_links_revoked  ON share_links (revoked_at) WHERE revoked_at IS NOT NULL;

  -- Who has begun a download of a link with a limit, under each name by which they may come again.
  CREATE TABLE link_leases (
    link_id    text NOT NULL COLLATE "C",
    client     text NOT NULL COLLATE "C",
    expires_at bigint NOT NULL,
    PRIMARY KEY (link_id, client)
  );
  CREATE INDEX link_leases_by_end ON link_leases (expires_at);

  -- Moves under way; a row that outlives its process is finished or given up by the next start. While it is here, both
  -- paths and all below them are committing.
  CREATE TABLE moves (
    name   text PRIMARY KEY COLLATE "C",
    source text NOT NULL COLLATE "C",
    target text NOT NULL COLLATE "C",
    entry  text NOT NULL                 -- JSON
  );

  -- Quotas: of a user (user:…), or of a folder with all below it (/…/).
  CREATE TABLE quotas (
    subject   text NOT NULL COLLATE "C",
    bytes_max bigint,                    -- NULL: no limit
    files_max bigint
  );
  CREATE UNIQUE INDEX quotas_by_subject ON quotas (${pathKey('subject')});

  -- What the rows of files come to: of every owner, and of every folder that has a quota.
  CREATE TABLE usages (
    subject text NOT NULL COLLATE "C",
    bytes   bigint NOT NULL,
    files   bigint NOT NULL
  );
  CREATE UNIQUE INDEX usages_by_subject ON usages (${pathKey('subject')});

  -- What a commit or a move under way may still add; it goes with its line in the journal.
  CREATE TABLE quota_reservations (
    name    text NOT NULL COLLATE "C",
    subject text NOT NULL COLLATE "C",
    bytes   bigint NOT NULL,
    files   bigint NOT NULL
  );
  CREATE UNIQUE INDEX quota_reservations_by_name    ON quota_reservations (name, ${pathKey('subject')});
  CREATE        INDEX quota_reservations_by_subject ON quota_reservations (${pathKey('subject')});
  ${countFiles}

  -- From when on a file is not served any more. Those that have none have no row.
  CREATE TABLE expiries (
    path       text NOT NULL COLLATE "C",
    expires_at bigint NOT NULL
  );
  CREATE UNIQUE INDEX expiries_by_path ON expiries (${pathKey()});
  CREATE INDEX expiries_by_end ON expiries (expires_at);

  -- Files that were removed; the id is the name of the file in the folder of the trash.
  CREATE TABLE trash (
    id         text PRIMARY KEY COLLATE "C",
    path       text NOT NULL COLLATE "C", -- where it was
    owner      text COLLATE "C",
    bytes      bigint NOT NULL,
    expires_at bigint,                   -- the file's own
    grants     text NOT NULL,            -- JSON: those that were on the path
    removed_by text COLLATE "C",         -- 'user:…'; NULL: the operator, or the files service
    removed_at bigint NOT NULL
  );
  CREATE INDEX trash_by_time ON trash (removed_at, id);
  `,
  `
  -- The SHA-256 of files, each with the version of the row of files that it was computed of.
  CREATE TABLE digests (
    path       text NOT NULL COLLATE "C",
    bytes      bigint NOT NULL,
    updated_at bigint NOT NULL,
    sha256     text NOT NULL             -- hexadecimal
  );
  CREATE UNIQUE INDEX digests_by_path ON digests (${pathKey()});
  CREATE FUNCTION digests_gone() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    DELETE FROM digests USING gone WHERE ${isPath('gone.path', 'digests.path')};
    RETURN NULL;
  END $$;
  CREATE TRIGGER digests_gone AFTER DELETE ON files REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION digests_gone();
  ALTER TABLE trash ADD COLUMN sha256 text; -- of the file, where it was known
  `,
  `
  -- The processes that decide by this store from memory, and how far each has followed it. They write it twice a second.
  CREATE TABLE authorizers (
    id               text PRIMARY KEY COLLATE "C",
    name             text NOT NULL COLLATE "C",
    place            text NOT NULL,
    pid              bigint NOT NULL,
    staleness_max_ms bigint NOT NULL,
    seen_at          timestamptz NOT NULL,
    revision         bigint NOT NULL
  ) WITH (fillfactor = 50);
  `,
  `
  -- Which process changes files: one at a time. One row, or none: nobody has yet. Epoch and holder are a key, so that who
  -- takes the lease waits for the transactions that have looked at it FOR KEY SHARE, and who renews it does not.
  CREATE TABLE files_lease (
    one        integer PRIMARY KEY CHECK (one = 1),
    epoch      bigint NOT NULL,          -- how many times somebody took it
    holder     text NOT NULL COLLATE "C",
    name       text NOT NULL,
    lock       text NOT NULL COLLATE "C",
    expires_at timestamptz NOT NULL,
    UNIQUE (epoch, holder)
  ) WITH (fillfactor = 50);
  `,
  `
  -- Wrong passwords of links and failed credentials, as all processes count them.
  CREATE TABLE failure_counts (
    kind     text NOT NULL COLLATE "C",
    name     text NOT NULL COLLATE "C",  -- a digest
    failures bigint NOT NULL,
    at       bigint NOT NULL,            -- of passwords the last one, of credentials the first of the window
    PRIMARY KEY (kind, name)
  );
  CREATE INDEX failure_counts_by_time ON failure_counts (kind, at);
  `,
  `
  -- A copy of another store into this one, by 'latchkey migrate': how far it came, or when it was done. One row, or none.
  CREATE TABLE migration (
    one      integer PRIMARY KEY CHECK (one = 1),
    source   text    NOT NULL,           -- for a person
    revision bigint  NOT NULL,           -- the source's, with its mark
    mark     bigint  NOT NULL,
    run      uuid    NOT NULL,           -- whose it is: of two processes the later one's
    tables   text    NOT NULL,           -- JSON: of each table the last key that was copied
    finished bigint                      -- the revision with which this became a store; NULL: it is none yet
  );
  `,
];

export const SCHEMA_VERSION = MIGRATIONS.length;

/**
 * Added to the schema's number for as long as another store is copied into this one: whoever opens it, decides by it or
 * writes to it looks at that number in any case, and a Latchkey that knows nothing of this refuses it as well.
 */
export const HALF_COPIED = 1_000_000;

/** Why this process must not go on with a store of another schema; `undefined`: it is of this one. */
export function schemaProblem(found: number | undefined): string | undefined {
  if (found === SCHEMA_VERSION) return undefined;
  if (isHalfCopied(found)) return halfCopied;
  return `the store has schema ${found}, this process knows ${SCHEMA_VERSION}: restart it`;
}

export function isHalfCopied(found: number | undefined): boolean {
  return found !== undefined && found >= HALF_COPIED;
}

const halfCopied =
  "this database holds an unfinished migration: run the same 'latchkey migrate' again, or with --restart to begin anew";

export function newerSchema(found: number): string {
  if (isHalfCopied(found)) return halfCopied;
  return `the store has schema ${found}, this Latchkey knows ${SCHEMA_VERSION}: upgrade Latchkey, or restore the backup made before the upgrade`;
}
