/**
 * Quotas in SQLite. `usages` is kept by triggers on `files` (migrations.ts), so that no writer can forget to count.
 * What a commit or a move under way may still add is in `quota_reservations`, which go with its line in the journal.
 */

import type { Database, Statement } from 'better-sqlite3';
import { beyond } from '../../acl/path-range.js';
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
import { miscounted, NO_AMOUNT, type QuotaRow, quotaUseOf, type UsageRow } from '../quota-rows.js';
import { type FileRow, fileOf } from '../rows.js';
import type { WriteTurns } from './write-turns.js';

export class SqliteQuotas implements QuotaStore {
  readonly #db: Database;
  readonly #turns: WriteTurns;
  readonly #quota: Statement<[string], QuotaRow>;
  readonly #used: Statement<[{ subject: string }], Amount>;
  readonly #file: Statement<[string], FileRow>;
  readonly #reserve: Statement<[string, string, number, number]>;

  constructor(db: Database, turns: WriteTurns) {
    this.#db = db;
    this.#turns = turns;
    this.#quota = db.prepare('SELECT * FROM quotas WHERE subject = ?');
    this.#used = db.prepare(
      `SELECT coalesce(sum(bytes), 0) AS bytes, coalesce(sum(files), 0) AS files FROM (
         SELECT bytes, files FROM usages WHERE subject = @subject
         UNION ALL SELECT bytes, files FROM quota_reservations WHERE subject = @subject)`,
    );
    this.#file = db.prepare('SELECT path, owner, bytes, updated_at FROM files WHERE path = ?');
    this.#reserve = db.prepare('INSERT OR REPLACE INTO quota_reservations VALUES (?, ?, ?, ?)');
  }

  async setQuota({ subject, bytesMax, filesMax }: Quota): Promise<void> {
    await this.#turns.write(() => {
      this.#db
        .prepare('INSERT OR REPLACE INTO quotas VALUES (?, ?, ?)')
        .run(subject, bytesMax ?? null, filesMax ?? null);
      // From here on the triggers count for it.
      if (isFolderSubject(subject)) this.#put(subject, this.#countBelow(subject));
    });
  }

  async removeQuota(subject: QuotaSubject): Promise<boolean> {
    return this.#turns.write(() => {
      const { changes } = this.#db.prepare('DELETE FROM quotas WHERE subject = ?').run(subject);
      if (isFolderSubject(subject)) this.#db.prepare('DELETE FROM usages WHERE subject = ?').run(subject);
      return changes > 0;
    });
  }

  async quotas(): Promise<readonly QuotaUse[]> {
    const rows = this.#db.prepare<[], QuotaRow>('SELECT * FROM quotas ORDER BY subject');
    return this.#db.transaction(() => rows.all().map((row) => this.#useOf(row)))();
  }

  async quota(subject: QuotaSubject): Promise<QuotaUse | undefined> {
    const row = this.#quota.get(subject);
    return row && this.#useOf(row);
  }

  async used(subject: QuotaSubject): Promise<Amount> {
    return this.#used.get({ subject }) ?? NO_AMOUNT;
  }

  async checkRoom(file: FileRecord, userLimits: QuotaLimits): Promise<void> {
    this.#db.transaction(() => this.#check(growthOf([this.#replacement(file)]), userLimits))();
  }

  async recount(): Promise<readonly QuotaSubject[]> {
    return this.#turns.write(() => {
      const owners = this.#db
        .prepare<[], UsageRow>(
          `SELECT owner AS subject, sum(bytes) AS bytes, count(*) AS files FROM files
           WHERE owner IS NOT NULL GROUP BY owner`,
        )
        .all();
      const folders = this.#limitedFolders().map((subject) => ({ subject, ...this.#countBelow(subject) }));
      const counters = this.#db.prepare<[], UsageRow>('SELECT * FROM usages').all();
      const wrong = miscounted([...owners, ...folders], counters);
      for (const [subject, amount] of wrong) this.#put(subject, amount);
      return [...wrong.keys()] as unknown as readonly QuotaSubject[];
    });
  }

  /** In the transaction of a commit, before it writes. @throws QuotaExceeded */
  admit(entries: readonly CommitEntry[], userLimits: QuotaLimits): void {
    const replacements = entries.map(({ file }) => this.#replacement(file));
    this.#check(growthOf(replacements), userLimits);
    for (const [i, { partial, file, visibility }] of entries.entries()) {
      const old = replacements[i]?.old;
      this.#keep(partial, visibility === 'hidden' ? reservationOf(old, file) : reservationOf(file, old));
    }
  }

  /** Likewise of a move. @throws QuotaExceeded */
  admitMove(entry: MoveEntry): void {
    const limited = this.#limitedFolders();
    if (limited.length === 0) return;
    const growth = moveGrowth(entry, { limited, amountIn: (range) => this.#countBelow(range) });
    this.#check(growth, UNLIMITED);
    this.#keep(entry.name, growth);
  }

  #check(growth: Growth, userLimits: QuotaLimits): void {
    refuseExcess(growth, (subject) => {
      const row = this.#quota.get(subject);
      if (row !== undefined) return this.#useOf(row);
      if (isFolderSubject(subject)) return undefined;
      return { subject, ...userLimits, used: this.#used.get({ subject }) ?? NO_AMOUNT };
    });
  }

  #replacement(next: FileRecord) {
    const row = this.#file.get(next.path);
    return { old: row && fileOf(row), next };
  }

  #keep(name: string, growth: Growth): void {
    for (const [subject, { bytes, files }] of growth) this.#reserve.run(name, subject, bytes, files);
  }

  #useOf(row: QuotaRow): QuotaUse {
    return quotaUseOf(row, this.#used.get({ subject: row.subject }) ?? NO_AMOUNT);
  }

  #countBelow(range: ResourcePath): Amount {
    const count = this.#db.prepare<[string, string], Amount>(
      `SELECT coalesce(sum(bytes), 0) AS bytes, count(*) AS files FROM files WHERE path >= ? AND path < ?`,
    );
    return count.get(range, beyond(range)) ?? NO_AMOUNT;
  }

  #limitedFolders(): readonly ResourcePath[] {
    const folders = this.#db.prepare<[], ResourcePath>(
      "SELECT subject FROM quotas WHERE subject >= '/' AND subject < '0'",
    );
    return folders.pluck().all();
  }

  #put(subject: string, { bytes, files }: Amount): void {
    this.#db.prepare('INSERT OR REPLACE INTO usages VALUES (?, ?, ?)').run(subject, bytes, files);
  }
}
