/**
 * The contract's rules on revisions and the change log: one table of every kind of write, what each touches,
 * and one table of writes that change nothing.
 */

import { ACTIONS } from '../../src/acl/action.js';
import type { Store } from '../../src/acl/ports.js';
import type { Rule } from './contract-rule.js';
import { batchesOf, draft, entry, load, path, principal, touchedBy } from './given.js';

const BOB = principal('user:bob');
const EVE = principal('user:eve');
const ENG = principal('group:eng');
const HIDDEN = entry('hidden', '/hidden.pdf', 'hidden', ['user:bob read /hidden.pdf']);
const AT_ONCE = entry('at-once', '/at-once.pdf', 'at-once', ['user:bob read /at-once.pdf']);
const REMOVAL = { partial: 'removal', path: path('/removed.pdf') };

/** A store in which every write below has something to do, or nothing. */
async function prepare(store: Store): Promise<void> {
  await store.acl.putGrants([draft('user:bob read /team/'), draft('user:bob write /team/')]);
  await store.acl.addMember(ENG, BOB);
  await store.acl.suspend(EVE);
  await store.files.beginCommit([HIDDEN, AT_ONCE]);
  await store.files.beginRemoval(REMOVAL);
}

type Write = (store: Store) => Promise<{ readonly revision: number } | undefined>;

const CHANGES: readonly (readonly [string, readonly string[], Write])[] = [
  ['a grant', ['/new'], ({ acl }) => acl.putGrants([draft('user:bob read /new')])],
  ['a grant replaced', ['/team/'], ({ acl }) => acl.putGrants([draft('user:bob deny read /team/')])],
  [
    'grants on several paths',
    ['/a', '/b'],
    ({ acl }) => acl.putGrants(['user:bob read /b', 'user:bob read /a', 'user:eve read /b'].map(draft)),
  ],
  [
    'a removal of grants',
    ['/team/'],
    ({ acl }) => acl.removeGrants({ ...draft('user:bob read /team/'), actions: ACTIONS }),
  ],
  ['an import', ['all'], ({ acl }) => acl.importGrants(batchesOf([draft('user:bob read /a')]))],
  ['a new member', ['user:eve'], ({ acl }) => acl.addMember(ENG, EVE)],
  ['a member less', ['user:bob'], ({ acl }) => acl.removeMember(ENG, BOB)],
  ['a suspension', ['user:bob'], ({ acl }) => acl.suspend(BOB)],
  ['the end of a suspension', ['user:eve'], ({ acl }) => acl.resume(EVE)],
  ['a commit at once', ['/a'], ({ files }) => files.beginCommit([entry('p', '/a', 'at-once')])],
  ['a hidden commit', ['/a'], ({ files }) => files.beginCommit([entry('p', '/a', 'hidden')])],
  [
    'a commit of several files',
    ['/a', '/b'],
    ({ files }) => files.beginCommit([entry('p', '/b', 'hidden'), entry('q', '/a', 'at-once')]),
  ],
  [
    'a commit at once that sets a grant on another path',
    ['/a', '/team/'],
    ({ files }) => files.beginCommit([entry('p', '/a', 'at-once', ['user:bob deny read /team/'])]),
  ],
  ['the end of a hidden commit', ['/hidden.pdf'], ({ files }) => files.finishCommit([HIDDEN])],
  [
    'the end of a commit of several files',
    ['/hidden.pdf'],
    ({ files }) => files.finishCommit([AT_ONCE, HIDDEN]),
  ],
  ['a hidden commit given up', ['/hidden.pdf'], ({ files }) => files.abandonCommit([HIDDEN])],
  ['a removal of a file', ['/a'], ({ files }) => files.beginRemoval({ partial: 'p', path: path('/a') })],
];

const NO_CHANGES: readonly (readonly [string, Write])[] = [
  ['no grants', ({ acl }) => acl.putGrants([])],
  [
    'a removal that matches nothing',
    ({ acl }) => acl.removeGrants({ ...draft('user:eve read /team/'), actions: ACTIONS }),
  ],
  ['an import of nothing', ({ acl }) => acl.importGrants(batchesOf([]))],
  ['a member that is one already', ({ acl }) => acl.addMember(ENG, BOB)],
  ['the removal of somebody who is no member', ({ acl }) => acl.removeMember(ENG, EVE)],
  ['the suspension of a suspended user', ({ acl }) => acl.suspend(EVE)],
  ['the end of no suspension', ({ acl }) => acl.resume(BOB)],
  ['a commit of no files', ({ files }) => files.beginCommit([])],
  ['the end of a commit at once', ({ files }) => files.finishCommit([AT_ONCE])],
  ['the end of a commit of no files', ({ files }) => files.finishCommit([])],
  ['no commit given up', ({ files }) => files.abandonCommit([])],
  ['the end of a removal', ({ files }) => files.finishRemoval(REMOVAL).then(() => undefined)],
];

export function writesContract(rule: Rule): void {
  rule('a new store is at revision 0', async (t, store) => {
    t.equal(await store.acl.revision(), 0);
    t.equal((await load(store)).revision, 0);
  });

  for (const [says, touched, write] of CHANGES) {
    rule(`the revision grows by one: ${says}`, async (t, store) => {
      await prepare(store);
      const before = await store.acl.revision();
      t.equal((await write(store))?.revision, before + 1, 'as the write answers');
      t.equal(await store.acl.revision(), before + 1, 'as the store says');
      t.equal((await load(store)).revision, before + 1, 'as a load says');
    });

    rule(`the version is another one after ${says}`, async (t, store) => {
      await prepare(store);
      const before = store.facts.version();
      await write(store);
      t.not(store.facts.version(), before);
    });

    rule(`the change log names ${touched.join(', ')} after ${says}`, async (t, store) => {
      await prepare(store);
      t.strictSame(await touchedBy(store, () => write(store)), touched);
    });
  }

  for (const [says, write] of NO_CHANGES) {
    rule(`nothing changes, so the revision stays: ${says}`, async (t, store) => {
      await prepare(store);
      const before = await store.acl.revision();
      const touched = await touchedBy(store, async () => {
        const answer = await write(store);
        t.equal(answer?.revision ?? before, before, 'as the write answers');
      });
      t.equal(await store.acl.revision(), before, 'as the store says');
      t.strictSame(touched, []);
    });
  }
}

/** Of a store that nobody else writes without its process knowing at once. */
export function versionContract(rule: Rule): void {
  rule('the version stays while nobody writes', async (t, store) => {
    await prepare(store);
    const before = store.facts.version();
    await load(store, { paths: [path('/team/')], user: BOB });
    await store.acl.groups();
    await store.files.pending();
    t.equal(store.facts.version(), before);
  });
}
