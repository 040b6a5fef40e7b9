/** Pages of share links are the same whether few or many of them are below a path: SQLite is asked in two ways. */

import SQLite from 'better-sqlite3';
import t from 'tap';
import { openSqliteStore } from '../../src/storage/sqlite/open.js';
import { path } from './given.js';
import { linkRecord } from './given-links.js';

const MANY = 6_000;
const PAGE = 700;

t.test('every page goes on where the one before ended, below few links and below many', async (t) => {
  const file = `${t.testdir()}/store.db`;
  const store = openSqliteStore(file);
  t.teardown(() => store.close());
  await store.shareLinks.addLink(linkRecord('seed', { path: path('/seed') }));
  const db = new SQLite(file);
  db.exec(`
    INSERT INTO share_links
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${MANY})
    SELECT format('l%05d', i), hash, kind, iif(i % 100 = 0, '/few/', '/many/') || i, maker, maker_groups, grant_id,
      terms, expires_at, revoked_at, created_at, last_used_at, downloads, uploads FROM share_links, n`);
  db.close();
  for (const [folder, count] of [
    ['/few/', MANY / 100],
    ['/many/', MANY - MANY / 100],
    ['/', MANY + 1],
    ['/none/', 0],
  ] as const) {
    const ids: string[] = [];
    for (let page: readonly { id: string }[] | undefined; page === undefined || page.length === PAGE; ) {
      const after = page?.at(-1)?.id;
      const selection = { path: path(folder), max: PAGE, ...(after !== undefined && { after }) };
      page = await store.shareLinks.links(selection);
      ids.push(...page.map(({ id }) => id));
    }
    t.equal(ids.length, count, folder);
    t.strictSame(ids, [...new Set(ids)].sort(), 'each once, in order');
  }
});
