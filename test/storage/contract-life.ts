/**
 * The contract's rules on the end of files: an expiry is a fact of its path and touches it, follows a move and not a
 * removal, and the trash holds what a removal took, until a commit brings it back.
 */

import type { Store } from '../../src/acl/ports.js';
import type { Rule } from './contract-rule.js';
import { draft, entry, load, loadedOn, path, principal, touchedBy } from './given.js';

const PLAN = path('/team/plan.pdf');
const OTHER = path('/team/other');
const BOB = principal('user:bob');
const ids = ['a', 'b', 'c'].map((one) => one.repeat(8));

const factOf = async (store: Store, on: string) =>
  (await load(store, { paths: [path(on)] })).paths[0]?.expiresAt;

const committed = async (store: Store, one: ReturnType<typeof entry>) => {
  await store.files.beginCommit([one]);
  await store.files.finishCommit([one]);
};

const trashing = (id: string, removedAt = 5) => ({ id, bytes: 7, removedAt, removedBy: BOB });

async function trashed(store: Store, on: string, id: string, removedAt?: number): Promise<void> {
  const removal = { partial: `removal ${on}`, path: path(on), trash: trashing(id, removedAt) };
  await store.files.beginRemoval(removal);
  await store.files.finishRemoval(removal);
}

export function lifeContract(rule: Rule): void {
  rule('an expiry is a fact of its path alone, and a change touches it', async (t, store) => {
    t.strictSame(await touchedBy(store, () => store.expiries.setExpiry(PLAN, 9)), [PLAN]);
    t.equal(await factOf(store, PLAN), 9);
    t.equal(await factOf(store, '/team/'), undefined);
    t.equal(await factOf(store, OTHER), undefined);
    t.strictSame(await store.expiries.expiriesOf([OTHER, PLAN]), new Map([[PLAN, 9]]));
    t.strictSame(await touchedBy(store, () => store.expiries.setExpiry(PLAN, 9)), [], 'the same again');
    t.equal((await store.expiries.setExpiry(PLAN, undefined)).value, true);
    t.equal(await factOf(store, PLAN), undefined);
  });

  rule('those whose instant has come, the earliest first, up to a number', async (t, store) => {
    for (const [on, at] of [
      ['/b', 3],
      ['/c', 2],
      ['/a', 3],
      ['/d', 4],
    ] as const) {
      await store.expiries.setExpiry(path(on), at);
    }
    t.strictSame(await store.expiries.expired(3, 9), ['/c', '/a', '/b']);
    t.strictSame(await store.expiries.expired(3, 2), ['/c', '/a']);
    t.strictSame(await store.expiries.expired(1, 9), []);
  });

  rule('a commit sets the expiry that it brings, and clears it where it brings none', async (t, store) => {
    await committed(store, { ...entry('p', PLAN, 'hidden'), expiresAt: 9 });
    t.equal(await factOf(store, PLAN), 9);
    const next = entry('q', PLAN, 'hidden');
    await store.files.beginCommit([next]);
    t.equal(await factOf(store, PLAN), 9, 'not before the rename');
    await store.files.finishCommit([next]);
    t.equal(await factOf(store, PLAN), undefined);
  });

  rule('a removal keeps the expiry until the bytes are gone', async (t, store) => {
    await store.expiries.setExpiry(PLAN, 9);
    const removal = { partial: 'r', path: PLAN };
    await store.files.beginRemoval(removal);
    t.equal(await factOf(store, PLAN), 9);
    t.strictSame(await touchedBy(store, () => store.files.finishRemoval(removal)), [PLAN]);
    t.equal(await factOf(store, PLAN), undefined);
    await store.expiries.setExpiry(PLAN, 8);
    await store.files.finishRemoval(removal);
    t.equal(await factOf(store, PLAN), 8, 'finished again, it takes nothing');
  });

  rule('a move carries expiries, over what the target had', async (t, store) => {
    await store.expiries.setExpiry(path('/team/plan.pdf'), 9);
    await store.expiries.setExpiry(path('/new/old'), 7);
    const move = {
      name: 'm',
      from: path('/team/'),
      to: path('/new/'),
      grants: 'keep',
      file: undefined,
    } as const;
    await store.moves.beginMove(move);
    await t.rejects(store.expiries.setExpiry(PLAN, 1), { code: 'committing' });
    const touched = await touchedBy(store, () => store.moves.finishMove(move));
    for (const on of ['/team/plan.pdf', '/new/plan.pdf', '/new/old']) t.ok(touched.includes(on), on);
    t.equal(await factOf(store, '/new/plan.pdf'), 9);
    t.equal(await factOf(store, '/new/old'), undefined);
    t.equal(await factOf(store, PLAN), undefined);
  });

  rule('a folder that is forgotten takes its expiries along', async (t, store) => {
    await store.expiries.setExpiry(PLAN, 9);
    t.strictSame(await touchedBy(store, () => store.tree.forgetFolder(path('/team/'))), [PLAN]);
    t.equal(await factOf(store, PLAN), undefined);
  });

  rule('the trash has the record and all grants, as they were when the removal began', async (t, store) => {
    await committed(store, {
      ...entry('p', PLAN, 'hidden', ['user:bob read /team/plan.pdf', 'user:eve deny read /team/plan.pdf']),
      expiresAt: 9,
    });
    const [id = ''] = ids;
    const removal = { partial: 'r', path: PLAN, trash: trashing(id) };
    await store.files.beginRemoval(removal);
    t.strictSame((await store.files.pending()).removals, [removal]);
    const file = await store.trash.trashed(id);
    t.match(file, { ...trashing(id), path: PLAN, expiresAt: 9 });
    t.strictSame(
      [...(file?.grants ?? [])].sort((a, b) => (a.principal < b.principal ? -1 : 1)),
      ['user:bob read /team/plan.pdf', 'user:eve deny read /team/plan.pdf'].map(draft),
    );
    t.equal(await store.files.file(PLAN), undefined);
    t.strictSame(
      (await loadedOn(store, PLAN)).map(({ effect }) => effect),
      ['deny'],
    );
  });

  rule('the trash is listed by folder, the latest first, in pages', async (t, store) => {
    const [a = '', b = '', c = ''] = ids;
    await trashed(store, '/team/x', a, 1);
    await trashed(store, '/team/y', b, 2);
    await trashed(store, '/teams/z', c, 2);
    const found = async (folder: string, max: number, before?: { id: string; removedAt: number }) =>
      (await store.trash.trash({ folder: path(folder), max, before })).map(({ id }) => id);
    t.strictSame(await found('/', 9), [c, b, a]);
    t.strictSame(await found('/team/', 9), [b, a]);
    t.strictSame(await found('/', 1), [c]);
    t.strictSame(await found('/', 9, { id: c, removedAt: 2 }), [b, a]);
    t.strictSame(
      (await store.trash.oldestTrash(2)).map(({ id }) => id),
      [a, b],
    );
    t.equal(await store.trash.trashBytes(), 21);
    await store.trash.forgetTrash([a, b]);
    t.strictSame(await found('/', 9), [c]);
    t.equal(await store.trash.trashBytes(), 7);
  });

  rule(
    'a restored file leaves the trash when its commit is finished, and not when it is given up',
    async (t, store) => {
      const [id = ''] = ids;
      await trashed(store, PLAN, id);
      const restore = { ...entry('p', PLAN, 'at-once'), trashId: id };
      await store.files.beginCommit([restore]);
      t.ok(await store.trash.trashed(id), 'it is journaled');
      t.strictSame((await store.files.pending()).commits, [restore]);
      await store.files.abandonCommit([restore]);
      t.ok(await store.trash.trashed(id), 'it was given up');
      await committed(store, restore);
      t.equal(await store.trash.trashed(id), undefined);
    },
  );

  rule(
    'the grants of a restored file come past no deny that stands when it is finished',
    async (t, store) => {
      const [id = ''] = ids;
      await trashed(store, PLAN, id);
      const lines = [`user:bob read ${PLAN}`, `user:ann read ${PLAN}`];
      const restore = { ...entry('p', PLAN, 'hidden', lines), trashId: id };
      await store.files.beginCommit([restore]);
      await store.acl.putGrants([draft(`user:bob deny read ${PLAN}`)]);
      await store.files.finishCommit([restore]);
      const effects = new Map((await loadedOn(store, PLAN)).map((one) => [one.principal, one.effect]));
      t.strictSame([effects.get(BOB), effects.get(principal('user:ann'))], ['deny', 'allow']);
    },
  );

  rule(
    'grants that came along with a copy come past no deny that stands when it is finished',
    async (t, store) => {
      const lines = [`user:bob read ${PLAN}`, `user:ann read ${PLAN}`];
      for (const visibility of ['hidden', 'at-once'] as const) {
        const copied = { ...entry(visibility, PLAN, visibility, lines), standingDenies: 'kept' as const };
        if (visibility === 'hidden') await store.files.beginCommit([copied]);
        await store.acl.putGrants([draft(`user:bob deny read ${PLAN}`)]);
        if (visibility === 'at-once') await store.files.beginCommit([copied]);
        t.strictSame((await store.files.pending()).commits, [copied]);
        await store.files.finishCommit([copied]);
        const effects = new Map((await loadedOn(store, PLAN)).map((one) => [one.principal, one.effect]));
        t.strictSame([effects.get(BOB), effects.get(principal('user:ann'))], ['deny', 'allow'], visibility);
      }
    },
  );
}
