/**
 * The stores held against each other: told the same random writes, they answer the same and look the same
 * after each.
 */

import { deepStrictEqual } from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { openMemoryStore } from '../../src/storage/memory/memory-store.js';
import { openSqliteStore } from '../../src/storage/sqlite/open.js';
import { holds, load } from './given.js';
import { observe } from './observed.js';
import { anyWrite, PATHS, perform, USERS, type Write } from './store-model.js';

const RUNS = 100;
const WRITES_MAX = 40;

t.test('SQLite and memory answer the same and look the same after every write', async (t) => {
  const folder = t.testdir();
  let runs = 0;
  const property = async (writes: Write[]) => {
    const stores = [openMemoryStore(), openSqliteStore(`${folder}/${runs++}.db`)] as const;
    try {
      for (const [i, write] of writes.entries()) {
        const before = await load(stores[0]);
        const [memory, sqlite] = await Promise.all(
          stores.map(async (store) => ({
            answer: await perform(store, write, i),
            state: await observe(store, PATHS, USERS),
            touched: await touchedSince(store, before.revision),
          })),
        );
        deepStrictEqual(sqlite, memory);
      }
    } finally {
      for (const store of stores) await store.close();
    }
  };
  const writes = fc.array(anyWrite, { minLength: 1, maxLength: WRITES_MAX, size: 'max' });
  await holds(t, fc.asyncProperty(writes, property), RUNS);
});

/** Of a reader that knows this store up to `since`. */
async function touchedSince(store: Parameters<typeof load>[0], since: number) {
  const { generation } = await load(store);
  const { touched } = await load(store, { since, generation });
  return touched === 'all' ? touched : [...touched].sort();
}
