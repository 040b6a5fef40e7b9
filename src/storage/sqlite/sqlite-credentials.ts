/** API keys, sign-outs and ended credentials in SQLite. */

import type { Database } from 'better-sqlite3';
import {
  type ApiKeyRecord,
  type CredentialKey,
  type CredentialStore,
  SESSION_MARK_MS,
  type UsageStore,
  type Written,
} from '../../acl/ports.js';
import type { Principal } from '../../acl/principal.js';
import { API_KEY_COLUMNS, type ApiKeyRow, apiKeyOf } from '../rows.js';
import type { Change, ChangeLog } from './change-log.js';
import type { WriteTurns } from './write-turns.js';

export class SqliteCredentials implements CredentialStore {
  readonly #db: Database;
  readonly #log: ChangeLog;

  constructor(db: Database, log: ChangeLog) {
    this.#db = db;
    this.#log = log;
  }

  async addApiKey(key: ApiKeyRecord): Promise<Written<void>> {
    return this.#log.write(() => {
      this.#db
        .prepare(`INSERT INTO api_keys (${API_KEY_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`)
        .run(
          key.hash,
          key.id,
          key.user,
          key.scope.action,
          key.scope.path,
          key.createdAt,
          key.expiresAt ?? null,
          key.lastUsedAt ?? null,
          key.note,
        );
      return { value: undefined, touched: [`key:${key.hash}`] };
    });
  }

  async apiKeys(user?: Principal): Promise<readonly ApiKeyRecord[]> {
    return this.#db
      .prepare<[{ user: string | null }], ApiKeyRow>(
        `SELECT ${API_KEY_COLUMNS} FROM api_keys WHERE @user IS NULL OR user_principal = @user
         ORDER BY user_principal, created_at, id`,
      )
      .all({ user: user ?? null })
      .map(apiKeyOf);
  }

  async removeApiKey(id: string): Promise<Written<ApiKeyRecord | undefined>> {
    return this.#log.write(() => {
      const row = this.#db
        .prepare<[string], ApiKeyRow>(`DELETE FROM api_keys WHERE id = ? RETURNING ${API_KEY_COLUMNS}`)
        .get(id);
      if (row === undefined) return { value: undefined, touched: [] };
      return { value: apiKeyOf(row), touched: [`key:${row.hash}`] };
    });
  }

  async signOut(user: Principal, at: number): Promise<Written<void>> {
    return this.#log.write(() => {
      // A clock that was set back must not bring ended tokens to life.
      this.#db
        .prepare('INSERT INTO sign_outs VALUES (?, ?) ON CONFLICT DO UPDATE SET at = max(at, excluded.at)')
        .run(user, at);
      return { value: undefined, touched: [user] };
    });
  }

  async endToken(id: string, at: number): Promise<Written<void>> {
    return this.#log.write(() => this.#end(`token:${id}`, at));
  }

  async endSession(hash: string, at: number): Promise<Written<void>> {
    return this.#log.write(() => {
      this.#db
        .prepare("DELETE FROM ended_credentials WHERE key >= 'session:' AND key < 'session;' AND at <= ?")
        .run(at - SESSION_MARK_MS);
      return this.#end(`session:${hash}`, at);
    });
  }

  #end(key: CredentialKey, at: number): Change<void> {
    this.#db
      .prepare(
        'INSERT INTO ended_credentials VALUES (?, ?) ON CONFLICT DO UPDATE SET at = max(at, excluded.at)',
      )
      .run(key, at);
    return { value: undefined, touched: [key] };
  }
}

/** The narrow port of the authorizer: it can note uses, and nothing else. */
export class SqliteUsage implements UsageStore {
  readonly #db: Database;
  readonly #turns: WriteTurns;

  constructor(db: Database, turns: WriteTurns) {
    this.#db = db;
    this.#turns = turns;
  }

  async recordUses(uses: ReadonlyMap<string, number>): Promise<void> {
    const update = this.#db.prepare(
      'UPDATE api_keys SET last_used_at = ? WHERE id = ? AND coalesce(last_used_at, 0) < ?',
    );
    await this.#turns.write(() => {
      for (const [id, at] of uses) update.run(at, id, at);
    });
  }
}
