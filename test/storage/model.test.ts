/**
 * The stores held against each other: told the same random writes, they answer the same and look the same
 * after each.
 */

import { deepStrictEqual } from 'node:assert/strict';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import type { Store } from '../../src/acl/ports.js';
import { openMemoryStore } from '../../src/storage/memory/memory-store.js';
import { openSqliteStore } from '../../src/storage/sqlite/open.js';
import { holds, load, postgresStore } from './given.js';
import { observe } from './observed.js';
import { anyWrite, PATHS, perform, USERS, type Write } from './store-model.js';

const RUNS = 100;
const WRITES_MAX = 40;

/** Each is a thousand round trips. */
const POSTGRES_RUNS = 4;

t.test('SQLite and memory answer the same and look the same after every write', async (t) => {
  const folder = t.testdir();
  let runs = 0;
  await likeMemory(t, async () => openSqliteStore(`${folder}/${runs++}.db`), RUNS);
});

t.test('PostgreSQL and memory answer the same and look the same after every write', async (t) => {
  await likeMemory(t, () => postgresStore(t), POSTGRES_RUNS);
});

async function likeMemory(t: Test, open: () => Promise<Store>, runs: number): Promise<void> {
  const property = async (writes: Write[]) => {
    const stores = [openMemoryStore(), await open()] as const;
    try {
      for (const [i, write] of writes.entries()) {
        const before = await load(stores[0]);
        const [memory, other] = await Promise.all(
          stores.map(async (store) => ({
            answer: await perform(store, write, i),
            state: await observe(store, PATHS, USERS),
            touched: await touchedSince(store, before.revision),
          })),
        );
        deepStrictEqual(other, memory);
      }
    } finally {
      for (const store of stores) await store.close();
    }
  };
  const writes = fc.array(anyWrite, { minLength: 1, maxLength: WRITES_MAX, size: 'max' });
  await holds(t, fc.asyncProperty(writes, property), runs);
}

/** Of a reader that knows this store up to `since`. */
async function touchedSince(store: Parameters<typeof load>[0], since: number) {
  const { generation } = await load(store);
  const { touched } = await load(store, { since, generation });
  return touched === 'all' ? touched : [...touched].sort();
}
