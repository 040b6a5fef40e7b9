/**
 * Quotas in PostgreSQL. `usages` is kept by triggers on `files` (quota-triggers.ts), so that no writer can forget to
 * count. Setting, removing and recounting have their turn as all writers: nobody writes a record meanwhile.
 */

import type { FileRecord } from '../../acl/ports.js';
import {
  type Amount,
  isFolderSubject,
  type Quota,
  type QuotaLimits,
  type QuotaSubject,
  type QuotaUse,
} from '../../acl/quota.js';
import type { QuotaStore } from '../../acl/quota-ports.js';
import { miscounted, NO_AMOUNT, type UsageRow } from '../quota-rows.js';
import type { PostgresDatabase } from './database.js';
import { isPath, pathKey } from './path-key.js';
import { checkFiles, countBelow, limitedFolders } from './quota-admission.js';
import { allUses, usesOf } from './quota-uses.js';
import type { Transaction } from './transaction.js';

const IS_SUBJECT = isPath('$1::text', 'subject');

export class PostgresQuotas implements QuotaStore {
  readonly #db: PostgresDatabase;

  constructor(db: PostgresDatabase) {
    this.#db = db;
  }

  async setQuota({ subject, bytesMax, filesMax }: Quota): Promise<void> {
    await this.#db.writeUnnumbered(async (tx) => {
      await tx.run(
        `INSERT INTO quotas (subject, bytes_max, files_max) VALUES ($1, $2, $3)
         ON CONFLICT (${pathKey('subject')}) DO UPDATE SET bytes_max = excluded.bytes_max, files_max = excluded.files_max`,
        [subject, bytesMax ?? null, filesMax ?? null],
      );
      // From here on the triggers count for it.
      if (isFolderSubject(subject)) await putUsages(tx, await countBelow(tx, [subject]));
    });
  }

  async removeQuota(subject: QuotaSubject): Promise<boolean> {
    return this.#db.writeUnnumbered(async (tx) => {
      const removed = await tx.run(`DELETE FROM quotas WHERE ${IS_SUBJECT}`, [subject]);
      if (isFolderSubject(subject)) await tx.run(`DELETE FROM usages WHERE ${IS_SUBJECT}`, [subject]);
      return removed > 0;
    });
  }

  async quotas(): Promise<readonly QuotaUse[]> {
    return this.#db.read(allUses);
  }

  async quota(subject: QuotaSubject): Promise<QuotaUse | undefined> {
    return (await this.#db.read((tx) => usesOf(tx, [subject]))).get(subject)?.quota;
  }

  async used(subject: QuotaSubject): Promise<Amount> {
    return (await this.#db.read((tx) => usesOf(tx, [subject]))).get(subject)?.used ?? NO_AMOUNT;
  }

  async checkRoom(file: FileRecord, userLimits: QuotaLimits): Promise<void> {
    await this.#db.read((tx) => checkFiles(tx, [file], userLimits));
  }

  async recount(): Promise<readonly QuotaSubject[]> {
    return this.#db.writeUnnumbered(async (tx) => {
      const owners = await tx.rows<UsageRow>(
        `SELECT owner AS subject, sum(bytes)::bigint AS bytes, count(*) AS files FROM files
         WHERE owner IS NOT NULL GROUP BY owner`,
      );
      const folders = await countBelow(tx, await limitedFolders(tx));
      const counters = await tx.rows<UsageRow>('SELECT subject, bytes, files FROM usages');
      const wrong = miscounted(
        [...owners, ...[...folders].map(([subject, amount]) => ({ subject, ...amount }))],
        counters,
      );
      await putUsages(tx, wrong);
      return [...wrong.keys()] as unknown as readonly QuotaSubject[];
    });
  }
}

async function putUsages(tx: Transaction, amounts: ReadonlyMap<string, Amount>): Promise<void> {
  const all = [...amounts.values()];
  await tx.run(
    `INSERT INTO usages (subject, bytes, files) SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[])
     ON CONFLICT (${pathKey('subject')}) DO UPDATE SET bytes = excluded.bytes, files = excluded.files`,
    [[...amounts.keys()], all.map(({ bytes }) => bytes), all.map(({ files }) => files)],
  );
}
