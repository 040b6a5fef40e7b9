/** Quotas in memory: nothing is kept count of, everything is added up when it is asked. */

import { isIn } from '../../acl/path-range.js';
import type { CommitEntry, FileRecord } from '../../acl/ports.js';
import {
  type Amount,
  type Growth,
  growthOf,
  isFolderSubject,
  type Quota,
  type QuotaLimits,
  type QuotaSubject,
  type QuotaUse,
  refuseExcess,
  reservationOf,
  UNLIMITED,
} from '../../acl/quota.js';
import type { QuotaStore } from '../../acl/quota-ports.js';
import type { ResourcePath } from '../../acl/resource-path.js';
import type { MoveEntry } from '../../acl/tree-ports.js';
import { moveGrowth } from '../move-growth.js';

export interface MemoryQuotasDeps {
  readonly records: () => readonly FileRecord[];
  /** Whether a commit or a move of this name stands in a journal. */
  readonly isPending: (name: string) => boolean;
}

export class MemoryQuotas implements QuotaStore {
  readonly #deps: MemoryQuotasDeps;
  readonly #quotas = new Map<QuotaSubject, Quota>();
  /** By the name of the commit or the move. */
  readonly #reserved = new Map<string, Growth>();

  constructor(deps: MemoryQuotasDeps) {
    this.#deps = deps;
  }

  async setQuota(quota: Quota): Promise<void> {
    this.#quotas.set(quota.subject, quota);
  }

  async removeQuota(subject: QuotaSubject): Promise<boolean> {
    return this.#quotas.delete(subject);
  }

  async quotas(): Promise<readonly QuotaUse[]> {
    const order = (a: Quota, b: Quota) => Buffer.compare(Buffer.from(a.subject), Buffer.from(b.subject));
    return [...this.#quotas.values()].sort(order).map((quota) => this.#useOf(quota));
  }

  async quota(subject: QuotaSubject): Promise<QuotaUse | undefined> {
    const quota = this.#quotas.get(subject);
    return quota && this.#useOf(quota);
  }

  async used(subject: QuotaSubject): Promise<Amount> {
    return this.#used(subject);
  }

  async checkRoom(file: FileRecord, userLimits: QuotaLimits): Promise<void> {
    this.#check(growthOf([{ old: this.#record(file.path), next: file }]), userLimits);
  }

  async recount(): Promise<readonly QuotaSubject[]> {
    return [];
  }

  /** Before a commit writes. @throws QuotaExceeded */
  admit(entries: readonly CommitEntry[], userLimits: QuotaLimits): void {
    const replacements = entries.map(({ file }) => ({ old: this.#record(file.path), next: file }));
    this.#check(growthOf(replacements), userLimits);
    for (const [i, { partial, file, visibility }] of entries.entries()) {
      const old = replacements[i]?.old;
      const kept = visibility === 'hidden' ? reservationOf(old, file) : reservationOf(file, old);
      this.#reserved.set(partial, kept);
    }
  }

  /** Before a move is journaled. @throws QuotaExceeded */
  admitMove(entry: MoveEntry): void {
    const limited = [...this.#quotas.keys()].filter(isFolderSubject);
    const growth = moveGrowth(entry, { limited, amountIn: (range) => this.#amountIn(range) });
    this.#check(growth, UNLIMITED);
    this.#reserved.set(entry.name, growth);
  }

  #check(growth: Growth, userLimits: QuotaLimits): void {
    refuseExcess(growth, (subject) => {
      const quota = this.#quotas.get(subject);
      if (quota !== undefined) return this.#useOf(quota);
      return isFolderSubject(subject) ? undefined : this.#useOf({ subject, ...userLimits });
    });
  }

  #useOf(quota: Quota): QuotaUse {
    return { ...quota, used: this.#used(quota.subject) };
  }

  #used(subject: QuotaSubject): Amount {
    const there = isFolderSubject(subject)
      ? this.#amountIn(subject)
      : amountOf(this.#deps.records().filter(({ owner }) => owner === subject));
    let { bytes, files } = there;
    for (const [name, growth] of this.#reserved) {
      if (!this.#deps.isPending(name)) continue;
      bytes += growth.get(subject)?.bytes ?? 0;
      files += growth.get(subject)?.files ?? 0;
    }
    return { bytes, files };
  }

  #amountIn(range: ResourcePath): Amount {
    return amountOf(this.#deps.records().filter(({ path }) => isIn(path, range)));
  }

  #record(path: ResourcePath): FileRecord | undefined {
    return this.#deps.records().find((record) => record.path === path);
  }
}

function amountOf(records: readonly FileRecord[]): Amount {
  return { bytes: records.reduce((sum, { bytes }) => sum + bytes, 0), files: records.length };
}
