/**
 * What a store is, table by table, as both databases have it: for whoever copies one into the other. Must hold every table
 * of the newest schema but these. The change log: who has read the one store starts cold with the other. Who decides by it,
 * and who changes files (`authorizers`, `files_lease`): nobody runs meanwhile. Failures (`failure_counts`, with SQLite not even in the store): all of them are
 * forgotten an hour later, and by the clock of another machine they mean nothing.
 */

import { createHash } from 'node:crypto';

export type ColumnType = 'text' | 'bigint' | 'boolean';
export type Cell = string | number | null;
export type Row = readonly Cell[];

export interface CopiedTable {
  readonly name: string;
  readonly columns: readonly (readonly [name: string, type: ColumnType])[];
  /** The table whose triggers write to it: where that is copied again, so is this. */
  readonly follows?: string;
}

/** `path bytes:n hidden:b`: texts, whole numbers, and what is 0 or 1 in SQLite. */
function table(name: string, columns: string, own: Pick<CopiedTable, 'follows'> = {}): CopiedTable {
  const types: Readonly<Record<string, ColumnType>> = { n: 'bigint', b: 'boolean' };
  return {
    ...own,
    name,
    columns: columns.split(' ').map((column) => {
      const [called = '', kind = ''] = column.split(':');
      return [called, types[kind] ?? 'text'] as const;
    }),
  };
}

/** In an order in which the triggers of a table find what they need, and count nothing twice: usages come after files. */
export const COPIED_TABLES: readonly CopiedTable[] = [
  table('grants', 'path principal action effect not_before:n expires_at:n id:n'),
  table('members', 'group_principal user_principal'),
  table('suspensions', 'user_principal'),
  table('files', 'path owner bytes:n updated_at:n'),
  table('digests', 'path bytes:n updated_at:n sha256'),
  table('usages', 'subject bytes:n files:n', { follows: 'files' }),
  table('quotas', 'subject bytes_max:n files_max:n'),
  table('journal', 'partial kind path hidden:b entry'),
  table('moves', 'name source target entry'),
  table('quota_reservations', 'name subject bytes:n files:n'),
  table('expiries', 'path expires_at:n'),
  table('trash', 'id path owner bytes:n expires_at:n grants removed_by removed_at:n sha256'),
  table('api_keys', 'hash id user_principal action path created_at:n expires_at:n last_used_at:n note'),
  table('sign_outs', 'user_principal at:n'),
  table('ended_credentials', 'key at:n'),
  table('revoked_urls', 'id forget_at:n'),
  table('url_generations', 'path generation:n'),
  table('revoked_url_keys', 'key_id second:n'),
  table(
    'share_links',
    'id hash kind path maker maker_groups grant_id:n terms expires_at:n revoked_at:n created_at:n last_used_at:n downloads:n uploads:n',
  ),
  table('link_leases', 'link_id client expires_at:n'),
];

/** Rows in the order of their keys. */
export interface Batch {
  readonly rows: readonly Row[];
  /** The key of the last one of them. */
  readonly last: Row;
}

/** A store that nobody can write to while it is read. */
export interface CopySource {
  /** For a person. */
  readonly place: string;
  readonly revision: number;
  /** What tells its revision from another one of the same number. */
  readonly mark: number;
  readonly lastGrantId: number;
  /** Whether it was once at that revision: else that is another store's, or the log has lost it. */
  wasAt(revision: number, mark: number): boolean;
  count(table: CopiedTable): number;
  /** From behind that key on; `undefined`: there is nothing more. */
  batchAfter(table: CopiedTable, key: Row | undefined, max: number): Batch | undefined;
}

/** The one store must not be copied into the other. Nothing was changed. */
export class CopyRefused extends Error {
  override readonly name = 'CopyRefused';
}

/** What a table comes to, whatever the order of its rows: the sum of the digests of all of them. */
export class TableDigest {
  #sum = 0n;
  #rows = 0;

  add(rows: readonly Row[]): void {
    for (const row of rows) {
      const digest = createHash('sha256').update(JSON.stringify(row)).digest('hex');
      this.#sum = BigInt.asUintN(256, this.#sum + BigInt(`0x${digest}`));
    }
    this.#rows += rows.length;
  }

  get rows(): number {
    return this.#rows;
  }

  toString(): string {
    return `${this.#rows} rows, ${this.#sum.toString(16).padStart(64, '0')}`;
  }
}
