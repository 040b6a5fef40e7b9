/**
 * Whether a commit or a move has room, and the room that is kept for it, in its own transaction. That has its turn: of
 * fifty for the last seven places, each sees what those before it have taken.
 */

import { beyond } from '../../acl/path-range.js';
import type { CommitEntry, FileRecord } from '../../acl/ports.js';
import {
  type Amount,
  type Growth,
  growthOf,
  isFolderSubject,
  type QuotaLimits,
  type QuotaSubject,
  refuseExcess,
  reservationOf,
  UNLIMITED,
} from '../../acl/quota.js';
import type { ResourcePath } from '../../acl/resource-path.js';
import type { MoveEntry } from '../../acl/tree-ports.js';
import { countedRanges, moveGrowth } from '../move-growth.js';
import { NO_AMOUNT, type UsageRow } from '../quota-rows.js';
import { filesAt } from './file-rows.js';
import { isWithin, pathKey } from './path-key.js';
import { usesOf } from './quota-uses.js';
import type { Transaction } from './transaction.js';

/** @throws QuotaExceeded */
export async function admitCommit(
  tx: Transaction,
  entries: readonly CommitEntry[],
  userLimits: QuotaLimits,
): Promise<void> {
  const old = await checkFiles(
    tx,
    entries.map(({ file }) => file),
    userLimits,
  );
  const kept = entries.map(({ partial, file, visibility }): [string, Growth] => {
    const standing = old.get(file.path);
    return [partial, visibility === 'hidden' ? reservationOf(standing, file) : reservationOf(file, standing)];
  });
  await keep(tx, kept);
}

/** What stands at their paths. @throws QuotaExceeded */
export async function checkFiles(
  tx: Transaction,
  files: readonly FileRecord[],
  userLimits: QuotaLimits,
): Promise<ReadonlyMap<ResourcePath, FileRecord>> {
  const old = await filesAt(
    tx,
    files.map(({ path }) => path),
  );
  const replacements = files.map((next) => ({ old: old.get(next.path), next }));
  await check(tx, growthOf(replacements), userLimits);
  return old;
}

/** @throws QuotaExceeded */
export async function admitMove(tx: Transaction, entry: MoveEntry): Promise<void> {
  const limited = await limitedFolders(tx);
  if (limited.length === 0) return;
  const amounts = await countBelow(tx, countedRanges(entry, limited));
  const growth = moveGrowth(entry, { limited, amountIn: (range) => amounts.get(range) ?? NO_AMOUNT });
  await check(tx, growth, UNLIMITED);
  await keep(tx, [[entry.name, growth]]);
}

export async function limitedFolders(tx: Transaction): Promise<readonly ResourcePath[]> {
  const rows = await tx.rows<{ subject: ResourcePath }>(
    `SELECT subject FROM quotas WHERE ${isWithin("'/'", "'0'", 'subject')}`,
  );
  return rows.map(({ subject }) => subject);
}

/** What is at each of these and below it. */
export async function countBelow(
  tx: Transaction,
  ranges: readonly ResourcePath[],
): Promise<ReadonlyMap<string, Amount>> {
  const rows = await tx.rows<UsageRow>(
    `SELECT range.subject, counted.bytes, counted.files
     FROM (
       SELECT subject COLLATE "C" AS subject, beyond COLLATE "C" AS beyond
       FROM unnest($1::text[], $2::text[]) AS asked (subject, beyond)
     ) AS range CROSS JOIN LATERAL (
       SELECT coalesce(sum(bytes), 0)::bigint AS bytes, count(*) AS files
       FROM files WHERE ${isWithin('range.subject', 'range.beyond', 'files.path')}
     ) AS counted`,
    [ranges, ranges.map(beyond)],
  );
  return new Map(rows.map(({ subject, bytes, files }) => [subject, { bytes, files }]));
}

async function check(tx: Transaction, growth: Growth, userLimits: QuotaLimits): Promise<void> {
  const uses = await usesOf(tx, [...growth.keys()]);
  refuseExcess(growth, (subject) => {
    const { quota, used } = uses.get(subject) ?? { quota: undefined, used: NO_AMOUNT };
    if (quota !== undefined) return quota;
    return isFolderSubject(subject) ? undefined : { subject, ...userLimits, used };
  });
}

async function keep(tx: Transaction, kept: readonly (readonly [name: string, Growth])[]): Promise<void> {
  const rows = kept.flatMap(([name, growth]) =>
    [...growth].map(([subject, amount]): [string, QuotaSubject, Amount] => [name, subject, amount]),
  );
  if (rows.length === 0) return;
  await tx.run(
    `INSERT INTO quota_reservations (name, subject, bytes, files)
     SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[])
     ON CONFLICT (name, ${pathKey('subject')}) DO UPDATE SET bytes = excluded.bytes, files = excluded.files`,
    [
      rows.map(([name]) => name),
      rows.map(([, subject]) => subject),
      rows.map(([, , { bytes }]) => bytes),
      rows.map(([, , { files }]) => files),
    ],
  );
}
