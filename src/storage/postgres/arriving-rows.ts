/**
 * Very many grants in one transaction: they wait in a table that nobody else sees, for as long as their input takes, and
 * are merged at once when all are there (docs/decisions/0030-postgresql.md has the measurements).
 */

import type { GrantDraft } from '../../acl/grant.js';
import type { ImportCounts } from '../../acl/ports.js';
import { GRANT_KEY } from './grant-rows.js';
import type { Transaction } from './transaction.js';

const TABLE = `
  CREATE TEMPORARY TABLE arriving_grants (
    n bigint, path text COLLATE "C", principal text COLLATE "C", action text COLLATE "C", effect text COLLATE "C",
    not_before bigint, expires_at bigint
  ) ON COMMIT DROP`;

const ARRIVE = `
  INSERT INTO arriving_grants
  SELECT $7::bigint + n, path, principal, action, effect, not_before, expires_at
  FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[])
    WITH ORDINALITY AS these (path, principal, action, effect, not_before, expires_at, n)`;

/** Sorted in memory where they fit: nobody waits meanwhile. */
const SORT_MEMORY = "SET LOCAL work_mem = '64MB'";

/** Each once, in the order of the index. Of what came twice the last counts, at the place of the first. */
const SORT = `
  CREATE TEMPORARY TABLE sorted_grants ON COMMIT DROP AS
  SELECT path, principal, action, effect, not_before, expires_at, row_number() OVER (ORDER BY first) AS place
  FROM (
    SELECT DISTINCT ON (path, principal, action) *, min(n) OVER (PARTITION BY path, principal, action) AS first
    FROM arriving_grants ORDER BY path, principal, action, n DESC
  ) AS last_ones
  ORDER BY path, principal, action`;

const INSERT = `
  INSERT INTO grants AS g (path, principal, action, effect, not_before, expires_at, id)
  SELECT path, principal, action, effect, not_before, expires_at, (SELECT grant_id FROM state) + place
  FROM sorted_grants`;

/** A replaced grant keeps its id. */
const MERGE = `
  WITH merged AS (
    ${INSERT}
    ON CONFLICT (${GRANT_KEY}) DO UPDATE SET
      effect = excluded.effect, not_before = excluded.not_before, expires_at = excluded.expires_at
    RETURNING g.id, g.xmax = 0 AS is_new
  )
  SELECT count(*) FILTER (WHERE is_new) AS added, coalesce(max(id), 0) AS last_id FROM merged`;

/** Small enough for the memory of both sides. */
const ROWS_MAX = 5_000;

export class ArrivingGrants {
  readonly #tx: Transaction;
  #count = 0;

  private constructor(tx: Transaction) {
    this.#tx = tx;
  }

  static async begin(tx: Transaction): Promise<ArrivingGrants> {
    await tx.run(TABLE);
    return new ArrivingGrants(tx);
  }

  async add(drafts: readonly GrantDraft[]): Promise<void> {
    for (let i = 0; i < drafts.length; i += ROWS_MAX) {
      const some = drafts.slice(i, i + ROWS_MAX);
      const column = <T>(of: (draft: GrantDraft) => T) => some.map(of);
      await this.#tx.run(ARRIVE, [
        column(({ path }) => path),
        column(({ principal }) => principal),
        column(({ action }) => action),
        column(({ effect }) => effect),
        column(({ notBefore }) => notBefore ?? null),
        column(({ expiresAt }) => expiresAt ?? null),
        this.#count,
      ]);
      this.#count += some.length;
    }
  }

  /** All have come. */
  async sort(): Promise<void> {
    if (this.#count === 0) return;
    await this.#tx.run(SORT_MEMORY);
    await this.#tx.run(SORT);
  }

  /** They are sorted, and the turn is taken by now. */
  async merge(): Promise<ImportCounts> {
    if (this.#count === 0) return { added: 0, replaced: 0 };
    const added = (await this.#fill()) ?? (await this.#mergeEach());
    // Plans that were made for an empty table are not kept for a full one.
    await this.#tx.run('ANALYZE grants');
    return { added, replaced: this.#count - added };
  }

  /** Nobody else writes grants in this turn: where there are none, none has to be looked for, which takes longest. */
  async #fill(): Promise<number | undefined> {
    const [found] = await this.#tx.rows<{ some: boolean }>('SELECT EXISTS (SELECT 1 FROM grants) AS some');
    if (found?.some !== false) return undefined;
    const added = await this.#tx.run(INSERT);
    await this.#tx.run('UPDATE state SET grant_id = grant_id + $1', [added]);
    return added;
  }

  async #mergeEach(): Promise<number> {
    const [merged] = await this.#tx.rows<{ added: number; last_id: number }>(MERGE);
    const { added = 0, last_id = 0 } = merged ?? {};
    await this.#tx.run('UPDATE state SET grant_id = greatest(grant_id, $1)', [last_id]);
    return added;
  }
}
