/** The contract's rules on quotas: what counts for whom, who is refused, and that nothing is ever counted wrong. */

import fc from 'fast-check';
import type { CommitEntry, FileRecord, Store } from '../../src/acl/ports.js';
import { QuotaExceeded, type QuotaLimits, type QuotaSubject, UNLIMITED } from '../../src/acl/quota.js';
import type { MoveEntry } from '../../src/acl/tree-ports.js';
import type { Rule } from './contract-rule.js';
import { path, principal } from './given.js';

const ALICE = principal('user:alice');
const TEAM = path('/team/');

/** @param owner `''`: nobody */
function record(on: string, bytes: number, owner = 'user:alice'): FileRecord {
  return { path: path(on), owner: owner === '' ? undefined : principal(owner), bytes, updatedAt: 1_000 };
}

let lastPartial = 0;

async function begun(
  store: Store,
  file: FileRecord,
  more: { readonly visibility?: CommitEntry['visibility']; readonly userLimits?: QuotaLimits } = {},
): Promise<CommitEntry> {
  const { visibility = 'at-once', userLimits = UNLIMITED } = more;
  lastPartial += 1;
  const partial = `partial ${lastPartial}`;
  const replaces = await store.files.file(file.path);
  const entry = { partial, file, grants: [], replaces, visibility };
  await store.files.beginCommit([entry], userLimits);
  return entry;
}

async function put(store: Store, file: FileRecord, userLimits = UNLIMITED): Promise<void> {
  await store.files.finishCommit([await begun(store, file, { userLimits })]);
}

const moveOf = (from: string, to: string): MoveEntry => ({
  name: `move ${from} ${to}`,
  from: path(from),
  to: path(to),
  grants: 'keep',
  file: undefined,
});

const bytesMax = (max: number): QuotaLimits => ({ bytesMax: max, filesMax: undefined });
const filesMax = (max: number): QuotaLimits => ({ bytesMax: undefined, filesMax: max });

async function limit(store: Store, subject: QuotaSubject, limits: QuotaLimits): Promise<void> {
  await store.quotas.setQuota({ subject, ...limits });
}

export function quotasContract(rule: Rule): void {
  rule('a file counts for its owner and for every folder above it that has a quota', async (t, store) => {
    for (const folder of ['/', '/team/', '/team/a/', '/team-b/']) {
      await limit(store, path(folder), bytesMax(100));
    }
    await put(store, record('/team/a/f', 7));
    await put(store, record('/team/g', 3, ''));
    const used = async (subject: QuotaSubject) => store.quotas.used(subject);
    t.strictSame(await used(ALICE), { bytes: 7, files: 1 });
    t.strictSame(await used(path('/')), { bytes: 10, files: 2 });
    t.strictSame(await used(TEAM), { bytes: 10, files: 2 });
    t.strictSame(await used(path('/team/a/')), { bytes: 7, files: 1 });
    t.strictSame(await used(path('/team-b/')), { bytes: 0, files: 0 });
  });

  rule('a quota that is set counts what is there already', async (t, store) => {
    await put(store, record('/team/f', 7));
    await limit(store, TEAM, bytesMax(8));
    t.strictSame(await store.quotas.quota(TEAM), {
      subject: TEAM,
      bytesMax: 8,
      filesMax: undefined,
      used: { bytes: 7, files: 1 },
    });
    await t.rejects(put(store, record('/team/g', 2)), QuotaExceeded);
    await put(store, record('/team/g', 1));
  });

  rule('what is refused is not journaled, and counts for nothing', async (t, store) => {
    await limit(store, ALICE, filesMax(1));
    await put(store, record('/a', 1));
    const refused = await put(store, record('/b', 1)).catch((error: unknown) => error);
    t.type(refused, QuotaExceeded);
    t.strictSame((refused as QuotaExceeded).use, {
      subject: ALICE,
      ...filesMax(1),
      used: { bytes: 1, files: 1 },
    });
    t.strictSame(await store.files.pending(), { commits: [], removals: [] });
    t.equal(await store.files.file(path('/b')), undefined);
    t.strictSame(await store.quotas.used(ALICE), { bytes: 1, files: 1 });
  });

  rule('a form counts whole', async (t, store) => {
    await limit(store, TEAM, bytesMax(10));
    const entries = ['/team/a', '/team/b'].map((on, i) => ({
      partial: `form ${i}`,
      file: record(on, 6),
      grants: [],
      replaces: undefined,
      visibility: 'at-once' as const,
    }));
    await t.rejects(store.files.beginCommit(entries), QuotaExceeded);
    t.strictSame(await store.quotas.used(TEAM), { bytes: 0, files: 0 });
  });

  rule('a user without a quota of their own has the one of every user', async (t, store) => {
    await put(store, record('/a', 6), bytesMax(10));
    await t.rejects(put(store, record('/b', 5), bytesMax(10)), QuotaExceeded);
    await t.rejects(store.quotas.checkRoom(record('/b', 5), bytesMax(10)), QuotaExceeded);
    await put(store, record('/b', 5, 'user:bob'), bytesMax(10));
    await put(store, record('/c', 500, ''), bytesMax(10));
    await limit(store, ALICE, UNLIMITED);
    await put(store, record('/b2', 5), bytesMax(10));
  });

  rule('what adds nothing is never refused, however low the quota is', async (t, store) => {
    await put(store, record('/team/f', 10));
    await limit(store, TEAM, { bytesMax: 1, filesMax: 0 });
    await put(store, record('/team/f', 10));
    await put(store, record('/team/f', 9));
    await t.rejects(put(store, record('/team/f', 10)), QuotaExceeded);
    await t.rejects(put(store, record('/team/g', 0)), QuotaExceeded);
  });

  rule('replacing releases the bytes of whoever had the file', async (t, store) => {
    await put(store, record('/f', 10, 'user:bob'));
    await limit(store, principal('user:bob'), bytesMax(10));
    await put(store, record('/f', 4));
    t.strictSame(await store.quotas.used(principal('user:bob')), { bytes: 0, files: 0 });
    await put(store, record('/g', 10, 'user:bob'));
  });

  rule('a commit keeps room for both of its ends', async (t, store) => {
    await limit(store, TEAM, bytesMax(10));
    const hidden = await begun(store, record('/team/f', 8), { visibility: 'hidden' });
    await t.rejects(put(store, record('/team/g', 3)), QuotaExceeded);
    await store.files.finishCommit([hidden]);
    t.strictSame(await store.quotas.used(TEAM), { bytes: 8, files: 1 });
    const smaller = await begun(store, record('/team/f', 1));
    await t.rejects(put(store, record('/team/g', 3)), QuotaExceeded, 'the old one may come back');
    await store.files.abandonCommit([smaller]);
    t.strictSame(await store.quotas.used(TEAM), { bytes: 8, files: 1 });
    await put(store, record('/team/f', 1));
    await put(store, record('/team/g', 9));
  });

  rule('a move into a folder needs room there, from when it is journaled', async (t, store) => {
    await put(store, record('/a/f', 6));
    await put(store, record('/b/f', 6));
    await limit(store, TEAM, bytesMax(10));
    const first = moveOf('/a/', '/team/a/');
    await store.moves.beginMove(first);
    await t.rejects(store.moves.beginMove(moveOf('/b/', '/team/b/')), QuotaExceeded);
    await t.rejects(put(store, record('/team/g', 5)), QuotaExceeded);
    await store.moves.finishMove(first);
    t.strictSame(await store.quotas.used(TEAM), { bytes: 6, files: 1 });
    const within = moveOf('/team/a/', '/team/c/');
    await store.moves.beginMove(within);
    await store.moves.abandonMove(within);
    t.strictSame(await store.quotas.used(TEAM), { bytes: 6, files: 1 }, 'within the folder nothing is added');
    await limit(store, path('/x/y/'), filesMax(0));
    await put(store, record('/b/y/f', 1));
    await t.rejects(store.moves.beginMove(moveOf('/b/', '/x/')), QuotaExceeded, 'nor below the target');
  });

  rule('a removal releases, and what is reconciled counts and is never refused', async (t, store) => {
    await limit(store, TEAM, filesMax(1));
    const found = ['/team/a', '/team/b'].map((on) => ({
      path: path(on),
      from: undefined,
      to: record(on, 5),
    }));
    t.equal((await store.files.reconcile(found)).length, 2);
    t.strictSame(await store.quotas.used(TEAM), { bytes: 10, files: 2 });
    for (const on of ['/team/a', '/team/b']) {
      const removal = { partial: `removal ${on}`, path: path(on) };
      await store.files.beginRemoval(removal);
      await store.files.finishRemoval(removal);
    }
    t.strictSame(await store.quotas.used(ALICE), { bytes: 0, files: 0 });
    await put(store, record('/team/c', 5));
  });

  rule('quotas are listed in order, and one that is removed holds no more', async (t, store) => {
    for (const subject of [ALICE, TEAM, path('/a/')]) await limit(store, subject, filesMax(0));
    t.strictSame(
      (await store.quotas.quotas()).map(({ subject }) => subject),
      ['/a/', '/team/', 'user:alice'],
    );
    t.equal(await store.quotas.removeQuota(ALICE), true);
    t.equal(await store.quotas.removeQuota(TEAM), true);
    t.equal(await store.quotas.removeQuota(TEAM), false);
    await put(store, record('/team/f', 5));
    t.equal(await store.quotas.quota(TEAM), undefined);
  });

  rule('of fifty for the last places, exactly as many come in as fit', async (t, store) => {
    await limit(store, TEAM, { bytesMax: 35, filesMax: 100 });
    const tries = Array.from({ length: 50 }, (_, i) => put(store, record(`/team/${i}`, 5)));
    const outcomes = await Promise.allSettled(tries);
    t.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 7);
    t.strictSame(await store.quotas.used(TEAM), { bytes: 35, files: 7 });
  });

  rule('after any operations the counters are a recount, and no quota is passed', async (t, store) => {
    await fc.assert(
      fc.asyncProperty(fc.array(STEP, { maxLength: 40 }), async (steps) => {
        await empty(store);
        for (const subject of SUBJECTS) await limit(store, subject, { bytesMax: 60, filesMax: 6 });
        for (const step of steps) await carryOut(store, step);
        await checkCounts(t.strictSame, store);
      }),
      { numRuns: 60 },
    );
  });
}

const PATHS = ['/a/f', '/a/g', '/a/b/f', '/a/b/g', '/c/f', '/f'];
const OWNERS = ['user:alice', 'user:bob', ''];
const SUBJECTS = [ALICE, principal('user:bob'), path('/'), path('/a/'), path('/a/b/'), path('/c/')];

const STEP = fc.oneof(
  fc.record({
    kind: fc.constantFrom('put' as const, 'given-up' as const),
    path: fc.constantFrom(...PATHS),
    owner: fc.constantFrom(...OWNERS),
    bytes: fc.integer({ min: 0, max: 30 }),
    visibility: fc.constantFrom('at-once' as const, 'hidden' as const),
  }),
  fc.record({ kind: fc.constant('remove' as const), path: fc.constantFrom(...PATHS) }),
  fc.record({ kind: fc.constant('forget' as const), path: fc.constantFrom('/a/', '/a/b/') }),
  fc.record({
    kind: fc.constantFrom('move' as const, 'move-given-up' as const),
    path: fc.constantFrom(
      '/a/b/ /c/',
      '/c/ /a/b/',
      '/a/b/ /d/',
      '/d/ /a/b/',
      '/c/ /a/c/',
      '/a/ /e/',
      '/e/ /a/',
    ),
  }),
);
type Step = typeof STEP extends fc.Arbitrary<infer T> ? T : never;

async function carryOut(store: Store, step: Step): Promise<void> {
  try {
    await attempt(store, step);
  } catch (error) {
    if (!(error instanceof QuotaExceeded)) throw error;
  }
}

async function attempt(store: Store, step: Step): Promise<void> {
  switch (step.kind) {
    case 'put':
    case 'given-up': {
      const { visibility } = step;
      const entry = await begun(store, record(step.path, step.bytes, step.owner), { visibility });
      if (step.kind === 'put') await store.files.finishCommit([entry]);
      else await store.files.abandonCommit([entry]);
      return;
    }
    case 'remove': {
      const removal = { partial: `removal ${step.path}`, path: path(step.path) };
      await store.files.beginRemoval(removal);
      return store.files.finishRemoval(removal);
    }
    case 'forget':
      await store.tree.forgetFolder(path(step.path));
      return;
    default: {
      const [from = '', to = ''] = step.path.split(' ');
      const entry = moveOf(from, to);
      await store.moves.beginMove(entry);
      if (step.kind === 'move') await store.moves.finishMove(entry);
      else await store.moves.abandonMove(entry);
    }
  }
}

async function checkCounts(same: (a: unknown, b: unknown) => void, store: Store): Promise<void> {
  const records = await store.files.records({ folder: path('/'), max: 1_000 });
  for (const subject of SUBJECTS) {
    const counted = records.filter(({ path: on, owner }) => owner === subject || on.startsWith(subject));
    const bytes = counted.reduce((sum, one) => sum + one.bytes, 0);
    same(await store.quotas.used(subject), { bytes, files: counted.length });
    same([bytes <= 60, counted.length <= 6], [true, true]);
  }
  same(await store.quotas.recount(), []);
}

async function empty(store: Store): Promise<void> {
  await store.tree.forgetFolder(path('/'));
}
