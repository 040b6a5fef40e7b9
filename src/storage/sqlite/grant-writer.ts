/** Writes grants inside a transaction of its caller; the one place that gives grant ids. */

import type { Database, Statement } from 'better-sqlite3';
import type { Grant, GrantDraft } from '../../acl/grant.js';

type UpsertValues = [string, string, string, string, number | null, number | null, number];

export interface PutGrant {
  readonly grant: Grant;
  readonly replaced: boolean;
}

/** Lives as long as its transaction: ids are counted in memory and stored once, by `end`. */
export interface GrantSession {
  put(draft: GrantDraft): PutGrant;
  end(): void;
}

export class GrantWriter {
  readonly #lastId: Statement<[], number>;
  readonly #upsert: Statement<UpsertValues, number>;
  readonly #saveLastId: Statement<[number]>;

  constructor(db: Database) {
    this.#lastId = db.prepare<[], number>('SELECT grant_id FROM state').pluck();
    this.#saveLastId = db.prepare('UPDATE state SET grant_id = ?');
    // A replaced grant keeps its id; RETURNING tells which it is.
    this.#upsert = db
      .prepare<UpsertValues, number>(
        `INSERT INTO grants (path, principal, action, effect, not_before, expires_at, id)
         VALUES (?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET
           effect = excluded.effect, not_before = excluded.not_before, expires_at = excluded.expires_at
         RETURNING id`,
      )
      .pluck();
  }

  begin(): GrantSession {
    let lastId = this.#lastId.get() ?? 0;
    return {
      put: (draft) => {
        const { path, principal, action, effect, notBefore, expiresAt } = draft;
        const next = lastId + 1;
        const from = notBefore ?? null;
        const until = expiresAt ?? null;
        const id = this.#upsert.get(path, principal, action, effect, from, until, next) ?? next;
        lastId = Math.max(lastId, id);
        return { grant: { ...draft, id }, replaced: id !== next };
      },
      end: () => {
        this.#saveLastId.run(lastId);
      },
    };
  }
}
