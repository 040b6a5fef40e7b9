/** What the ports of the store ask of a transaction, and what a write answers with. */

import type { Value } from './connections.js';

/** One statement, in a transaction or by itself. */
export interface Asking {
  rows<R>(sql: string, values?: readonly Value[]): Promise<readonly R[]>;
}

export interface Transaction extends Asking {
  /** How many rows it touched. */
  run(sql: string, values?: readonly Value[]): Promise<number>;
}

export interface LongTransaction extends Transaction {
  /** From here on nobody else writes: not before all input is there. */
  turn(): Promise<void>;
}

export interface Change<T> {
  readonly value: T;
  /** Paths, `user:` principals and credential keys, or `*`. */
  readonly touched: readonly string[];
}
