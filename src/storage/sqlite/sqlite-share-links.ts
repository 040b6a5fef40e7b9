/** Share links in SQLite, as operators and the files service make, list, change and end them. */

import type { Database } from 'better-sqlite3';
import type { LinkSelection, ShareLinkStore } from '../../acl/link-ports.js';
import type { CredentialKey, Written } from '../../acl/ports.js';
import { isFolder, type ResourcePath, ROOT } from '../../acl/resource-path.js';
import type { LinkTerms, ShareLinkRecord } from '../../acl/share-link.js';
import type { Change, ChangeLog } from './change-log.js';
import { LINK_COLUMNS, type LinkRow, linkRecordOf, linkRow } from './link-rows.js';

/** Forgotten in one transaction: it is over in some milliseconds, and others write in between. */
const FORGOTTEN_AT_ONCE = 1_000;

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

  async links({ path, maker, after, max }: LinkSelection): Promise<readonly ShareLinkRecord[]> {
    const conditions = [
      ...(path === undefined ? [] : coverage(path)),
      ...(maker === undefined ? [] : ['maker = @maker']),
      ...(after === undefined ? [] : ['id > @after']),
    ];
    const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
    const selected = this.#db.prepare<[Record<string, string | number>], LinkRow>(
      `SELECT ${LINK_COLUMNS} FROM share_links ${where} ORDER BY id LIMIT @max`,
    );
    const values = {
      max,
      ...(path !== undefined && { path, beyond: beyond(path) }),
      ...(maker !== undefined && { maker }),
      ...(after !== undefined && { after }),
    };
    return selected.all(values).map(linkRecordOf);
  }

  async changeLink(id: string, terms: LinkTerms): Promise<Written<ShareLinkRecord | undefined>> {
    return this.#log.write(() => {
      const row = this.#db
        .prepare<[string, number, string], LinkRow>(
          `UPDATE share_links SET terms = ?, expires_at = ? WHERE id = ? AND revoked_at IS NULL
           RETURNING ${LINK_COLUMNS}`,
        )
        .get(JSON.stringify(terms), terms.expiresAt, id);
      if (row === undefined) return NOTHING;
      return { value: linkRecordOf(row), touched: [touchedBy(id)] };
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
      .prepare<[number, number, number], string>(
        `DELETE FROM share_links WHERE id IN (
           SELECT id FROM share_links WHERE expires_at < ?
           UNION SELECT id FROM share_links WHERE revoked_at < ? LIMIT ?
         ) RETURNING id`,
      )
      .pluck()
      .all(endedBefore, endedBefore, FORGOTTEN_AT_ONCE);
    const leases = this.#db.prepare('DELETE FROM link_leases WHERE link_id = ?');
    for (const id of ids) leases.run(id);
    return { value: ids.length, touched: ids.map(touchedBy) };
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

/** The first text behind all that begin with the folder: in place of its last `/` the character after that. */
function beyond(path: ResourcePath): string {
  return `${path.slice(0, -1)}0`;
}
