/**
 * A database whose every write first looks whether its process is still the one that changes files, in the write's own
 * transaction: until that has ended nobody else can take the lease. Whoever has lost it writes nothing.
 */

import { NotKnown } from '../../acl/errors.js';
import type { TakenLease } from '../../acl/lease-ports.js';
import type { Written } from '../../acl/ports.js';
import type { PostgresDatabase } from './database.js';
import type { Change, Transaction } from './transaction.js';

/** What the rows of files, the journals and what belongs to them are written by. */
export type FilesDatabase = Pick<
  PostgresDatabase,
  'rows' | 'read' | 'write' | 'writeMany' | 'writeUnnumbered'
>;

export interface Fence {
  readonly taken: TakenLease;
  /** Told when somebody else has it. */
  lose(): void;
}

// A renewal, which changes no key, passes it by.
const IS_HELD = 'SELECT FROM files_lease WHERE holder = $1 AND epoch = $2 FOR KEY SHARE';

export class FencedDatabase implements FilesDatabase {
  readonly #database: FilesDatabase;
  readonly #fence: Fence;

  constructor(database: FilesDatabase, fence: Fence) {
    this.#database = database;
    this.#fence = fence;
  }

  rows<R>(...asked: Parameters<FilesDatabase['rows']>): Promise<readonly R[]> {
    return this.#database.rows<R>(...asked);
  }

  read<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    return this.#database.read(work);
  }

  write<T>(work: (tx: Transaction) => Promise<Change<T>>): Promise<Written<T>> {
    return this.#database.write((tx) => this.#fenced(tx, work));
  }

  writeMany<T>(work: (tx: Transaction) => Promise<Change<T>>): Promise<Written<T>> {
    return this.#database.writeMany((tx) => this.#fenced(tx, work));
  }

  writeUnnumbered<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    return this.#database.writeUnnumbered((tx) => this.#fenced(tx, work));
  }

  async #fenced<T>(tx: Transaction, work: (tx: Transaction) => Promise<T>): Promise<T> {
    const { taken } = this.#fence;
    if ((await tx.rows(IS_HELD, [taken.id, taken.epoch])).length > 0) return work(tx);
    this.#fence.lose();
    throw new NotKnown(
      'taken-over',
      'another process changes the files of this store now; nothing was changed',
    );
  }
}
