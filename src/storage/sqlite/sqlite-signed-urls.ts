/** What was taken back of signed URLs, in SQLite: written by operators, read whole by the authorizers. */

import type { Database } from 'better-sqlite3';
import type { SignedUrlStore } from '../../acl/link-ports.js';
import { type RevokedUrls, SIGNED_URLS, type Written } from '../../acl/ports.js';
import type { ResourcePath } from '../../acl/resource-path.js';
import type { ChangeLog } from './change-log.js';

const TOUCHED = [SIGNED_URLS];

export class SqliteSignedUrls implements SignedUrlStore {
  readonly #db: Database;
  readonly #log: ChangeLog;

  constructor(db: Database, log: ChangeLog) {
    this.#db = db;
    this.#log = log;
  }

  async generation(path: ResourcePath): Promise<number> {
    const found = this.#db
      .prepare<[string], number>('SELECT generation FROM url_generations WHERE path = ?')
      .pluck()
      .get(path);
    return found ?? 0;
  }

  async revokeUrl(id: string, now: number, forgetAt: number): Promise<Written<void>> {
    return this.#log.write(() => {
      this.#db.prepare('DELETE FROM revoked_urls WHERE forget_at <= ?').run(now);
      this.#db
        .prepare(
          `INSERT INTO revoked_urls VALUES (?, ?)
           ON CONFLICT DO UPDATE SET forget_at = max(forget_at, excluded.forget_at)`,
        )
        .run(id, forgetAt);
      return { value: undefined, touched: TOUCHED };
    });
  }

  async raiseGeneration(path: ResourcePath): Promise<Written<number>> {
    return this.#log.write(() => {
      const generation = this.#db
        .prepare<[string], number>(
          `INSERT INTO url_generations VALUES (?, 1)
           ON CONFLICT DO UPDATE SET generation = generation + 1 RETURNING generation`,
        )
        .pluck()
        .get(path);
      if (generation === undefined) throw new Error('the store answered with no generation');
      return { value: generation, touched: TOUCHED };
    });
  }

  async revokeUrlsOf(keyId: string, second: number): Promise<Written<void>> {
    return this.#log.write(() => {
      this.#db
        .prepare(
          `INSERT INTO revoked_url_keys VALUES (?, ?)
           ON CONFLICT DO UPDATE SET second = max(second, excluded.second)`,
        )
        .run(keyId, second);
      return { value: undefined, touched: TOUCHED };
    });
  }
}

/** In a transaction of the caller's. */
export function readRevokedUrls(db: Database): RevokedUrls {
  const pairs = (sql: string) => new Map(db.prepare<[], [string, number]>(sql).raw().all());
  return {
    ids: new Set(db.prepare<[], string>('SELECT id FROM revoked_urls').pluck().all()),
    generations: pairs('SELECT path, generation FROM url_generations'),
    keys: pairs('SELECT key_id, second FROM revoked_url_keys'),
  };
}
