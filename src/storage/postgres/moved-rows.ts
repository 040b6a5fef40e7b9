/** What a move does to each table that has paths, in a transaction of its caller, which has its turn. */

import { beyond, moved } from '../../acl/path-range.js';
import type { CredentialKey } from '../../acl/ports.js';
import type { ResourcePath } from '../../acl/resource-path.js';
import type { MoveCounts, MoveEntry } from '../../acl/tree-ports.js';
import { dropOutdated } from './digest-rows.js';
import { mergeStandingDenies } from './merged-denies.js';
import { isPath, isWithin } from './path-key.js';
import type { Change, Transaction } from './transaction.js';

const IN_RANGE = isWithin('$1::text', '$2::text');
/** Of a path in the range that begins at $1, where it is below $3. */
const MOVED = '$3::text || substr(path, length($1::text) + 1)';

interface PathRow {
  readonly path: ResourcePath;
}

/** How many came along. */
export async function moveFiles(tx: Transaction, entry: MoveEntry): Promise<number> {
  await tx.run(`DELETE FROM files WHERE ${IN_RANGE}`, inTarget(entry));
  await tx.run(`UPDATE digests SET path = ${MOVED} WHERE ${IN_RANGE}`, toTarget(entry));
  const files = await tx.run(`UPDATE files SET path = ${MOVED} WHERE ${IN_RANGE}`, toTarget(entry));
  if (entry.file !== undefined) {
    const { bytes, modifiedSeconds } = entry.file;
    const values = [entry.to, bytes, modifiedSeconds * 1000];
    await tx.run(`UPDATE files SET bytes = $2, updated_at = $3 WHERE ${isPath('$1::text')}`, values);
    await dropOutdated(tx, [entry.to]);
  }
  return files;
}

/** Grants keep their ids: a link stands by the grant that its maker had. */
export async function moveGrants(
  tx: Transaction,
  entry: MoveEntry,
): Promise<Change<Pick<MoveCounts, 'grants' | 'dropped'>>> {
  const { from, to } = entry;
  const gone = await dropAllows(tx, inTarget(entry));
  const merged = await mergeStandingDenies(tx, entry);
  const arrived = await pathsOf(
    tx,
    `UPDATE grants SET path = ${MOVED} WHERE ${IN_RANGE} RETURNING path`,
    toTarget(entry),
  );
  const touched = [...gone, ...merged, ...arrived];
  return {
    value: { grants: arrived.length, dropped: gone.length },
    touched: [...touched, ...touched.map((path) => moved(path, to, from))],
  };
}

export async function dropSourceAllows(
  tx: Transaction,
  entry: MoveEntry,
): Promise<Change<Pick<MoveCounts, 'grants' | 'dropped'>>> {
  const gone = await dropAllows(tx, [entry.from, beyond(entry.from)]);
  return { value: { grants: 0, dropped: gone.length }, touched: gone };
}

export async function moveExpiries(tx: Transaction, entry: MoveEntry): Promise<readonly ResourcePath[]> {
  const { from, to } = entry;
  const gone = await pathsOf(tx, `DELETE FROM expiries WHERE ${IN_RANGE} RETURNING path`, inTarget(entry));
  const arrived = await pathsOf(
    tx,
    `UPDATE expiries SET path = ${MOVED} WHERE ${IN_RANGE} RETURNING path`,
    toTarget(entry),
  );
  return [...gone, ...arrived, ...arrived.map((path) => moved(path, to, from))];
}

export async function moveLinks(tx: Transaction, entry: MoveEntry): Promise<readonly CredentialKey[]> {
  const links = await tx.rows<{ id: string }>(
    `UPDATE share_links SET path = ${MOVED} WHERE ${IN_RANGE} RETURNING id`,
    toTarget(entry),
  );
  return links.map(({ id }): CredentialKey => `link:${id}`);
}

function dropAllows(tx: Transaction, range: readonly string[]): Promise<readonly ResourcePath[]> {
  const sql = `DELETE FROM grants WHERE ${IN_RANGE} AND effect = 'allow' RETURNING path`;
  return pathsOf(tx, sql, range);
}

async function pathsOf(
  tx: Transaction,
  sql: string,
  values: readonly string[],
): Promise<readonly ResourcePath[]> {
  return (await tx.rows<PathRow>(sql, values)).map(({ path }) => path);
}

function inTarget({ to }: MoveEntry): readonly string[] {
  return [to, beyond(to)];
}

function toTarget({ from, to }: MoveEntry): readonly string[] {
  return [from, beyond(from), to];
}
