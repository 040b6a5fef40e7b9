/**
 * The contract's rules on files and the journal: when a commit's row and grants are seen, what a hidden one
 * hides, what a removal takes, and what a crash would leave.
 */

import type { Rule } from './contract-rule.js';
import { all, draft, entry, load, loadedOn, path, principal } from './given.js';
import { observe } from './observed.js';

const PLAN = path('/team/plan.pdf');
const PATHS = ['/team/plan.pdf', '/team/', '/other.pdf'];

const isCommitting = async (store: Parameters<typeof load>[0], on: string) =>
  (await load(store, { paths: [path(on)] })).paths[0]?.committing;

export function filesContract(rule: Rule): void {
  rule('a path without a record has none', async (t, store) => {
    t.equal(await store.files.file(PLAN), undefined);
    t.strictSame(await store.files.pending(), { commits: [], removals: [] });
  });

  rule('a commit at once is seen with its grants as soon as it has begun', async (t, store) => {
    const commit = entry('p', PLAN, 'at-once', ['user:bob read /team/plan.pdf']);
    await store.files.beginCommit([commit]);
    t.strictSame(await store.files.file(PLAN), commit.file);
    t.equal((await loadedOn(store, PLAN)).length, 1);
    t.equal(await isCommitting(store, PLAN), false);
  });

  rule(
    'a commit at once stands in the journal until it is finished, and its record after',
    async (t, store) => {
      const commit = entry('p', PLAN, 'at-once', ['user:bob read /team/plan.pdf']);
      await store.files.beginCommit([commit]);
      t.strictSame(await store.files.pending(), { commits: [commit], removals: [] });
      await store.files.finishCommit([commit]);
      t.strictSame(await store.files.pending(), { commits: [], removals: [] });
      t.strictSame(await store.files.file(PLAN), commit.file);
    },
  );

  rule('a hidden commit keeps the old record and grants until it is finished', async (t, store) => {
    const old = entry('old', PLAN, 'at-once', ['user:bob read /team/plan.pdf']);
    await store.files.beginCommit([old]);
    await store.files.finishCommit([old]);
    const grants = await loadedOn(store, PLAN);
    const next = entry('next', PLAN, 'hidden', ['user:bob deny read /team/plan.pdf']);
    const hidden = { ...next, file: { ...next.file, bytes: 99 } };
    await store.files.beginCommit([hidden]);
    t.strictSame(await store.files.file(PLAN), old.file);
    t.strictSame(await loadedOn(store, PLAN), grants);
    await store.files.finishCommit([hidden]);
    t.strictSame(await store.files.file(PLAN), hidden.file);
    t.strictSame(await loadedOn(store, PLAN), [{ ...grants[0], effect: 'deny' }]);
  });

  rule('a path is committing from the beginning of a hidden commit to its end', async (t, store) => {
    const hidden = entry('p', PLAN, 'hidden');
    await store.files.beginCommit([hidden]);
    t.equal(await isCommitting(store, PLAN), true);
    t.strictSame(await store.files.pending(), { commits: [hidden], removals: [] });
    await store.files.finishCommit([hidden]);
    t.equal(await isCommitting(store, PLAN), false);
    t.strictSame(await store.files.pending(), { commits: [], removals: [] });
  });

  rule('no other path is committing with it', async (t, store) => {
    await store.files.beginCommit([entry('p', PLAN, 'hidden')]);
    for (const other of ['/', '/team/', '/team/plan.pdf.old', '/team/plan.pd', '/Team/plan.pdf']) {
      t.equal(await isCommitting(store, other), false, other);
    }
  });

  rule('a hidden commit that is given up leaves the record and grants that were there', async (t, store) => {
    const old = entry('old', PLAN, 'at-once', ['user:bob read /team/plan.pdf']);
    await store.files.beginCommit([old]);
    await store.files.finishCommit([old]);
    const { revision: _, loadedRevision: __, ...before } = await observe(store, PATHS, []);
    const hidden = entry('p', PLAN, 'hidden', ['user:eve read /team/plan.pdf']);
    await store.files.beginCommit([hidden]);
    await store.files.abandonCommit([hidden]);
    const { revision: ___, loadedRevision: ____, ...after } = await observe(store, PATHS, []);
    t.strictSame(after, before);
  });

  rule('a commit at once that is given up leaves the journal', async (t, store) => {
    const commit = entry('p', PLAN, 'at-once');
    await store.files.beginCommit([commit]);
    await store.files.abandonCommit([commit]);
    t.strictSame(await store.files.pending(), { commits: [], removals: [] });
  });

  rule(
    'a commit at once that is given up takes its record with it, and what it replaced is back',
    async (t, store) => {
      const first = entry('p', PLAN, 'at-once');
      await store.files.beginCommit([first]);
      await store.files.abandonCommit([first]);
      t.equal(await store.files.file(PLAN), undefined);
      await store.files.beginCommit([first]);
      await store.files.finishCommit([first]);
      const next = { ...entry('q', PLAN, 'at-once'), replaces: first.file };
      await store.files.beginCommit([{ ...next, file: { ...next.file, bytes: 99 } }]);
      await store.files.abandonCommit([next]);
      t.strictSame(await store.files.file(PLAN), first.file);
    },
  );

  rule('a path stays committing while one of its hidden commits is under way', async (t, store) => {
    const [one, other] = [entry('p', PLAN, 'hidden'), entry('q', PLAN, 'hidden')];
    await store.files.beginCommit([one]);
    await store.files.beginCommit([other]);
    await store.files.finishCommit([one]);
    t.equal(await isCommitting(store, PLAN), true);
    await store.files.abandonCommit([other]);
    t.equal(await isCommitting(store, PLAN), false);
  });

  rule('the files of one commit are each seen as they ask for', async (t, store) => {
    const entries = [
      entry('p', '/a', 'at-once', ['user:bob read /a']),
      entry('q', '/b', 'hidden', ['user:bob read /b']),
    ];
    const begun = await store.files.beginCommit(entries);
    t.strictSame((await all(store.acl.allGrants())).length, 1);
    t.strictSame([await isCommitting(store, '/a'), await isCommitting(store, '/b')], [false, true]);
    const finished = await store.files.finishCommit(entries);
    t.equal(finished.revision, begun.revision + 1);
    t.strictSame((await all(store.acl.allGrants())).length, 2);
    t.strictSame(await store.files.file(path('/b')), entries[1]?.file);
  });

  rule('a commit keeps the grants that it does not set', async (t, store) => {
    const lines = ['user:bob read /team/plan.pdf', 'user:eve deny read /team/plan.pdf'];
    const { value } = await store.acl.putGrants(lines.map(draft));
    await store.files.beginCommit([entry('p', PLAN, 'at-once')]);
    t.strictSame(await loadedOn(store, PLAN), value);
  });

  rule('a second commit under the name of a pending one is refused, whole', async (t, store) => {
    await store.files.beginCommit([entry('p', '/other.pdf', 'hidden')]);
    const before = await observe(store, PATHS, []);
    const second = [entry('q', '/team/', 'hidden'), entry('p', PLAN, 'at-once', ['user:bob read /team/'])];
    await t.rejects(store.files.beginCommit(second));
    t.strictSame(await observe(store, PATHS, []), before);
  });

  rule('a removal takes the record and the allows of its path and keeps the denies', async (t, store) => {
    const commit = entry('p', PLAN, 'at-once', [
      'user:bob read /team/plan.pdf',
      'user:bob deny manage /team/plan.pdf',
      'anyone manage /team/plan.pdf',
      'user:eve deny read /team/plan.pdf',
    ]);
    await store.files.beginCommit([commit]);
    const denies = (await loadedOn(store, PLAN)).filter((grant) => grant.effect === 'deny');
    await store.files.beginRemoval({ partial: 'r', path: PLAN });
    t.equal(await store.files.file(PLAN), undefined);
    t.equal(denies.length, 2);
    t.strictSame(await loadedOn(store, PLAN), denies);
  });

  rule('a removal takes nothing from any other path', async (t, store) => {
    const others = ['/', '/team/', '/team/plan.pdf.old', '/Team/plan.pdf', '/team/plan.pd'];
    await store.acl.putGrants(others.map((on) => draft(`user:bob read ${on}`)));
    const file = entry('p', '/team/plan.pdf.old', 'at-once');
    await store.files.beginCommit([file]);
    const before = await all(store.acl.allGrants());
    await store.files.beginRemoval({ partial: 'r', path: PLAN });
    t.strictSame(await all(store.acl.allGrants()), before);
    t.strictSame(await store.files.file(file.file.path), file.file);
  });

  rule('a removal stands in the journal until it is finished', async (t, store) => {
    const removal = { partial: 'r', path: PLAN };
    await store.files.beginRemoval(removal);
    t.strictSame(await store.files.pending(), { commits: [], removals: [removal] });
    await store.files.finishRemoval(removal);
    t.strictSame(await store.files.pending(), { commits: [], removals: [] });
  });

  rule('a removal may be begun again before it is finished, and stands once', async (t, store) => {
    const removal = { partial: 'r', path: PLAN };
    await store.files.beginRemoval(removal);
    const between = entry('p', '/other.pdf', 'at-once', ['user:bob read /team/plan.pdf']);
    await store.files.beginCommit([between]);
    await store.files.finishCommit([between]);
    await store.files.beginRemoval(removal);
    t.strictSame(await loadedOn(store, PLAN), [], 'and takes what was granted in between');
    t.strictSame(await store.files.pending(), { commits: [], removals: [removal] });
    await store.files.finishRemoval(removal);
    t.strictSame(await store.files.pending(), { commits: [], removals: [] });
  });

  rule('a commit forgets the pending removal of its path, and no other one', async (t, store) => {
    const other = { partial: 's', path: path('/other.pdf') };
    await store.files.beginRemoval({ partial: 'r', path: PLAN });
    await store.files.beginRemoval(other);
    const commit = entry('p', PLAN, 'hidden');
    await store.files.beginCommit([commit]);
    t.strictSame(await store.files.pending(), { commits: [commit], removals: [other] });
  });

  rule(
    'a pending commit comes back as it was given: no owner, odd names, open and closed windows',
    async (t, store) => {
      const odd = path(`/caf\u0065\u0301 "100%" '😀'.pdf`);
      const commit = {
        partial: 'p',
        file: { path: odd, owner: undefined, bytes: 2 ** 40, updatedAt: 1_700_000_000_123 },
        grants: [
          { ...draft('user:bob read /'), path: odd, principal: principal('user:"bob" \u00e9') },
          { ...draft('user:bob deny write / from 1 until 2'), path: odd },
        ],
        replaces: { path: odd, owner: undefined, bytes: 0, updatedAt: 1_600_000_000_123 },
        visibility: 'hidden' as const,
      };
      await store.files.beginCommit([commit]);
      t.strictSame((await store.files.pending()).commits, [commit]);
    },
  );

  rule('a record comes back as it was given, whatever its size and owner', async (t, store) => {
    const files = [
      { path: path('/empty'), owner: undefined, bytes: 0, updatedAt: 0 },
      { path: path('/huge'), owner: principal('user:é'), bytes: 2 ** 52 + 1, updatedAt: 1_700_000_000_123 },
    ];
    await store.files.beginCommit(
      files.map((file) => ({
        partial: file.path.slice(1),
        file,
        grants: [],
        replaces: undefined,
        visibility: 'at-once' as const,
      })),
    );
    for (const file of files) t.strictSame(await store.files.file(file.path), file);
  });
}
