/**
 * The contract's rules on setting and removing grants: one effect for each (principal, path, action), ids that
 * are given once, windows kept to the millisecond, removals that take what was selected.
 */

import { ACTIONS, type Action } from '../../src/acl/action.js';
import type { Effect } from '../../src/acl/grant.js';
import type { Rule } from './contract-rule.js';
import { all, draft, draftOn, entry, loadedOn, path, principal } from './given.js';

/** [notBefore, expiresAt], UTC milliseconds. */
const WINDOWS: readonly (readonly [number | undefined, number | undefined])[] = [
  [undefined, undefined],
  [1_700_000_000_123, undefined],
  [undefined, 1_700_000_000_124],
  [1_700_000_000_123, 1_700_000_000_124],
  [0, 1],
  [-1, 0],
  [2 ** 31 - 1, 2 ** 31],
  [2 ** 32 + 1, 8_640_000_000_000_000],
];

const GIVEN = [
  'user:bob read /team/',
  'user:bob write /team/',
  'user:bob deny manage /team/',
  'user:bob read /team/plan.pdf',
  'user:eve read /team/',
  'group:eng read /team/',
  'anyone deny read /team/',
];

/** What is selected on /team/, and the lines of GIVEN that go. */
const REMOVALS: readonly (readonly [string, string, readonly Action[], Effect, readonly number[]])[] = [
  ['one action', 'user:bob', ['read'], 'allow', [0]],
  ['several actions, in the order asked', 'user:bob', ['write', 'read'], 'allow', [1, 0]],
  ['allows, never denies', 'user:bob', ACTIONS, 'allow', [0, 1]],
  ['denies, never allows', 'user:bob', ACTIONS, 'deny', [2]],
  ['an action that is denied, as an allow', 'user:bob', ['manage'], 'allow', []],
  ['an action that is allowed, as a deny', 'user:bob', ['read'], 'deny', []],
  ['no action', 'user:bob', [], 'allow', []],
  ['another user', 'user:eve', ACTIONS, 'allow', [4]],
  ['a group', 'group:eng', ACTIONS, 'allow', [5]],
  ['a principal without a name', 'anyone', ACTIONS, 'deny', [6]],
  ['nobody that has grants', 'authenticated', ACTIONS, 'allow', []],
];

export function grantsContract(rule: Rule): void {
  rule('a grant is stored as it was given, with an id above 0', async (t, store) => {
    const given = draft('user:bob deny write /team/ from 1000 until 2000');
    const { value } = await store.acl.putGrants([given]);
    t.strictSame(value, [{ ...given, id: value[0]?.id }]);
    t.ok((value[0]?.id ?? 0) > 0);
    t.strictSame(await store.acl.grantsOn([given.path]), value);
    t.strictSame(await store.acl.grantsOf([given.principal]), value);
    t.strictSame(await all(store.acl.allGrants()), value);
    t.strictSame(await loadedOn(store, '/team/'), value);
  });

  rule('setting a grant again replaces its effect and window and keeps its id', async (t, store) => {
    const first = await store.acl.putGrants([draft('user:bob read /team/ from 1000 until 2000')]);
    const again = await store.acl.putGrants([draft('user:bob deny read /team/')]);
    t.equal(again.value[0]?.id, first.value[0]?.id);
    t.strictSame(await loadedOn(store, '/team/'), again.value, 'the old window is gone too');
    t.equal((await all(store.acl.allGrants())).length, 1);
  });

  rule('another principal, path or action is another grant', async (t, store) => {
    const lines = ['user:bob read /a/', 'user:eve read /a/', 'user:bob read /b/', 'user:bob write /a/'];
    const { value } = await store.acl.putGrants(lines.map(draft));
    t.equal(new Set(value.map((grant) => grant.id)).size, lines.length);
    t.equal((await all(store.acl.allGrants())).length, lines.length);
  });

  rule('grants set by one call are answered in the order of their drafts', async (t, store) => {
    const lines = ['user:bob write /b', 'user:bob read /a', 'user:bob manage /c'];
    const { value } = await store.acl.putGrants(lines.map(draft));
    t.strictSame(
      value.map(({ id: _, ...rest }) => rest),
      lines.map(draft),
    );
  });

  rule('the same grant twice in one call is one grant, and the later draft stands', async (t, store) => {
    const { value } = await store.acl.putGrants([
      draft('user:bob read /a until 1'),
      draft('user:bob read /a until 2'),
    ]);
    t.equal(value[0]?.id, value[1]?.id);
    t.strictSame(await loadedOn(store, '/a'), [value[1]]);
  });

  rule('the id of a removed grant is never given again', async (t, store) => {
    const given = draft('user:bob read /a');
    const ids: (number | undefined)[] = [];
    for (let i = 0; i < 5; i++) {
      ids.push((await store.acl.putGrants([given])).value[0]?.id);
      await store.acl.removeGrants({ ...given, actions: ['read'] });
    }
    t.equal(new Set(ids).size, 5, ids.join(' '));
  });

  rule('the id of a grant that went with its file is never given again', async (t, store) => {
    const first = await store.acl.putGrants([draft('user:bob read /a')]);
    await store.files.beginRemoval({ partial: 'p', path: path('/a') });
    const next = await store.acl.putGrants([draft('user:eve read /b')]);
    t.not(next.value[0]?.id, first.value[0]?.id);
  });

  rule('a grant that a commit sets has an id that nothing else gets', async (t, store) => {
    await store.files.beginCommit([entry('p', '/a', 'at-once', ['user:bob read /a', 'user:eve read /a'])]);
    await store.acl.putGrants([draft('user:bob read /b')]);
    await store.files.beginCommit([entry('q', '/c', 'hidden', ['user:bob read /c'])]);
    await store.acl.putGrants([draft('user:bob read /d')]);
    await store.files.finishCommit([entry('q', '/c', 'hidden', ['user:bob read /c'])]);
    const ids = (await all(store.acl.allGrants())).map((grant) => grant.id);
    t.equal(new Set(ids).size, 5, ids.join(' '));
  });

  rule('a window is kept to the millisecond, open ends included', async (t, store) => {
    for (const [i, [notBefore, expiresAt]] of WINDOWS.entries()) {
      const given = draftOn(`/${i}`, { notBefore, expiresAt });
      const { value } = await store.acl.putGrants([given]);
      t.strictSame(value, [{ ...given, id: value[0]?.id }], `${notBefore} to ${expiresAt}`);
      t.strictSame(await loadedOn(store, `/${i}`), value, 'loaded');
      t.strictSame(await store.acl.grantsOn([path(`/${i}`)]), value, 'listed');
    }
  });

  for (const [says, who, actions, effect, gone] of REMOVALS) {
    rule(`a removal answers with what it took and leaves the rest: ${says}`, async (t, store) => {
      const { value } = await store.acl.putGrants(GIVEN.map(draft));
      const selection = { principal: principal(who), path: path('/team/'), actions, effect };
      const removed = await store.acl.removeGrants(selection);
      t.strictSame(
        removed.value,
        gone.map((i) => value[i]),
      );
      const left = (await all(store.acl.allGrants())).map((grant) => grant.id);
      const kept = value.filter((_, i) => !gone.includes(i)).map((grant) => grant.id);
      t.strictSame(new Set(left), new Set(kept));
    });
  }

  rule('a removal on a path takes nothing from the paths below it or above it', async (t, store) => {
    const lines = ['user:bob read /', 'user:bob read /team/', 'user:bob read /team/plan.pdf'];
    const { value } = await store.acl.putGrants(lines.map(draft));
    await store.acl.removeGrants({ ...draft('user:bob read /team/'), actions: ACTIONS });
    t.strictSame(await all(store.acl.allGrants()), [value[0], value[2]]);
  });
}
