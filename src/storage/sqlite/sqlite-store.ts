/**
 * The store in SQLite: grants, groups, suspensions. Files are `SqliteFiles`'s.
 *
 * Every write is one immediate transaction that ends by bumping the revision and logging what it touched.
 */

import type { Database, Statement } from 'better-sqlite3';
import type { Grant, GrantDraft } from '../../acl/grant.js';
import type { AclStore, GrantSelection, GroupListing, ImportCounts, Written } from '../../acl/ports.js';
import { TOUCHED_ALL } from '../../acl/ports.js';
import type { Principal } from '../../acl/principal.js';
import { type ResourcePath, ROOT } from '../../acl/resource-path.js';
import { beyond, GRANT_COLUMNS, type GrantRow, grantOf } from '../rows.js';
import { BulkGrants } from './bulk-grants.js';
import type { ChangeLog } from './change-log.js';
import { GrantWriter } from './grant-writer.js';

export class SqliteStore implements AclStore {
  readonly #db: Database;
  readonly #log: ChangeLog;
  readonly #grants: GrantWriter;
  readonly #selected: Statement<[string, string, string, string], GrantRow>;
  readonly #delete: Statement<[string, string, string]>;

  constructor(db: Database, log: ChangeLog) {
    this.#db = db;
    this.#log = log;
    this.#grants = new GrantWriter(db);
    const where = 'path = ? AND principal = ? AND action = ?';
    this.#selected = db.prepare(`SELECT ${GRANT_COLUMNS} FROM grants WHERE ${where} AND effect = ?`);
    this.#delete = db.prepare(`DELETE FROM grants WHERE ${where}`);
  }

  async revision(): Promise<number> {
    return this.#log.revision();
  }

  async putGrants(drafts: readonly GrantDraft[]): Promise<Written<readonly Grant[]>> {
    return this.#log.write(() => {
      const session = this.#grants.begin();
      const grants = drafts.map((draft) => session.put(draft).grant);
      session.end();
      return { value: grants, touched: drafts.map((draft) => draft.path) };
    });
  }

  async removeGrants(selection: GrantSelection): Promise<Written<readonly Grant[]>> {
    const { path, principal, actions, effect } = selection;
    return this.#log.write(() => {
      const rows = actions.flatMap((action) => this.#selected.all(path, principal, action, effect));
      for (const row of rows) this.#delete.run(row.path, row.principal, row.action);
      return { value: rows.map(grantOf), touched: rows.length === 0 ? [] : [path] };
    });
  }

  async grantsOn(paths: readonly ResourcePath[]): Promise<readonly Grant[]> {
    const statement = this.#db.prepare<[string], GrantRow>(
      `SELECT ${GRANT_COLUMNS} FROM grants WHERE path = ?`,
    );
    return this.#db.transaction(() => paths.flatMap((path) => statement.all(path).map(grantOf)))();
  }

  async grantsOf(principals: readonly Principal[]): Promise<readonly Grant[]> {
    const statement = this.#db.prepare<[string], GrantRow>(
      `SELECT ${GRANT_COLUMNS} FROM grants WHERE principal = ? ORDER BY path, action`,
    );
    return this.#db.transaction(() => principals.flatMap((who) => statement.all(who).map(grantOf)))();
  }

  async *allGrants(folder = ROOT): AsyncIterable<Grant> {
    const page = this.#db.prepare<[string, string, string, string], GrantRow>(
      `SELECT ${GRANT_COLUMNS} FROM grants WHERE (path, principal, action) > (?, ?, ?) AND path < ?
       ORDER BY path, principal, action LIMIT 1000`,
    );
    const end = beyond(folder);
    let last = [folder, '', ''] as [string, string, string];
    for (let rows = page.all(...last, end); rows.length > 0; rows = page.all(...last, end)) {
      for (const row of rows) {
        last = [row.path, row.principal, row.action];
        yield grantOf(row);
      }
    }
  }

  async importGrants(batches: AsyncIterable<readonly GrantDraft[]>): Promise<Written<ImportCounts>> {
    return this.#log.writeLong(async () => {
      const bulk = new BulkGrants(this.#db);
      for await (const batch of batches) bulk.put(batch);
      const counts = bulk.end();
      return { value: counts, touched: counts.added + counts.replaced === 0 ? [] : [TOUCHED_ALL] };
    });
  }

  async addMember(group: Principal, user: Principal): Promise<Written<boolean>> {
    return this.#toggle('INSERT OR IGNORE INTO members VALUES (?, ?)', [group, user], user);
  }

  async removeMember(group: Principal, user: Principal): Promise<Written<boolean>> {
    return this.#toggle(
      'DELETE FROM members WHERE group_principal = ? AND user_principal = ?',
      [group, user],
      user,
    );
  }

  async groups(group?: Principal): Promise<readonly GroupListing[]> {
    const rows = this.#db
      .prepare<[{ group: string | null }], { group_principal: Principal; user_principal: Principal }>(
        `SELECT group_principal, user_principal FROM members
         WHERE @group IS NULL OR group_principal = @group ORDER BY group_principal, user_principal`,
      )
      .all({ group: group ?? null });
    const users = new Map<Principal, Principal[]>();
    for (const row of rows) {
      const same = users.get(row.group_principal);
      if (same === undefined) users.set(row.group_principal, [row.user_principal]);
      else same.push(row.user_principal);
    }
    return [...users].map(([name, members]) => ({ group: name, users: members }));
  }

  async suspend(user: Principal): Promise<Written<boolean>> {
    return this.#toggle('INSERT OR IGNORE INTO suspensions VALUES (?)', [user], user);
  }

  async resume(user: Principal): Promise<Written<boolean>> {
    return this.#toggle('DELETE FROM suspensions WHERE user_principal = ?', [user], user);
  }

  #toggle(sql: string, values: readonly string[], touched: Principal): Promise<Written<boolean>> {
    const statement = this.#db.prepare(sql);
    return this.#log.write(() => {
      const changed = statement.run(...values).changes > 0;
      return { value: changed, touched: changed ? [touched] : [] };
    });
  }
}
