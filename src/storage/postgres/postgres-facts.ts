/**
 * The store as the path of a decision sees it: each load is one statement, which sees one state of the store whole.
 *
 * `version` is another number each time: nothing that was read before is trusted without asking. What makes this cheap is
 * around it, and says how old a state may be.
 */

import type { FactsLoad, FactsQuery, FactsSource } from '../../acl/ports.js';
import type { PostgresDatabase } from './database.js';
import { FACTS_SQL, type FactsRow, factsOf, marksOf, readable, touchedOf } from './facts-row.js';
import { Lineage } from './lineage.js';

export class PostgresFacts implements FactsSource {
  readonly #database: PostgresDatabase;
  readonly #lineage = new Lineage();
  #version = 0;

  constructor(database: PostgresDatabase) {
    this.#database = database;
  }

  version(): number {
    this.#version += 1;
    return this.#version;
  }

  /** Rejects with NotKnown. */
  load(query: FactsQuery): Promise<FactsLoad> {
    const { paths, user = null, credential = null, since } = query;
    return this.#database.facts(async (connection) => {
      // Not before a connection was waited for: what is known by now is what the answer is compared with.
      const asked = this.#lineage.asked();
      const from = query.generation === asked.generation ? since : null;
      const seen = asked.seen?.revision;
      const values = [paths, user, storable(credential), from, seen ?? null];
      const row = readable((await connection.rows<FactsRow>(FACTS_SQL, values))[0]);
      const { revision, mark } = row;
      const identity = `${connection.identity}/${row.store}`;
      const generation = this.#lineage.place(asked, { identity, revision, mark, marks: marksOf(row, seen) });
      const touched = query.generation === generation ? touchedOf(row, since) : 'all';
      return { revision, generation, mark, touched, ...factsOf(query, row) };
    });
  }
}

/** No text of PostgreSQL has a NUL: under such a name nothing was ever stored. */
function storable(credential: string | null): string | null {
  return credential?.includes('\0') === true ? null : credential;
}
