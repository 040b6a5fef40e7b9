/** Links that ended long ago are forgotten when a files service starts; those that ended lately still say so. */

import t from 'tap';
import { openShareParts } from '../../src/assembly/share-parts.js';
import { loadConfig } from '../../src/config.js';
import { openSqliteStore } from '../../src/storage/sqlite/open.js';
import { linkRecord } from '../storage/given-links.js';

const DAY_MS = 24 * 60 * 60 * 1000;

t.test('a link is remembered for 90 days after its end', async (t) => {
  const store = openSqliteStore(`${t.testdir()}/store.db`);
  t.teardown(() => store.close());
  const now = Date.now();
  for (const [id, endedAt] of [
    ['long-ago', now - 91 * DAY_MS],
    ['lately', now - 89 * DAY_MS],
    ['open', now + DAY_MS],
  ] as const) {
    await store.shareLinks.addLink(linkRecord(id, {}, { expiresAt: endedAt }));
  }
  const parts = openShareParts(loadConfig({}), store, (message) => t.fail(message));
  await parts.close();
  const left = await store.shareLinks.links({ max: 10 });
  t.same(
    left.map(({ id }) => id),
    ['lately', 'open'],
  );
});
