/** What a store knows of quotas. Counting is its own: whatever writes a record counts, in the same transaction. */

import type { FileRecord } from './ports.js';
import type { Amount, Quota, QuotaLimits, QuotaSubject, QuotaUse } from './quota.js';

export interface QuotaStore {
  /** In force for every commit that begins later; what is there already stays. */
  setQuota(quota: Quota): Promise<void>;
  /** False: there was none. */
  removeQuota(subject: QuotaSubject): Promise<boolean>;
  /** Those that were set, in the byte order of their subjects, with what is used of each. */
  quotas(): Promise<readonly QuotaUse[]>;
  /** `undefined`: none was set. */
  quota(subject: QuotaSubject): Promise<QuotaUse | undefined>;
  /** What counts for a user, or for a folder that has a quota. Room that is kept for a commit or a move counts. */
  used(subject: QuotaSubject): Promise<Amount>;
  /**
   * A look before the bytes come; what decides is the commit.
   *
   * @param userLimits of every user who has no quota of their own
   * @throws QuotaExceeded
   */
  checkRoom(file: FileRecord, userLimits: QuotaLimits): Promise<void>;
  /** Counts everything anew. Answers with the subjects whose counters were wrong. */
  recount(): Promise<readonly QuotaSubject[]>;
}
