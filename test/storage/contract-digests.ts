/**
 * The contract's rules on the SHA-256 of files: one belongs to one version of a record, goes with it wherever that goes,
 * and is never met by another version.
 */

import type { StoredDigest } from '../../src/acl/digest-ports.js';
import type { Store } from '../../src/acl/ports.js';
import type { Rule } from './contract-rule.js';
import { entry, load, path } from './given.js';

const PLAN = path('/team/plan.pdf');
const NEW = path('/new/plan.pdf');
const [A, B] = ['a', 'b'].map((one) => one.repeat(64)) as [string, string];

const committed = async (store: Store, one: ReturnType<typeof entry>) => {
  await store.files.beginCommit([one]);
  await store.files.finishCommit([one]);
};
const sha256Of = async (store: Store, on: string = PLAN) =>
  (await store.digests.digestsOf([path(on)])).get(path(on))?.sha256;
const digestOf = ({ file }: ReturnType<typeof entry>, sha256 = A): StoredDigest => {
  return { path: file.path, bytes: file.bytes, updatedAt: file.updatedAt, sha256 };
};

/** A later version of the same path. */
const later = (name: string, more: Partial<ReturnType<typeof entry>['file']> = { updatedAt: 9 }) => {
  const plain = entry(name, PLAN, 'at-once');
  return { ...plain, file: { ...plain.file, ...more } };
};

export function digestsContract(rule: Rule): void {
  rule('a digest is stored for the version that its record is of, and for no other', async (t, store) => {
    const first = entry('p', PLAN, 'at-once');
    await committed(store, first);
    t.equal((await store.digests.digestsOf([PLAN, NEW])).size, 0, 'a commit alone stores none');
    const good = digestOf(first);
    const others = [
      { ...good, bytes: 11 },
      { ...good, updatedAt: good.updatedAt + 1 },
      { ...good, path: NEW },
    ];
    t.strictSame(await store.digests.putDigests(others), []);
    t.equal(await sha256Of(store), undefined);
    t.strictSame(await store.digests.putDigests([...others, good]), [good]);
    t.strictSame(await store.digests.digestsOf([NEW, PLAN]), new Map([[PLAN, good]]));
    t.strictSame(await store.digests.putDigests([digestOf(first, B)]), [digestOf(first, B)], 'again');
    t.equal(await sha256Of(store), B);
  });

  rule('it takes no revision, and touches nothing', async (t, store) => {
    const first = entry('p', PLAN, 'at-once');
    await committed(store, first);
    const { revision } = await load(store);
    await store.digests.putDigests([digestOf(first)]);
    t.equal((await load(store)).revision, revision);
  });

  rule('one that a commit brings is written with its record, hidden or not', async (t, store) => {
    for (const visibility of ['at-once', 'hidden'] as const) {
      const one = { ...later(visibility, { updatedAt: visibility.length }), visibility, sha256: A };
      await store.files.beginCommit([one]);
      t.equal(await sha256Of(store), visibility === 'hidden' ? undefined : A, visibility);
      t.strictSame((await store.files.pending()).commits, [one]);
      await store.files.finishCommit([one]);
      t.equal(await sha256Of(store), A);
      await committed(store, later('without', { updatedAt: 1 }));
    }
  });

  rule('a replacement drops it, though its record looks the same', async (t, store) => {
    for (const next of [later('q'), later('r', { bytes: 11 }), later('s', {})]) {
      const first = entry('p', PLAN, 'at-once');
      await committed(store, { ...first, sha256: A });
      await committed(store, next);
      t.equal(await sha256Of(store), undefined, next.partial);
      t.strictSame(await store.digests.putDigests([{ ...digestOf(first), bytes: 12 }]), []);
    }
  });

  rule('of a commit that was given up none is left', async (t, store) => {
    const first = entry('p', PLAN, 'at-once');
    await committed(store, { ...first, sha256: A });
    const second = { ...later('q'), replaces: first.file, sha256: B };
    await store.files.beginCommit([second]);
    await store.files.abandonCommit([second]);
    t.equal(await sha256Of(store), undefined, 'which of both stands is computed anew');
    const fresh = { ...entry('r', NEW, 'at-once'), sha256: A };
    await store.files.beginCommit([fresh]);
    await store.files.abandonCommit([fresh]);
    await committed(store, entry('r', NEW, 'at-once'));
    t.equal(await sha256Of(store, NEW), undefined);
  });

  rule('a removal drops it, and the next file of that name has none', async (t, store) => {
    const first = { ...entry('p', PLAN, 'at-once'), sha256: A };
    await committed(store, first);
    await store.files.beginRemoval({ partial: 'r', path: PLAN });
    await committed(store, entry('q', PLAN, 'at-once'));
    t.equal(await sha256Of(store), undefined, 'of the same second and size');
    await committed(store, { ...later('s'), sha256: A });
    await store.tree.forgetFolder(path('/team/'));
    await committed(store, later('u'));
    t.equal(await sha256Of(store), undefined, 'nor behind the removal of its folder');
  });

  rule('the trash has it, as the removal says it', async (t, store) => {
    await committed(store, entry('p', PLAN, 'at-once'));
    const trash = { id: 'i', bytes: 10, removedAt: 5, sha256: A };
    const removal = { partial: 'r', path: PLAN, trash };
    await store.files.beginRemoval(removal);
    t.strictSame((await store.files.pending()).removals, [removal]);
    t.equal((await store.trash.trashed('i'))?.sha256, A);
    await store.files.beginRemoval({ partial: 's', path: NEW, trash: { id: 'j', bytes: 1, removedAt: 5 } });
    t.notOk('sha256' in ((await store.trash.trashed('j')) ?? { sha256: A }));
  });

  rule('a move carries it, over what the target had', async (t, store) => {
    await committed(store, { ...entry('p', PLAN, 'at-once'), sha256: A });
    await committed(store, { ...entry('q', NEW, 'at-once'), sha256: B });
    await committed(store, { ...entry('o', '/new/old', 'at-once'), sha256: B });
    const folder = { name: 'm', from: path('/team/'), to: path('/new/'), grants: 'keep' } as const;
    await store.moves.beginMove({ ...folder, file: undefined });
    await store.moves.finishMove({ ...folder, file: undefined });
    t.strictSame([await sha256Of(store), await sha256Of(store, NEW)], [undefined, A]);
    await committed(store, entry('o', '/new/old', 'at-once'));
    t.equal(await sha256Of(store, '/new/old'), undefined);
    const to = path('/plan');
    const { bytes, updatedAt } = entry('p', PLAN, 'at-once').file;
    const same = { bytes, modifiedSeconds: Math.floor(updatedAt / 1000) };
    const renamed = { ...later('v', { updatedAt: same.modifiedSeconds * 1000 }), sha256: B };
    await committed(store, renamed);
    for (const [file, left] of [
      [same, B],
      [{ ...same, bytes: 11 }, undefined],
    ] as const) {
      const [from, at] = left === undefined ? [to, PLAN] : [PLAN, to];
      const move = { name: 'n', from, to: at, grants: 'drop', file } as const;
      await store.moves.beginMove(move);
      await store.moves.finishMove(move);
      t.equal(await sha256Of(store, at), left, 'the disk had another file than its record said');
    }
    const found = await store.files.file(PLAN);
    await store.files.reconcile([{ path: PLAN, from: found, to: found && { ...found, bytes } }]);
    t.equal(await sha256Of(store), undefined, 'nor when it looks as before again');
  });

  rule('a record that is mended drops it', async (t, store) => {
    const { file } = entry('p', PLAN, 'at-once');
    await committed(store, { ...entry('p', PLAN, 'at-once'), sha256: A });
    await store.files.reconcile([{ path: PLAN, from: file, to: { ...file, owner: undefined } }]);
    t.equal(await sha256Of(store), A, 'not for the sake of its owner');
    const changed = { ...file, owner: undefined, updatedAt: 7 };
    await store.files.reconcile([{ path: PLAN, from: { ...file, owner: undefined }, to: changed }]);
    t.equal(await sha256Of(store), undefined);
    await store.files.reconcile([{ path: PLAN, from: changed, to: file }]);
    t.equal(await sha256Of(store), undefined, 'nor when it looks as before again');
    await store.files.reconcile([{ path: PLAN, from: file, to: changed }]);
    await store.files.reconcile([{ path: PLAN, from: changed, to: undefined }]);
    await store.files.reconcile([{ path: PLAN, from: undefined, to: file }]);
    t.equal(await sha256Of(store), undefined);
  });
}
