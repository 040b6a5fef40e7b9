/**
 * The cache before a store (DESIGN §6), where each load is answered at once: it answers as the store would, it
 * stays small, and what it could not find out it does not pretend to know.
 */

import { deepStrictEqual } from 'node:assert/strict';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { ACTIONS } from '../../src/acl/action.js';
import type { FactsSource, Store } from '../../src/acl/ports.js';
import type { Principal } from '../../src/acl/principal.js';
import { pathChain } from '../../src/acl/resource-path.js';
import { CachedReader } from '../../src/storage/cached-reader.js';
import { openMemoryStore } from '../../src/storage/memory/memory-store.js';
import { openSqliteStore } from '../../src/storage/sqlite/open.js';
import {
  draft,
  draftOn,
  entry,
  holds,
  load,
  OWN_STORES,
  opened,
  path,
  plainFacts,
  principal,
  STORES,
} from './given.js';
import { anyWrite, PATHS, perform, USERS, type Write } from './store-model.js';
import { WatchedSource } from './watched-source.js';

const MEBIBYTE = 1024 * 1024;
const BOB = principal('user:bob');
const ASKED = [...PATHS, '/a/deep/er/file'];
/** Too small for one entry, for one chain, for all; and large. */
const SIZES = [1, 1_600, 4_000, MEBIBYTE];

async function answer(reader: CachedReader, on: string, user?: Principal) {
  return plainFacts(await reader.read(path(on), user));
}

async function fresh(store: Store, on: string, user?: Principal) {
  const { paths, standing } = await load(store, { paths: pathChain(path(on)), user });
  return plainFacts({ chain: paths, standing: standing ?? { groups: [], suspended: false } });
}

const countOn = async (reader: CachedReader, on: string) =>
  (await answer(reader, on)).chain[0]?.grants.length;

function readerOf(source: FactsSource, bytesMax = MEBIBYTE) {
  const watched = new WatchedSource(source);
  return { watched, reader: new CachedReader(watched, { bytesMax }) };
}

// ── it answers as the store would ───────────────────────────────────────────────────────────────────────────

async function agreesThroughout(store: Store, writes: readonly Write[]): Promise<void> {
  const readers = SIZES.map((bytesMax) => new CachedReader(store.facts, { bytesMax }));
  for (const [i, write] of writes.entries()) {
    await perform(store, write, i);
    for (const on of ASKED) {
      const user = USERS[(i + on.length) % (USERS.length + 1)];
      const expected = await fresh(store, on, user);
      for (const reader of readers) deepStrictEqual(await answer(reader, on, user), expected);
    }
  }
}

async function property(t: Test, open: (run: number) => Store, runs: number): Promise<void> {
  let run = 0;
  const writes = fc.array(anyWrite, { minLength: 1, maxLength: 30, size: 'max' });
  const agrees = fc.asyncProperty(writes, async (some) => {
    const store = open(run++);
    await agreesThroughout(store, some).finally(() => store.close());
  });
  await holds(t, agrees, runs);
}

t.test('over memory, a cache of any size answers like a fresh load after every write', async (t) => {
  await property(t, openMemoryStore, 300);
});

t.test('over SQLite, a cache of any size answers like a fresh load after every write', async (t) => {
  const folder = t.testdir();
  await property(t, (run) => openSqliteStore(`${folder}/${run}.db`), 60);
});

for (const [name, open] of Object.entries(STORES)) {
  t.test(`over ${name}, a revoke between two reads is seen by the second`, async (t) => {
    const store = await opened(t, open);
    const reader = new CachedReader(store.facts, { bytesMax: MEBIBYTE });
    await store.acl.putGrants([draft('user:bob read /team/')]);
    t.equal((await answer(reader, '/team/plan.pdf', BOB)).chain[1]?.grants.length, 1);
    await store.acl.removeGrants({ ...draft('user:bob read /team/'), actions: ACTIONS });
    t.equal((await answer(reader, '/team/plan.pdf', BOB)).chain[1]?.grants.length, 0);
  });

  t.test(`over ${name}, a path is committing for the next read after a hidden commit began`, async (t) => {
    const store = await opened(t, open);
    const reader = new CachedReader(store.facts, { bytesMax: MEBIBYTE });
    t.equal((await answer(reader, '/plan.pdf')).chain[0]?.committing, false);
    await store.files.beginCommit([entry('p', '/plan.pdf', 'hidden')]);
    t.equal((await answer(reader, '/plan.pdf')).chain[0]?.committing, true);
    await store.files.finishCommit([entry('p', '/plan.pdf', 'hidden')]);
    t.equal((await answer(reader, '/plan.pdf')).chain[0]?.committing, false);
  });
}

for (const [name, open] of Object.entries(OWN_STORES)) {
  t.test(`over ${name}, no answer is a promise: it takes no turn of the event loop`, async (t) => {
    const store = await opened(t, open);
    const reader = new CachedReader(store.facts, { bytesMax: MEBIBYTE });
    t.notOk(reader.read(path('/a'), BOB) instanceof Promise, 'loaded');
    t.notOk(reader.read(path('/a'), BOB) instanceof Promise, 'cached');
  });
}

// ── it loads no more than it must ───────────────────────────────────────────────────────────────────────────

t.test('what nobody was granted is remembered like what somebody was', async (t) => {
  const store = openMemoryStore();
  const { reader, watched } = readerOf(store.facts);
  await answer(reader, '/none/here', BOB);
  await answer(reader, '/none/here', BOB);
  t.equal(watched.loads.length, 1);
  await store.acl.putGrants([draft('user:bob read /none/here')]);
  t.equal(await countOn(reader, '/none/here'), 1, 'and is no longer true after a grant');
});

t.test('a path whose folders are known is loaded without them', async (t) => {
  const { reader, watched } = readerOf(openMemoryStore().facts);
  await answer(reader, '/team/a');
  await answer(reader, '/team/b');
  t.strictSame(watched.loads, [['/team/a', '/team/', '/'], ['/team/b']]);
});

t.test('a change drops what it touched and nothing else', async (t) => {
  const store = openMemoryStore();
  const { reader } = readerOf(store.facts);
  for (const on of ['/a', '/b', '/c']) await answer(reader, on, BOB);
  const before = reader.size;
  await store.acl.putGrants([draft('user:bob read /b')]);
  await answer(reader, '/c');
  t.equal(reader.size, before - 1);
});

t.test('an import drops everything', async (t) => {
  const store = openMemoryStore();
  const { reader } = readerOf(store.facts);
  for (const on of ['/a', '/b', '/c']) await answer(reader, on, BOB);
  await store.acl.importGrants(
    (async function* () {
      yield [draft('user:bob read /b')];
    })(),
  );
  await answer(reader, '/');
  t.equal(reader.size, 1);
});

// ── it is bounded ───────────────────────────────────────────────────────────────────────────────────────────

/** No entry takes less heap than this, however it is counted. */
const ENTRY_BYTES_MIN = 100;

t.test('the cache stays below its limit while 50,000 paths are read', async (t) => {
  const { reader } = readerOf(openMemoryStore().facts);
  let largest = 0;
  for (let i = 0; i < 50_000; i++) {
    reader.read(path(`/folder ${i % 500}/file ${i}`), undefined);
    largest = Math.max(largest, reader.size);
  }
  t.ok(largest <= MEBIBYTE / ENTRY_BYTES_MIN, `${largest} entries`);
  t.ok(largest > 500, `${largest} entries: it is used`);
});

t.test('grants count: a cache holds fewer paths the more grants they have', async (t) => {
  const store = openMemoryStore();
  const grantsOnEach = 50;
  const users = Array.from({ length: grantsOnEach }, (_, i) => principal(`user:${i}`));
  const paths = Array.from({ length: 200 }, (_, i) => `/${i}`);
  await store.acl.putGrants(paths.flatMap((on) => users.map((who) => draftOn(on, { principal: who }))));
  const { reader } = readerOf(store.facts, MEBIBYTE);
  for (const on of paths) await answer(reader, on);
  t.ok(reader.size <= MEBIBYTE / (grantsOnEach * ENTRY_BYTES_MIN), `${reader.size} entries`);
  t.ok(reader.size > 1, `${reader.size} entries: it is used`);
});

t.test('a user in very many groups counts for as much', async (t) => {
  const store = openMemoryStore();
  for (let i = 0; i < 1_000; i++) await store.acl.addMember(principal(`group:${i}`), BOB);
  const { reader } = readerOf(store.facts, 64 * 1024);
  for (const _ of ['loaded', 'loaded again']) {
    t.equal((await answer(reader, '/', BOB)).standing.groups.length, 1_000);
    t.equal(reader.size, 1, 'the root alone is kept');
  }
});

t.test('a cache too small for any entry still answers', async (t) => {
  const store = openMemoryStore();
  await store.acl.putGrants([draft('user:bob read /a/b/')]);
  await store.acl.suspend(BOB);
  const { reader } = readerOf(store.facts, 1);
  for (const on of ['/a/b/c/d', '/a/b/c/d', '/a/b/x']) {
    t.strictSame(await answer(reader, on, BOB), await fresh(store, on, BOB), on);
    t.equal(reader.size, 0);
  }
});

t.test('a cache smaller than one chain still answers, cold and warm', async (t) => {
  const store = openMemoryStore();
  const deep = '/a/b/c/d/e/f/g/h/i/j/k';
  await store.acl.putGrants(pathChain(path(deep)).map((on) => draftOn(on)));
  const { reader } = readerOf(store.facts, 8_000);
  for (const on of [deep, deep, '/a/b/c/d/e/f/g/h/i/j/z', deep]) {
    t.strictSame(await answer(reader, on, BOB), await fresh(store, on, BOB), on);
    t.ok(reader.size > 0 && reader.size < pathChain(path(deep)).length, `${reader.size} entries`);
  }
});

t.test('a path with very many grants is answered in full and pushes nothing out', async (t) => {
  const store = openMemoryStore();
  const users = Array.from({ length: 1_000 }, (_, i) => principal(`user:${i}`));
  await store.acl.putGrants(users.map((who) => draftOn('/crowded', { principal: who })));
  const { reader, watched } = readerOf(store.facts, MEBIBYTE);
  await answer(reader, '/quiet');
  t.equal(await countOn(reader, '/crowded'), 1_000);
  t.equal(await countOn(reader, '/crowded'), 1_000);
  await answer(reader, '/quiet');
  t.strictSame(
    watched.loads,
    [['/quiet', '/'], ['/crowded'], ['/crowded']],
    'its folder and the rest are kept',
  );
});

// ── not knowing ─────────────────────────────────────────────────────────────────────────────────────────────

for (const failing of ['version', 'load', 'load, later'] as const) {
  t.test(`a store that fails in its ${failing} makes the read fail, and loses no change`, async (t) => {
    const store = openMemoryStore();
    await store.acl.putGrants([draft('user:bob read /a')]);
    const { reader, watched } = readerOf(store.facts);
    t.equal(await countOn(reader, '/a'), 1);
    await store.acl.removeGrants({ ...draft('user:bob read /a'), actions: ACTIONS });
    watched.failing = failing;
    const unavailable = { name: 'NotKnown', code: 'store-unavailable' };
    await t.rejects(async () => reader.read(path('/a'), BOB), unavailable);
    await t.rejects(async () => reader.read(path('/a'), BOB), unavailable, 'as long as it fails');
    watched.failing = 'nothing';
    t.equal(await countOn(reader, '/a'), 0);
  });

  t.test(`a change during an outage of ${failing} is seen after it`, async (t) => {
    const store = openMemoryStore();
    await store.acl.putGrants([draft('user:bob read /a')]);
    const { reader, watched } = readerOf(store.facts);
    t.equal(await countOn(reader, '/a'), 1);
    watched.failing = failing;
    await store.acl.putGrants([draft('user:bob read /b')]);
    await t.rejects(async () => reader.read(path('/a'), BOB), { name: 'NotKnown' });
    await store.acl.removeGrants({ ...draft('user:bob read /a'), actions: ACTIONS });
    watched.failing = 'nothing';
    t.equal(await countOn(reader, '/a'), 0);
  });
}

t.test('a store that fails only in its version is not answered for from the cache', async (t) => {
  const { reader, watched } = readerOf(openMemoryStore().facts);
  await answer(reader, '/a');
  watched.failing = 'version';
  t.throws(() => reader.read(path('/a'), undefined), { name: 'NotKnown' });
});
