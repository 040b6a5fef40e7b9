/** A store in SQLite with something in each of its tables, and how both databases are read for a comparison of their rows. */

import SQLite from 'better-sqlite3';
import type pg from 'pg';
import { UNLIMITED } from '../../src/acl/quota.js';
import { COPIED_TABLES } from '../../src/storage/copied-tables.js';
import { openSqliteStore } from '../../src/storage/sqlite/open.js';
import { draft, draftOn, entry, path, principal } from '../storage/given.js';
import { linkRecord } from '../storage/given-links.js';

/** A store with something in each of its tables, odd names among it. */
export async function fill(file: string): Promise<void> {
  const store = openSqliteStore(file);
  const alice = principal('user:alice');
  await store.acl.putGrants([
    draft('user:bob deny read /team/ from 1000 until 2000'),
    draftOn('/é " 張\u{1f600}'),
  ]);
  await store.acl.addMember(principal('group:eng'), alice);
  await store.acl.suspend(principal('user:eve'));
  const file10 = { path: path('/team/a'), owner: alice, bytes: 10, updatedAt: 1_700_000_000_000 };
  await store.quotas.setQuota({ subject: path('/team/'), ...UNLIMITED, bytesMax: 1_000 });
  await store.files.beginCommit([{ ...entry('done', '/team/a', 'at-once'), file: file10, expiresAt: 9_000 }]);
  await store.files.finishCommit([
    { ...entry('done', '/team/a', 'at-once'), file: file10, expiresAt: 9_000 },
  ]);
  await store.digests.putDigests([{ ...file10, sha256: 'd'.repeat(64) }]);
  await store.files.beginCommit([entry('hidden', '/team/b', 'hidden', ['user:bob read /team/b'])]);
  await store.files.beginCommit([entry('gone', '/gone', 'at-once')]);
  await store.files.finishCommit([entry('gone', '/gone', 'at-once')]);
  const trash = { id: 'trash-1', bytes: 10, removedAt: 5_000, sha256: 'e'.repeat(64) };
  await store.files.beginRemoval({ partial: 'removal', path: path('/gone'), trash });
  const moved = {
    name: 'move',
    from: path('/x/'),
    to: path('/y/'),
    grants: 'keep',
    file: undefined,
  } as const;
  await store.moves.beginMove(moved);
  const scope = { action: 'read', path: path('/') } as const;
  const key = { id: 'key1', hash: 'h'.repeat(64), user: alice, scope, createdAt: 1, note: 'a note' };
  await store.credentials.addApiKey({ ...key, expiresAt: undefined, lastUsedAt: 7 });
  await store.credentials.signOut(alice, 11);
  await store.credentials.endToken('jti', 12);
  await store.signedUrls.revokeUrl('url1', 1, 2_000_000_000_000);
  await store.signedUrls.raiseGeneration(path('/team/a'));
  await store.signedUrls.revokeUrlsOf('k1', 13);
  await store.shareLinks.addLink(linkRecord('link1'));
  const lease = { linkId: 'link1', clients: ['c'], now: 1, until: 2_000_000_000_000, downloadsMax: 5 };
  await store.linkCounts.lease(lease);
  await store.close();
}

/** Every row of every table that is to be copied, as text, in one order. */
export function rowsInSqlite(file: string): Record<string, readonly string[]> {
  const db = new SQLite(file, { readonly: true });
  try {
    return tables((sql) => db.prepare<[], Record<string, unknown>>(sql).all());
  } finally {
    db.close();
  }
}

export async function rowsInPostgres(
  client: pg.Client,
  schema: string,
): Promise<Record<string, readonly string[]>> {
  const all = new Map<string, Record<string, unknown>[]>();
  for (const { name } of COPIED_TABLES) {
    all.set(name, (await client.query(`SELECT * FROM ${schema}.${name}`)).rows);
  }
  return tables((sql) => all.get(sql.split(' ').at(-1) ?? '') ?? []);
}

function tables(select: (sql: string) => readonly Record<string, unknown>[]) {
  return Object.fromEntries(
    COPIED_TABLES.map(({ name }) => [name, select(`SELECT * FROM ${name}`).map(asText).toSorted()]),
  );
}

/** Numbers come from PostgreSQL as texts, and from SQLite what is true as 1. */
function asText(row: Record<string, unknown>): string {
  const cells = Object.entries(row).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify(
    cells.map(([name, cell]) => [
      name,
      cell === null ? null : String(typeof cell === 'boolean' ? Number(cell) : cell),
    ]),
  );
}
