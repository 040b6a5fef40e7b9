/**
 * What tests of the stores are given: drafts from one line or from an odd name, whole stores as plain values,
 * and files of SQLite. Must never decide anything.
 */

import fc from 'fast-check';
import type { Test } from 'tap';
import type { Grant, GrantDraft } from '../../src/acl/grant.js';
import type {
  CommitEntry,
  Facts,
  FactsLoad,
  FactsQuery,
  Store,
  StoredPathFacts,
} from '../../src/acl/ports.js';
import { openMemoryStore } from '../../src/storage/memory/memory-store.js';
import { openSqliteStore } from '../../src/storage/sqlite/open.js';
import { grant, path, principal } from '../acl/given.js';

export { path, principal };

export type OpenStore = (t: Test) => Promise<Store>;

/** `user:bob deny read /team/ from 1000 until 2000`. */
export function draft(line: string): GrantDraft {
  const { id: _, ...drafted } = grant(line);
  return drafted;
}

/** `user:bob read PATH`, where the path or the principal is too odd for one line. */
export function draftOn(on: string, odd: Partial<GrantDraft> = {}): GrantDraft {
  return { ...draft('user:bob read /'), path: path(on), ...odd };
}

/** A commit of 10 bytes at `on` that sets the grants of these lines. */
export function entry(
  partial: string,
  on: string,
  visibility: CommitEntry['visibility'],
  lines: readonly string[] = [],
): CommitEntry {
  const file = { path: path(on), owner: principal('user:owner'), bytes: 10, updatedAt: 1_700_000_000_123 };
  return { partial, file, grants: lines.map(draft), replaces: undefined, visibility };
}

export async function* batchesOf<T>(...batches: T[]): AsyncGenerator<T> {
  yield* batches;
}

export async function all<T>(listing: AsyncIterable<T>): Promise<T[]> {
  const listed: T[] = [];
  for await (const one of listing) listed.push(one);
  return listed;
}

/** A load by somebody who knows nothing yet, unless the query says more. */
export async function load(store: Store, query: Partial<FactsQuery> = {}): Promise<FactsLoad> {
  return store.facts.load({ paths: [], user: undefined, since: -1, generation: -1, ...query });
}

/** The grants that a decision would find on one path. */
export async function loadedOn(store: Store, on: string): Promise<Grant[]> {
  const { paths } = await load(store, { paths: [path(on)] });
  return paths.flatMap((one) => plainPath(one).grants);
}

/** What the change log names after `write`; `all` where it says so. */
export async function touchedBy(store: Store, write: () => Promise<unknown>): Promise<readonly string[]> {
  const before = await load(store);
  await write();
  const { touched } = await load(store, { since: before.revision, generation: before.generation });
  return touched === 'all' ? ['all'] : [...touched].sort();
}

export function plainPath(facts: StoredPathFacts) {
  const grants = [...facts.grants].flatMap(([who, same]) =>
    same.map((one) => (one.principal === who ? one : misfiled(one))),
  );
  return { path: facts.path, committing: facts.committing, grants: grants.sort((a, b) => a.id - b.id) };
}

/** Facts in an order of their own: a decision asks neither for the order of grants nor for that of groups. */
export function plainFacts({ chain, standing }: Facts) {
  const groups = [...standing.groups].sort();
  return { chain: chain.map(plainPath), standing: { groups, suspended: standing.suspended } };
}

export const memoryStore: OpenStore = async () => openMemoryStore();

export const sqliteStore: OpenStore = async (t) => openSqliteStore(`${t.testdir()}/store.db`);

/** Only who opens one starts a PostgreSQL. */
export const postgresStore: OpenStore = async () => {
  const { freshPostgresStore } = await import('./given-postgres.js');
  return freshPostgresStore();
};

/** Those of this process alone: they know at once whether anything has changed, and answer without a wait. */
export const OWN_STORES = { memory: memoryStore, SQLite: sqliteStore };

export const STORES = { ...OWN_STORES, PostgreSQL: postgresStore };

/** Opens a store that lives as long as the test. */
export async function opened(t: Test, open: OpenStore): Promise<Store> {
  const store = await open(t);
  t.teardown(() => store.close());
  return store;
}

/** Asserts a property of asynchronous things; a failure's message is fast-check's, with seed and example. */
export async function holds<T>(t: Test, property: fc.IAsyncProperty<T>, numRuns: number): Promise<void> {
  const details = await fc.check(property, { numRuns });
  const report = details.failed ? fc.defaultReportMessage(details) : undefined;
  t.equal(report, undefined, `holds in ${numRuns} runs`);
}

function misfiled(one: Grant): never {
  throw new Error(`grant ${one.id} lies under another principal than its own`);
}
