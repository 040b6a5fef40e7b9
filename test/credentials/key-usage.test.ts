/** The last use of API keys: gathered, written in batches, kept when the store is busy, and never in the way. */

import SQLite from 'better-sqlite3';
import t from 'tap';
import type { UsageStore } from '../../src/acl/ports.js';
import { newApiKey } from '../../src/credentials/api-key-text.js';
import { KeyUsage } from '../../src/credentials/key-usage.js';
import { openSqliteStore, sqliteUsage } from '../../src/storage/sqlite/open.js';
import { path, principal } from '../acl/given.js';

const NOW = 1_700_000_000_123;
/** Below the fifteen seconds for which a writer waits. */
const BUSY_TEST_MS = 12_000;

t.test('uses are written in one batch, of each key the last', async (t) => {
  const written: (readonly [string, number])[][] = [];
  const usage = new KeyUsage({ recordUses: async (uses) => void written.push([...uses]) }, (error) =>
    t.fail(String(error)),
  );
  await usage.flush();
  t.same(written, [], 'nothing to write, nothing is written');
  for (let i = 0; i < 1000; i++) usage.note('a', NOW + i);
  usage.note('b', NOW);
  await usage.flush();
  await usage.flush();
  t.same(written, [
    [
      ['a', NOW + 999],
      ['b', NOW],
    ],
  ]);
});

t.test('what could not be written is written the next time, unless it was used again since', async (t) => {
  const written: (readonly [string, number])[][] = [];
  const problems: unknown[] = [];
  let works = false;
  const store: UsageStore = {
    recordUses: async (uses) => {
      if (!works) throw new Error('busy');
      written.push([...uses].sort());
    },
  };
  const usage = new KeyUsage(store, (error) => problems.push(error));
  usage.note('a', NOW);
  usage.note('b', NOW);
  const failing = usage.flush();
  usage.note('b', NOW + 1);
  await failing;
  t.same(written, []);
  t.match(problems, [{ message: 'busy' }]);
  works = true;
  await usage.flush();
  t.same(written, [
    [
      ['a', NOW],
      ['b', NOW + 1],
    ],
  ]);
});

t.test('at the end it is tried again, for there is no next time', async (t) => {
  const written: (readonly [string, number])[][] = [];
  const problems: unknown[] = [];
  let busy = 3;
  const store: UsageStore = {
    recordUses: async (uses) => {
      busy -= 1;
      if (busy >= 0) throw new Error('busy');
      written.push([...uses]);
    },
  };
  const usage = new KeyUsage(store, (error) => problems.push(error));
  usage.note('a', NOW);
  await usage.close();
  t.same([written, problems], [[[['a', NOW]]], []]);
  busy = Number.POSITIVE_INFINITY;
  usage.note('a', NOW);
  await usage.close();
  t.match(problems, [{ message: 'busy' }], 'and it gives up, and says so once');
});

t.test(
  'while another one writes it waits its turn, and no decision waits for it',
  { timeout: BUSY_TEST_MS },
  async (t) => {
    const file = `${t.testdir()}/latchkey.db`;
    const store = openSqliteStore(file);
    t.teardown(() => store.close());
    const { id, hash } = newApiKey();
    await store.credentials.addApiKey({
      id,
      hash,
      user: principal('user:ci'),
      scope: { action: 'read', path: path('/') },
      createdAt: NOW,
      expiresAt: undefined,
      lastUsedAt: undefined,
      note: '',
    });
    const lastUse = async () => (await store.credentials.apiKeys())[0]?.lastUsedAt;
    const problems: unknown[] = [];
    const importing = new SQLite(file);
    t.teardown(() => importing.close());
    importing.exec('BEGIN IMMEDIATE');
    const usages = [sqliteUsage(file), store.usage].map(
      (port) => new KeyUsage(port, (error) => problems.push(error)),
    );
    for (const [i, usage] of usages.entries()) usage.note(id, NOW + i);
    const flushed = Promise.all(usages.map((usage) => usage.flush()));
    // Turns of the event loop go by meanwhile: a wait inside SQLite would keep this one from ending.
    for (let turn = 0; turn < 100; turn++) await new Promise(setImmediate);
    t.equal(await lastUse(), undefined);
    importing.exec('COMMIT');
    await flushed;
    t.equal(await lastUse(), NOW + 1);
    t.same(problems, []);
  },
);
