/**
 * A store that another process is writing to: every write waits its turn, none of them stops this process, and
 * none waits for ever.
 */

import { setImmediate as turn } from 'node:timers/promises';
import t, { type Test } from 'tap';
import type { ApiKeyRecord, Store, Written } from '../../src/acl/ports.js';
import { openSqliteStore, sqliteUsage } from '../../src/storage/sqlite/open.js';
import { batchesOf, draft, draftOn, entry, load, path, principal } from './given.js';
import { linkRecord, linkTerms } from './given-links.js';
import { holdWriteLock } from './other-process.js';

const [BOB, ENG] = [principal('user:bob'), principal('group:eng')];
const REMOVAL = { partial: 'removal /c', path: path('/c') };
const KEY: ApiKeyRecord = {
  hash: 'h',
  id: 'i',
  user: BOB,
  scope: { action: 'read', path: path('/') },
  createdAt: 1,
  expiresAt: undefined,
  lastUsedAt: undefined,
  note: '',
};
const LEASE = { linkId: 'before', clients: ['c'], now: 1, until: 2, downloadsMax: 1 };
const USES = new Map([['i', 2]]);
/** A write that stopped this process would stop it for fifteen seconds. */
const LOCKED_MS = 14_000;

/** Everything that writes, in an order in which each changes something. */
const WRITES: readonly (readonly [string, (store: Store, file: string) => Promise<unknown>])[] = [
  ['putGrants', ({ acl }) => acl.putGrants([draft('user:bob read /a')])],
  ['importGrants', ({ acl }) => acl.importGrants(batchesOf([draft('user:bob read /b')]))],
  ['removeGrants', ({ acl }) => acl.removeGrants({ ...draft('user:bob read /a'), actions: ['read'] })],
  ['addMember', ({ acl }) => acl.addMember(ENG, BOB)],
  ['removeMember', ({ acl }) => acl.removeMember(ENG, BOB)],
  ['suspend', ({ acl }) => acl.suspend(BOB)],
  ['resume', ({ acl }) => acl.resume(BOB)],
  ['beginCommit', ({ files }) => files.beginCommit([entry('p', '/c', 'hidden')])],
  ['finishCommit', ({ files }) => files.finishCommit([entry('p', '/c', 'hidden')])],
  ['abandonCommit', ({ files }) => files.abandonCommit([entry('q', '/d', 'at-once')])],
  ['beginRemoval', ({ files }) => files.beginRemoval(REMOVAL)],
  ['finishRemoval', ({ files }) => files.finishRemoval(REMOVAL)],
  ['addApiKey', ({ credentials }) => credentials.addApiKey(KEY)],
  ['recordUses', ({ usage }) => usage.recordUses(USES)],
  ['removeApiKey', ({ credentials }) => credentials.removeApiKey(KEY.id)],
  ['signOut', ({ credentials }) => credentials.signOut(BOB, 1)],
  ['endToken', ({ credentials }) => credentials.endToken('t', 1)],
  ['endSession', ({ credentials }) => credentials.endSession('s', 1)],
  ['addLink', ({ shareLinks }) => shareLinks.addLink(linkRecord('l'))],
  ['changeLink', ({ shareLinks }) => shareLinks.changeLink('l', () => linkTerms({ note: 'n' }))],
  ['lease', ({ linkCounts }) => linkCounts.lease(LEASE)],
  ['recordLinkUses', ({ linkCounts }) => linkCounts.recordLinkUses(new Map([['l', 2]]))],
  ['revokeLink', ({ shareLinks }) => shareLinks.revokeLink('l', 1)],
  ['forgetLinks', ({ shareLinks }) => shareLinks.forgetLinks(2)],
  ["the authorizer's recordUses", (_store, file) => sqliteUsage(file).recordUses(USES)],
];

/** Nobody is to lease a link that is not there: that writes nothing, and waits for nobody. */
const makeLeasable = ({ shareLinks }: Store) =>
  shareLinks.addLink(linkRecord(LEASE.linkId, {}, { expiresAt: Number.MAX_SAFE_INTEGER }));

function given(t: Test, patienceMs?: number) {
  const file = `${t.testdir()}/store.db`;
  const store = openSqliteStore(file, patienceMs);
  t.teardown(() => store.close());
  return { file, store };
}

t.test('every write waits for the other process, and this one goes on meanwhile', async (t) => {
  const { file, store } = given(t);
  await makeLeasable(store);
  const holder = await holdWriteLock(t, file);
  const ended: string[] = [];
  const began = performance.now();
  const writes = WRITES.map(async ([name, write]) => {
    const value = await write(store, file);
    ended.push(name);
    return value;
  });
  for (let i = 0; i < 100; i++) {
    await turn();
    await load(store, { paths: [path('/a')], user: BOB });
  }
  t.strictSame(ended, [], 'all of them wait');
  t.ok(performance.now() - began < LOCKED_MS, 'and none keeps the process from deciding');
  await holder.release();
  const revisions = (await Promise.all(writes))
    .filter((written) => typeof written === 'object')
    .map((written) => (written as Written<unknown>).revision);
  const names = WRITES.map(([name]) => name);
  t.strictSame(
    ended.filter((name) => !name.startsWith('the ')),
    names.slice(0, -1),
    'in their order',
  );
  t.strictSame(
    revisions,
    revisions.toSorted((a, b) => a - b),
  );
  t.equal(await store.acl.revision(), 21, 'each of them was done');
  t.strictSame(await store.files.pending(), { commits: [], removals: [] });
});

t.test('who has waited long enough is told who holds the lock, and nothing was written', async (t) => {
  const { file, store } = given(t, 100);
  await makeLeasable(store);
  const holder = await holdWriteLock(t, file);
  const writes = WRITES.slice(0, -1).map(([, write]) => write(store, file));
  for (const [i, { status, ...rest }] of (await Promise.allSettled(writes)).entries()) {
    t.equal(status, 'rejected', `${WRITES[i]?.[0]}`);
    t.match(rest, { reason: { code: 'store-busy', message: new RegExp(`process ${holder.pid} \\(.*node`) } });
  }
  t.equal(await store.acl.revision(), 1);
  await holder.release();
  t.equal((await store.acl.putGrants([draft('user:bob read /a')])).revision, 2, 'later writes are done');
});

t.test('a write that fails, or that waits for its input, keeps no other one out', async (t) => {
  const { file, store } = given(t);
  const holder = await holdWriteLock(t, file);
  const input = Promise.withResolvers<void>();
  async function* slow() {
    await input.promise;
    yield [draftOn('/b')];
  }
  const first = store.credentials.addApiKey(KEY);
  const twice = t.rejects(store.credentials.addApiKey(KEY), { code: /^SQLITE_CONSTRAINT/ });
  const importing = store.acl.importGrants(slow());
  const last = store.acl.putGrants([draftOn('/c')]);
  await holder.release();
  t.equal((await first).revision, 1);
  await twice;
  input.resolve();
  t.equal((await importing).revision, 2);
  t.equal((await last).revision, 3);
});
