/** A database that tells of every revision that it has committed, before whoever wrote hears that it is written. */

import type { Written } from '../../acl/ports.js';
import type { PostgresAddress } from './address.js';
import type { WriterLimits } from './connection-limits.js';
import { type Change, type LongTransaction, PostgresDatabase } from './database.js';
import type { Transaction } from './transaction.js';

export class PublishingDatabase extends PostgresDatabase {
  readonly #onCommitted: (revision: number) => void;

  constructor(address: PostgresAddress, limits: WriterLimits, onCommitted: (revision: number) => void) {
    super(address, limits);
    this.#onCommitted = onCommitted;
  }

  override async write<T>(work: (tx: Transaction) => Promise<Change<T>>): Promise<Written<T>> {
    return this.#told(await super.write(work));
  }

  override async writeMany<T>(work: (tx: Transaction) => Promise<Change<T>>): Promise<Written<T>> {
    return this.#told(await super.writeMany(work));
  }

  override async writeLong<T>(work: (tx: LongTransaction) => Promise<Change<T>>): Promise<Written<T>> {
    return this.#told(await super.writeLong(work));
  }

  #told<T>(written: Written<T>): Written<T> {
    this.#onCommitted(written.revision);
    return written;
  }
}
