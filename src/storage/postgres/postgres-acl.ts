/** Grants, groups and suspensions in PostgreSQL. */

import type { Grant, GrantDraft } from '../../acl/grant.js';
import { beyond } from '../../acl/path-range.js';
import type { AclStore, GrantSelection, GroupListing, ImportCounts, Written } from '../../acl/ports.js';
import { TOUCHED_ALL } from '../../acl/ports.js';
import type { Principal } from '../../acl/principal.js';
import { type ResourcePath, ROOT } from '../../acl/resource-path.js';
import { GRANT_COLUMNS, type GrantRow, grantOf } from '../rows.js';
import { ArrivingGrants } from './arriving-rows.js';
import type { PostgresDatabase } from './database.js';
import { putGrants } from './grant-rows.js';
import { inPathOrder, isBetween, isPath, isWithin } from './path-key.js';
import { revisionOf } from './revisions.js';

const PAGE = 1_000;

export class PostgresAcl implements AclStore {
  readonly #database: PostgresDatabase;

  constructor(database: PostgresDatabase) {
    this.#database = database;
  }

  revision(): Promise<number> {
    return revisionOf(this.#database);
  }

  putGrants(drafts: readonly GrantDraft[]): Promise<Written<readonly Grant[]>> {
    return this.#database.write(async (tx) => ({
      value: await putGrants(tx, drafts),
      touched: drafts.map((draft) => draft.path),
    }));
  }

  removeGrants({ principal, path, actions, effect }: GrantSelection): Promise<Written<readonly Grant[]>> {
    return this.#database.write(async (tx) => {
      const rows = await tx.rows<GrantRow>(
        `DELETE FROM grants
         WHERE ${isPath('$1::text')} AND principal = $2 AND action = ANY ($3::text[]) AND effect = $4
         RETURNING ${GRANT_COLUMNS}`,
        [path, principal, actions, effect],
      );
      const inOrder = actions.flatMap((action) => rows.filter((row) => row.action === action));
      return { value: inOrder.map(grantOf), touched: rows.length === 0 ? [] : [path] };
    });
  }

  grantsOn(paths: readonly ResourcePath[]): Promise<readonly Grant[]> {
    return this.#found(
      `SELECT here.* FROM unnest($1::text[]) WITH ORDINALITY AS asked (path, n) CROSS JOIN LATERAL (
         SELECT ${GRANT_COLUMNS} FROM grants WHERE ${isPath('asked.path', 'grants.path')}) AS here
       ORDER BY n, principal, action`,
      paths,
    );
  }

  grantsOf(principals: readonly Principal[]): Promise<readonly Grant[]> {
    return this.#found(
      `SELECT here.* FROM unnest($1::text[]) WITH ORDINALITY AS asked (principal, n) CROSS JOIN LATERAL (
         SELECT ${GRANT_COLUMNS} FROM grants WHERE grants.principal = asked.principal) AS here
       ORDER BY n, ${inPathOrder('here.path')}, action`,
      principals,
    );
  }

  async *allGrants(folder = ROOT): AsyncIterable<Grant> {
    const end = beyond(folder);
    let rows = await this.#page(`${isWithin('$1::text', '$2::text')}`, [folder, end]);
    for (let last = rows.at(-1); last !== undefined; last = rows.at(-1)) {
      for (const row of rows) yield grantOf(row);
      const { path, principal, action } = last;
      // What is left of the last path, and then what is behind it: each is a range of the index.
      const same = `${isPath('$1::text')} AND (principal, action) > ($2, $3)`;
      rows = await this.#page(same, [path, principal, action]);
      if (rows.length === 0) rows = await this.#page(isBetween('$1::text', '$2::text'), [path, end]);
    }
  }

  importGrants(batches: AsyncIterable<readonly GrantDraft[]>): Promise<Written<ImportCounts>> {
    return this.#database.writeLong(async (tx) => {
      const arriving = await ArrivingGrants.begin(tx);
      for await (const batch of batches) await arriving.add(batch);
      await arriving.sort();
      await tx.turn();
      const counts = await arriving.merge();
      return { value: counts, touched: counts.added + counts.replaced === 0 ? [] : [TOUCHED_ALL] };
    });
  }

  addMember(group: Principal, user: Principal): Promise<Written<boolean>> {
    return this.#toggle('INSERT INTO members VALUES ($1, $2) ON CONFLICT DO NOTHING', [group, user], user);
  }

  removeMember(group: Principal, user: Principal): Promise<Written<boolean>> {
    const remove = 'DELETE FROM members WHERE group_principal = $1 AND user_principal = $2';
    return this.#toggle(remove, [group, user], user);
  }

  async groups(group?: Principal): Promise<readonly GroupListing[]> {
    const rows = await this.#database.rows<{ name: Principal; users: Principal[] }>(
      `SELECT group_principal AS name, json_agg(user_principal ORDER BY user_principal) AS users FROM members
       WHERE $1::text IS NULL OR group_principal = $1 GROUP BY group_principal ORDER BY group_principal`,
      [group ?? null],
    );
    return rows.map(({ name, users }) => ({ group: name, users }));
  }

  suspend(user: Principal): Promise<Written<boolean>> {
    return this.#toggle('INSERT INTO suspensions VALUES ($1) ON CONFLICT DO NOTHING', [user], user);
  }

  resume(user: Principal): Promise<Written<boolean>> {
    return this.#toggle('DELETE FROM suspensions WHERE user_principal = $1', [user], user);
  }

  async #found(sql: string, asked: readonly string[]): Promise<readonly Grant[]> {
    return (await this.#database.rows<GrantRow>(sql, [asked])).map(grantOf);
  }

  #page(where: string, values: readonly string[]): Promise<readonly GrantRow[]> {
    return this.#database.rows<GrantRow>(
      `SELECT ${GRANT_COLUMNS} FROM grants WHERE ${where}
       ORDER BY ${inPathOrder()}, principal, action LIMIT ${PAGE}`,
      values,
    );
  }

  #toggle(sql: string, values: readonly string[], touched: Principal): Promise<Written<boolean>> {
    return this.#database.write(async (tx) => {
      const changed = (await tx.run(sql, values)) > 0;
      return { value: changed, touched: changed ? [touched] : [] };
    });
  }
}
