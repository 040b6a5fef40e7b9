/** Share links in SQLite, as operators and the files service make, list, change and end them. */

import type { Database } from 'better-sqlite3';
import type { ChangeTerms, LinkSelection, ShareLinkStore } from '../../acl/link-ports.js';
import type { CredentialKey, Written } from '../../acl/ports.js';
import { isFolder, type ResourcePath, ROOT } from '../../acl/resource-path.js';
import type { ShareLinkRecord } from '../../acl/share-link.js';
import { LINK_COLUMNS, type LinkRow, linkRecordOf, linkRow } from '../link-rows.js';
import { beyond } from '../rows.js';
import type { Change, ChangeLog } from './change-log.js';

/** Forgotten in one transaction, at the least: it is over in some milliseconds, and others write in between. */
const FORGOTTEN_AT_ONCE = 1_000;
/** Links below a path that are sorted for a page of them. */
const FEW_MAX = 5_000;
const BY_PATH = 'INDEXED BY share_links_by_path';

export class SqliteShareLinks implements ShareLinkStore {
  readonly #db: Database;
  readonly #log: ChangeLog;

  constructor(db: Database, log: ChangeLog) {
    this.#db = db;
    this.#log = log;
  }

  async addLink(link: ShareLinkRecord): Promise<Written<void>> {
    return this.#log.write(() => {
      const values = LINK_COLUMNS.replaceAll(/\w+/g, '@$&');
      this.#db.prepare(`INSERT INTO share_links (${LINK_COLUMNS}) VALUES (${values})`).run(linkRow(link));
      return { value: undefined, touched: [touchedBy(link.id)] };
    });
  }

  async link(id: string): Promise<ShareLinkRecord | undefined> {
    return this.#find(id);
  }

  async links({ path, maker, after = '', max }: LinkSelection): Promise<readonly ShareLinkRecord[]> {
    const conditions = [
      'id > @after',
      ...(path === undefined ? [] : coverage(path)),
      ...(maker === undefined ? [] : ['maker = @maker']),
    ];
    const values = {
      after,
      max,
      ...(path !== undefined && { path, beyond: beyond(path) }),
      ...(maker !== undefined && { maker }),
    };
    // In the order of ids a page of many links is found at once; a few would be looked for among all that there are.
    const by = path !== undefined && maker === undefined && this.#areFew(path) ? BY_PATH : '';
    return this.#db
      .prepare<[Record<string, string | number>], LinkRow>(
        `SELECT ${LINK_COLUMNS} FROM share_links ${by} WHERE ${conditions.join(' AND ')} ORDER BY id LIMIT @max`,
      )
      .all(values)
      .map(linkRecordOf);
  }

  async changeLink(id: string, change: ChangeTerms): Promise<Written<ShareLinkRecord | undefined>> {
    return this.#log.write(() => {
      const link = this.#find(id);
      if (link === undefined || link.revokedAt !== undefined) return NOTHING;
      const terms = change(link.terms);
      this.#db
        .prepare('UPDATE share_links SET terms = ?, expires_at = ? WHERE id = ?')
        .run(JSON.stringify(terms), terms.expiresAt, id);
      return { value: { ...link, terms }, touched: [touchedBy(id)] };
    });
  }

  async revokeLink(id: string, at: number): Promise<Written<ShareLinkRecord | undefined>> {
    return this.#log.write(() => {
      const link = this.#find(id);
      if (link === undefined || link.revokedAt !== undefined) return { value: link, touched: [] };
      this.#db.prepare('UPDATE share_links SET revoked_at = ? WHERE id = ?').run(at, id);
      return { value: link, touched: [touchedBy(id)] };
    });
  }

  async forgetLinks(endedBefore: number): Promise<Written<number>> {
    let forgotten = 0;
    for (;;) {
      const { value, revision } = await this.#log.write(() => this.#forgetSome(endedBefore));
      forgotten += value;
      if (value < FORGOTTEN_AT_ONCE) return { revision, value: forgotten };
    }
  }

  #forgetSome(endedBefore: number): Change<number> {
    const ids = this.#db
      .prepare<[{ endedBefore: number; max: number }], string>(
        `DELETE FROM share_links WHERE id IN (
           SELECT id FROM (SELECT id FROM share_links WHERE expires_at < @endedBefore LIMIT @max)
           UNION ALL
           SELECT id FROM (SELECT id FROM share_links WHERE revoked_at < @endedBefore LIMIT @max)
         ) RETURNING id`,
      )
      .pluck()
      .all({ endedBefore, max: FORGOTTEN_AT_ONCE });
    const leases = this.#db.prepare('DELETE FROM link_leases WHERE link_id = ?');
    for (const id of ids) leases.run(id);
    return { value: ids.length, touched: ids.map(touchedBy) };
  }

  #areFew(path: ResourcePath): boolean {
    const conditions = coverage(path);
    if (conditions.length === 0) return false;
    const seen = this.#db
      .prepare<[Record<string, string | number>], number>(
        `SELECT count(*) FROM (SELECT 1 FROM share_links ${BY_PATH} WHERE ${conditions.join()} LIMIT @max)`,
      )
      .pluck()
      .get({ path, beyond: beyond(path), max: FEW_MAX + 1 });
    return seen !== undefined && seen <= FEW_MAX;
  }

  #find(id: string): ShareLinkRecord | undefined {
    const row = this.#db
      .prepare<[string], LinkRow>(`SELECT ${LINK_COLUMNS} FROM share_links WHERE id = ?`)
      .get(id);
    return row === undefined ? undefined : linkRecordOf(row);
  }
}

const NOTHING: Change<undefined> = { value: undefined, touched: [] };

function touchedBy(id: string): CredentialKey {
  return `link:${id}`;
}

function coverage(path: ResourcePath): readonly string[] {
  if (path === ROOT) return [];
  return [isFolder(path) ? 'path >= @path AND path < @beyond' : 'path = @path'];
}
