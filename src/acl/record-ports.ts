/** What `fsck` and `adopt` need of a store: the records of files, listed, and changed where they still stand. */

import type { FileRecord } from './ports.js';
import type { ResourcePath } from './resource-path.js';

export interface RecordSelection {
  /** Those below it. */
  readonly folder: ResourcePath;
  /** Only those behind it: where the page before ended. */
  readonly after?: ResourcePath | undefined;
  readonly max: number;
}

/** A record as it was found, and as it shall be; `undefined` is none. */
export interface RecordChange {
  readonly path: ResourcePath;
  readonly from: FileRecord | undefined;
  readonly to: FileRecord | undefined;
}

export interface RecordStore {
  /** A page of records, in the byte order of their paths. */
  records(selection: RecordSelection): Promise<readonly FileRecord[]>;
  /**
   * Makes each change whose record is still as it was found and whose path is in no pending commit or removal, in one
   * transaction, and answers with those that it made. No decision rests on a record, so it takes no revision.
   */
  reconcile(changes: readonly RecordChange[]): Promise<readonly RecordChange[]>;
}
