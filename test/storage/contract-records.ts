/** The contract's rules on records as they are listed and mended, for `fsck` and `adopt`. */

import type { FileRecord, Store } from '../../src/acl/ports.js';
import { ROOT } from '../../src/acl/resource-path.js';
import { move } from './contract-moves.js';
import type { Rule } from './contract-rule.js';
import { all, draft, entry, path, principal } from './given.js';

/** In the order of their UTF-8 bytes; UTF-16 units, a collation or a part-wise comparison would order otherwise. */
const IN_BYTE_ORDER = ['/ ', '/a', '/a b', '/a.b', '/a/b', '/a/é', '/aa', '/é', '/ｚ', '/😀'];
const SHUFFLED = [
  ...IN_BYTE_ORDER.filter((_, i) => i % 2 === 1),
  ...IN_BYTE_ORDER.filter((_, i) => i % 2 === 0),
];

function record(on: string, bytes = 10): FileRecord {
  return { path: path(on), owner: principal('user:owner'), bytes, updatedAt: 1_700_000_000_000 };
}

const added = (on: string) => ({ path: path(on), from: undefined, to: record(on) });

const pathsOf = async ({ files }: Store, folder: string, max: number, after?: string) => {
  const page = { folder: path(folder), max, after: after === undefined ? undefined : path(after) };
  return (await files.records(page)).map((one) => one.path as string);
};

export function recordsContract(rule: Rule): void {
  rule('records come in the byte order of their paths, in pages', async (t, store) => {
    await store.files.reconcile(SHUFFLED.map(added));
    t.strictSame(await pathsOf(store, '/', 100), IN_BYTE_ORDER);
    const listed: string[] = [];
    for (;;) {
      const page = await pathsOf(store, '/', 3, listed.at(-1));
      if (page.length === 0) break;
      listed.push(...page);
    }
    t.strictSame(listed, IN_BYTE_ORDER);
  });

  rule('records below a folder are its own, and no other', async (t, store) => {
    await store.files.reconcile(['/t', '/t-', '/t/a', '/t/b/c', '/t0', '/T/a', '/ta'].map(added));
    t.strictSame(await pathsOf(store, '/t/', 100), ['/t/a', '/t/b/c']);
    t.strictSame(await pathsOf(store, '/t/', 100, '/t/a'), ['/t/b/c']);
    t.strictSame(await pathsOf(store, '/none/', 100), []);
  });

  rule('a listed record is as it was given', async (t, store) => {
    const given = [
      { path: path('/a'), owner: undefined, bytes: 0, updatedAt: 0 },
      { ...record('/b', 2 ** 52 + 1), owner: principal('user:é') },
    ];
    await store.files.reconcile(given.map((to) => ({ path: to.path, from: undefined, to })));
    t.strictSame(await store.files.records({ folder: ROOT, max: 10 }), given);
  });

  rule('no record is mended that is being moved, and no other is left', async (t, store) => {
    const [inside, target, beside] = [added('/from/a'), added('/to/b'), added('/fromage')];
    await store.moves.beginMove(move('/from/', '/to/'));
    t.strictSame(await store.files.reconcile([inside, target, beside]), [beside]);
    await store.moves.abandonMove(move('/from/', '/to/'));
    t.strictSame(await store.files.reconcile([inside, target]), [inside, target]);
  });

  rule('a record is mended where it is as it was found, and nowhere else', async (t, store) => {
    const [stands, other] = [record('/stands'), record('/other')];
    await store.files.reconcile([added('/stands'), added('/other')]);
    const good = [
      { path: path('/stands'), from: stands, to: record('/stands', 99) },
      { path: path('/other'), from: other, to: undefined },
    ];
    const late = [
      { path: path('/stands'), from: stands, to: undefined },
      { path: path('/other'), from: other, to: record('/other', 7) },
    ];
    for (const odd of [{ owner: undefined }, { bytes: 11 }, { updatedAt: 1 }]) {
      const changes = [{ path: path('/stands'), from: { ...stands, ...odd }, to: undefined }];
      t.strictSame(await store.files.reconcile(changes), []);
    }
    t.strictSame(await store.files.reconcile([added('/stands')]), [], 'what is there is not added');
    t.strictSame(await store.files.reconcile(good), good);
    t.strictSame(await store.files.reconcile(late), []);
    t.strictSame(await store.files.records({ folder: ROOT, max: 10 }), [record('/stands', 99)]);
  });

  rule('nothing is mended that a commit or a removal is about to change', async (t, store) => {
    const hidden = entry('p', '/hidden', 'hidden');
    const atOnce = entry('q', '/at-once', 'at-once');
    await store.files.reconcile([added('/hidden'), added('/removed')]);
    await store.files.beginCommit([hidden, atOnce]);
    await store.files.beginRemoval({ partial: 'r', path: path('/removed') });
    const before = await store.files.records({ folder: ROOT, max: 10 });
    const changes = [
      { path: path('/hidden'), from: record('/hidden'), to: undefined },
      { path: path('/at-once'), from: atOnce.file, to: undefined },
      added('/removed'),
    ];
    t.strictSame(await store.files.reconcile(changes), []);
    t.strictSame(await store.files.records({ folder: ROOT, max: 10 }), before);
    await store.files.finishCommit([hidden, atOnce]);
    await store.files.finishRemoval({ partial: 'r', path: path('/removed') });
    t.equal(
      (await store.files.reconcile(changes)).length,
      2,
      'afterwards it is, where it is as it was found',
    );
  });

  rule('mending takes no revision', async (t, store) => {
    const before = await store.acl.revision();
    await store.files.reconcile([added('/a')]);
    t.equal(await store.acl.revision(), before);
  });

  rule('grants of a folder are those on it and below it', async (t, store) => {
    const paths = ['/', '/t', '/t-', '/t/', '/t/a', '/t/b/', '/t0', '/T/a'];
    await store.acl.putGrants(paths.map((on) => draft(`user:bob read ${on}`)));
    const listed = async (folder: string) =>
      (await all(store.acl.allGrants(path(folder)))).map((grant) => grant.path as string);
    t.strictSame(await listed('/t/'), ['/t/', '/t/a', '/t/b/']);
    t.strictSame(await listed('/'), ['/', '/T/a', '/t', '/t-', '/t/', '/t/a', '/t/b/', '/t0']);
  });
}
