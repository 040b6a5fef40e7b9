/** API keys, sign-outs and ended credentials in PostgreSQL. */

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
import type { Change, PostgresDatabase, Transaction } from './database.js';

export class PostgresCredentials implements CredentialStore {
  readonly #database: PostgresDatabase;

  constructor(database: PostgresDatabase) {
    this.#database = database;
  }

  addApiKey(key: ApiKeyRecord): Promise<Written<void>> {
    const { hash, id, user, scope, createdAt, expiresAt = null, lastUsedAt = null, note } = key;
    const values = [hash, id, user, scope.action, scope.path, createdAt, expiresAt, lastUsedAt, note];
    return this.#database.write(async (tx) => {
      await tx.run(
        `INSERT INTO api_keys (${API_KEY_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
        values,
      );
      return { value: undefined, touched: [`key:${hash}`] };
    });
  }

  async apiKeys(user?: Principal): Promise<readonly ApiKeyRecord[]> {
    const rows = await this.#database.rows<ApiKeyRow>(
      `SELECT ${API_KEY_COLUMNS} FROM api_keys WHERE $1::text IS NULL OR user_principal = $1
       ORDER BY user_principal, created_at, id`,
      [user ?? null],
    );
    return rows.map(apiKeyOf);
  }

  removeApiKey(id: string): Promise<Written<ApiKeyRecord | undefined>> {
    return this.#database.write<ApiKeyRecord | undefined>(async (tx) => {
      const [row] = await tx.rows<ApiKeyRow>(
        `DELETE FROM api_keys WHERE id = $1 RETURNING ${API_KEY_COLUMNS}`,
        [id],
      );
      if (row === undefined) return { value: undefined, touched: [] };
      return { value: apiKeyOf(row), touched: [`key:${row.hash}`] };
    });
  }

  signOut(user: Principal, at: number): Promise<Written<void>> {
    return this.#database.write(async (tx) => {
      // A clock that was set back must not bring ended tokens to life.
      await tx.run(
        `INSERT INTO sign_outs AS s VALUES ($1, $2)
         ON CONFLICT (user_principal) DO UPDATE SET at = greatest(s.at, excluded.at)`,
        [user, at],
      );
      return { value: undefined, touched: [user] };
    });
  }

  endToken(id: string, at: number): Promise<Written<void>> {
    return this.#database.write((tx) => end(tx, `token:${id}`, at));
  }

  endSession(hash: string, at: number): Promise<Written<void>> {
    return this.#database.write(async (tx) => {
      await tx.run(
        "DELETE FROM ended_credentials WHERE key >= 'session:' AND key < 'session;' AND at <= $1",
        [at - SESSION_MARK_MS],
      );
      return end(tx, `session:${hash}`, at);
    });
  }
}

async function end(tx: Transaction, key: CredentialKey, at: number): Promise<Change<void>> {
  await tx.run(
    `INSERT INTO ended_credentials AS e VALUES ($1, $2)
     ON CONFLICT (key) DO UPDATE SET at = greatest(e.at, excluded.at)`,
    [key, at],
  );
  return { value: undefined, touched: [key] };
}

/** The narrow port of the authorizer: it can note uses, and nothing else. */
export class PostgresUsage implements UsageStore {
  readonly #database: PostgresDatabase;

  constructor(database: PostgresDatabase) {
    this.#database = database;
  }

  async recordUses(uses: ReadonlyMap<string, number>): Promise<void> {
    await this.#database.writeBeside((tx) =>
      tx.run(
        `UPDATE api_keys SET last_used_at = at FROM unnest($1::text[], $2::bigint[]) AS used (key_id, at)
         WHERE id = key_id AND coalesce(last_used_at, 0) < at`,
        [[...uses.keys()], [...uses.values()]],
      ),
    );
  }
}
