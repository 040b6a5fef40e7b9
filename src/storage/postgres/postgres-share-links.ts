/** Share links in PostgreSQL, as operators and the files service make, list, change and end them. */

import type { ChangeTerms, LinkSelection, ShareLinkStore } from '../../acl/link-ports.js';
import { beyond } from '../../acl/path-range.js';
import type { CredentialKey, Written } from '../../acl/ports.js';
import { isFolder, ROOT } from '../../acl/resource-path.js';
import type { ShareLinkRecord } from '../../acl/share-link.js';
import { LINK_COLUMNS, type LinkRow, linkRecordOf, linkRow } from '../link-rows.js';
import type { Value } from './connections.js';
import type { Asking, Change, PostgresDatabase, Transaction } from './database.js';
import { isPath, isWithin } from './path-key.js';

/** Forgotten in one transaction, at the least: it is over in some milliseconds, and others write in between. */
const FORGOTTEN_AT_ONCE = 1_000;

type LinkColumn = keyof LinkRow;

export class PostgresShareLinks implements ShareLinkStore {
  readonly #database: PostgresDatabase;

  constructor(database: PostgresDatabase) {
    this.#database = database;
  }

  addLink(link: ShareLinkRecord): Promise<Written<void>> {
    const row = linkRow(link);
    const columns = LINK_COLUMNS.split(', ') as LinkColumn[];
    const places = columns.map((_, i) => `$${i + 1}`).join(', ');
    return this.#database.write(async (tx) => {
      const values = columns.map((column) => row[column]);
      await tx.run(`INSERT INTO share_links (${LINK_COLUMNS}) VALUES (${places})`, values);
      return { value: undefined, touched: [touchedBy(link.id)] };
    });
  }

  link(id: string): Promise<ShareLinkRecord | undefined> {
    return find(this.#database, id);
  }

  async links({ path, maker, after = '', max }: LinkSelection): Promise<readonly ShareLinkRecord[]> {
    const values: Value[] = [after, max];
    const conditions = ['id > $1'];
    if (maker !== undefined) conditions.push(`maker = $${values.push(maker)}`);
    if (path !== undefined && path !== ROOT) {
      const from = `$${values.push(path)}::text`;
      conditions.push(isFolder(path) ? isWithin(from, `$${values.push(beyond(path))}::text`) : isPath(from));
    }
    const rows = await this.#database.rows<LinkRow>(
      `SELECT ${LINK_COLUMNS} FROM share_links WHERE ${conditions.join(' AND ')} ORDER BY id LIMIT $2`,
      values,
    );
    return rows.map(linkRecordOf);
  }

  changeLink(id: string, change: ChangeTerms): Promise<Written<ShareLinkRecord | undefined>> {
    return this.#database.write<ShareLinkRecord | undefined>(async (tx) => {
      const link = await find(tx, id);
      if (link === undefined || link.revokedAt !== undefined) return { value: undefined, touched: [] };
      const terms = change(link.terms);
      await tx.run('UPDATE share_links SET terms = $1, expires_at = $2 WHERE id = $3', [
        JSON.stringify(terms),
        terms.expiresAt,
        id,
      ]);
      return { value: { ...link, terms }, touched: [touchedBy(id)] };
    });
  }

  revokeLink(id: string, at: number): Promise<Written<ShareLinkRecord | undefined>> {
    return this.#database.write(async (tx) => {
      const link = await find(tx, id);
      if (link === undefined || link.revokedAt !== undefined) return { value: link, touched: [] };
      await tx.run('UPDATE share_links SET revoked_at = $1 WHERE id = $2', [at, id]);
      return { value: link, touched: [touchedBy(id)] };
    });
  }

  async forgetLinks(endedBefore: number): Promise<Written<number>> {
    let forgotten = 0;
    for (;;) {
      const { value, revision } = await this.#database.write((tx) => forgetSome(tx, endedBefore));
      forgotten += value;
      if (value < FORGOTTEN_AT_ONCE) return { revision, value: forgotten };
    }
  }
}

async function forgetSome(tx: Transaction, endedBefore: number): Promise<Change<number>> {
  const rows = await tx.rows<{ id: string }>(
    `DELETE FROM share_links WHERE id = ANY (ARRAY(
       (SELECT id FROM share_links WHERE expires_at < $1 LIMIT $2)
       UNION ALL
       (SELECT id FROM share_links WHERE revoked_at < $1 LIMIT $2)
     )) RETURNING id`,
    [endedBefore, FORGOTTEN_AT_ONCE],
  );
  const ids = rows.map(({ id }) => id);
  await tx.run('DELETE FROM link_leases WHERE link_id = ANY ($1::text[])', [ids]);
  return { value: ids.length, touched: ids.map(touchedBy) };
}

async function find(tx: Asking, id: string): Promise<ShareLinkRecord | undefined> {
  const [row] = await tx.rows<LinkRow>(`SELECT ${LINK_COLUMNS} FROM share_links WHERE id = $1`, [id]);
  return row === undefined ? undefined : linkRecordOf(row);
}

function touchedBy(id: string): CredentialKey {
  return `link:${id}`;
}
