/**
 * What the processes of one machine count together beside their SQLite store: exact over several connections, bounded,
 * and without costing those anything who decide or write.
 */

import { mkdirSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import SQLite from 'better-sqlite3';
import t, { type Test } from 'tap';
import { ATTEMPT_KINDS, ATTEMPTS_REMEMBERED_MS, COUNTERS_MAX } from '../../src/acl/count-ports.js';
import { PasswordAttempts } from '../../src/links/password-attempts.js';
import { CountersFile } from '../../src/storage/sqlite/counters-file.js';
import { openSqliteStore } from '../../src/storage/sqlite/open.js';
import { SqliteAttempts, SqliteFailures } from '../../src/storage/sqlite/sqlite-counts.js';
import { holdWriteLock } from './other-process.js';

const START = 1_700_000_000_000;
const YEAR_MS = 365 * 86_400_000;
const ATTEMPT = { linkId: 'L', address: '192.0.2.1' };

/** As one process has it. */
function processOf(t: Test, file: string, clock: () => number = Date.now) {
  const counters = new CountersFile(file);
  t.teardown(() => counters.close());
  return {
    counters,
    attempts: new PasswordAttempts(new SqliteAttempts(counters, clock)),
    failures: new SqliteFailures(counters, clock),
  };
}

function countersOf(t: Test, file: string) {
  const db = new SQLite(`${file}-counts`);
  t.teardown(() => db.close());
  return db;
}

t.test('of a hundred at once on two connections five are tried', async (t) => {
  const file = `${t.testdir()}/store.db`;
  const both = [processOf(t, file, () => START), processOf(t, file, () => START)];
  const waits = await Promise.all(
    Array.from({ length: 100 }, (_, i) => both[i % 2]?.attempts.reserve(ATTEMPT)),
  );
  t.equal(waits.filter((waitMs) => waitMs === 0).length, 5);
});

t.test('what is counted outlives the process', async (t) => {
  const file = `${t.testdir()}/store.db`;
  const first = processOf(t, file, () => START);
  for (let i = 0; i < 5; i++) t.equal(await first.attempts.reserve(ATTEMPT), 0);
  first.counters.close();
  t.equal(await processOf(t, file, () => START).attempts.reserve(ATTEMPT), 1_000);
});

t.test('failures of two connections are counted for a minute from the first', async (t) => {
  const file = `${t.testdir()}/store.db`;
  let now = START;
  const both = [processOf(t, file, () => now), processOf(t, file, () => now)] as const;
  const join = async (n: 0 | 1) => (await both[n].failures.join(new Map([['a', 3]]))).get('a');
  t.strictSame(await join(0), { failures: 3, ageMs: 0 });
  now += 59_999;
  t.strictSame(await join(1), { failures: 6, ageMs: 59_999 });
  now += 1;
  t.strictSame(await join(0), { failures: 3, ageMs: 0 }, 'a new one');
  now -= 3_600_000;
  t.strictSame(await join(1), { failures: 6, ageMs: 0 }, 'the clock was set back: it begins now');
  now += 59_999;
  t.strictSame(await join(1), { failures: 9, ageMs: 59_999 });
  now += 1;
  t.strictSame(await join(1), { failures: 3, ageMs: 0 });
});

t.test('no decision looks at the store again for it, and it waits for nobody who writes there', async (t) => {
  const file = `${t.testdir()}/store.db`;
  const store = openSqliteStore(file);
  t.teardown(() => store.close());
  const version = store.facts.version();
  const holder = await holdWriteLock(t, file);
  t.equal(await new PasswordAttempts(store.attempts).reserve(ATTEMPT), 0);
  t.equal((await store.failures.join(new Map([['a', 1]]))).get('a')?.failures, 1);
  t.equal(store.facts.version(), version);
  await holder.release();
});

t.test('whoever has to wait is told so while somebody else counts', async (t) => {
  const file = `${t.testdir()}/store.db`;
  const { attempts } = processOf(t, file, () => START);
  for (let i = 0; i < 5; i++) await attempts.reserve(ATTEMPT);
  const holder = await holdWriteLock(t, `${file}-counts`);
  t.equal(await attempts.reserve(ATTEMPT), 1_000);
  await t.rejects(attempts.reserve({ linkId: 'L', address: '192.0.2.2' }), { name: 'StoreBusy' });
  await holder.release();
  t.equal(await attempts.reserve({ linkId: 'L', address: '192.0.2.2' }), 0);
});

t.test('a flood forgets what is old, and the oldest', async (t) => {
  const file = `${t.testdir()}/store.db`;
  const { attempts, failures } = processOf(t, file, () => START);
  await attempts.reserve(ATTEMPT);
  await failures.join(new Map([['a', 1]]));
  const db = countersOf(t, file);
  const fill = db.prepare('INSERT INTO failure_counts VALUES (?, ?, 1, ?)');
  db.transaction(() => {
    for (const kind of [...ATTEMPT_KINDS, 'credential']) {
      for (let i = 1; i <= COUNTERS_MAX + 500; i++) fill.run(kind, `n${i}`, START - i);
      fill.run(kind, 'old', START - ATTEMPTS_REMEMBERED_MS);
      fill.run(kind, 'ahead', START + YEAR_MS);
    }
  })();
  // Each looks for it with its hundredth.
  for (let i = 0; i < 100; i++) await attempts.reserve({ linkId: `L${i}`, address: `10.0.0.${i}` });
  await failures.join(new Map(Array.from({ length: 100 }, (_, i) => [`m${i}`, 1])));
  const latest = db.prepare<[string], number>('SELECT max(at) FROM failure_counts WHERE kind = ?').pluck();
  const names = db.prepare<[string], string>('SELECT name FROM failure_counts WHERE kind = ?').pluck();
  for (const kind of [...ATTEMPT_KINDS, 'credential']) {
    const left = new Set(names.all(kind));
    t.ok(left.has('ahead') && latest.get(kind) === START, 'and of a clock that was set back it is from now');
    t.ok(left.size <= COUNTERS_MAX + 100, `${left.size} of ${kind}`);
    t.ok(left.has('n1') && left.has('n19000'));
    t.notOk(left.has(`n${COUNTERS_MAX + 500}`) || left.has('old'));
  }
});

t.test('counters of another version are made anew, and who knows the old ones says so', async (t) => {
  const file = `${t.testdir()}/store.db`;
  const { attempts } = processOf(t, file);
  await attempts.reserve(ATTEMPT);
  const db = countersOf(t, file);
  db.exec('ALTER TABLE failure_counts DROP COLUMN failures; PRAGMA user_version = 7');
  await t.rejects(attempts.reserve(ATTEMPT), { name: 'NotKnown' });
  t.equal(await processOf(t, file).attempts.reserve(ATTEMPT), 0);
});

t.test('where it cannot be opened nothing is known, until it can', async (t) => {
  const file = `${t.testdir()}/store.db`;
  const { attempts, failures } = processOf(t, file);
  mkdirSync(`${file}-counts`);
  const remedy = `see that ${file}-counts can be written, or remove it while nothing runs: it is made anew`;
  const notKnown = { name: 'NotKnown', code: 'store-unavailable', message: remedy };
  await t.rejects(attempts.reserve(ATTEMPT), notKnown);
  await t.rejects(failures.join(new Map([['a', 1]])), notKnown);
  rmdirSync(`${file}-counts`);
  writeFileSync(`${file}-counts`, 'no database'.repeat(1_000));
  await t.rejects(attempts.reserve(ATTEMPT), { ...notKnown, message: /not a database.*made anew/ });
  rmSync(`${file}-counts`);
  t.equal(await attempts.reserve(ATTEMPT), 0);
});

t.test('the file is made when something is counted, and closed with the store', async (t) => {
  const file = `${t.testdir()}/store.db`;
  const store = openSqliteStore(file);
  await store.failures.join(new Map([['a', 1]]));
  await store.close();
  await t.rejects(store.failures.join(new Map([['a', 1]])), { name: 'NotKnown' });
});
