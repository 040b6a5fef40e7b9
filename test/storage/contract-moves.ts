/**
 * The contract's rules on moves: what comes along, what goes, what stays, what is hidden meanwhile, what is logged, and
 * that nothing beside the two paths is touched.
 */

import type { Store } from '../../src/acl/ports.js';
import type { MoveEntry } from '../../src/acl/tree-ports.js';
import type { Rule } from './contract-rule.js';
import { all, draft, entry, load, loadedOn, path, touchedBy } from './given.js';
import { linkRecord } from './given-links.js';

const FILE = { bytes: 10, modifiedSeconds: 1_700_000_000 };

export function move(from: string, to: string, more: Partial<MoveEntry> = {}): MoveEntry {
  const file = from.endsWith('/') ? undefined : FILE;
  return { name: 'm', from: path(from), to: path(to), grants: 'keep', file, ...more };
}

async function recorded(store: Store, ...paths: readonly string[]): Promise<void> {
  const entries = paths.map((on) => entry(`of ${on}`, on, 'at-once'));
  await store.files.beginCommit(entries);
  await store.files.finishCommit(entries);
}

const grant = (store: Store, ...lines: readonly string[]) => store.acl.putGrants(lines.map(draft));

/** `user:bob read /a`, with `deny` where it is one. */
async function lines(store: Store): Promise<readonly string[]> {
  const grants = await all(store.acl.allGrants());
  return grants.map(({ principal, effect, action, path: on }) =>
    [principal, ...(effect === 'deny' ? [effect] : []), action, on].join(' '),
  );
}

async function carriedOut(store: Store, ...wanted: Parameters<typeof move>) {
  const entry = move(...wanted);
  await store.moves.beginMove(entry);
  return store.moves.finishMove(entry);
}

const committing = async (store: Store, ...paths: readonly string[]) =>
  (await load(store, { paths: paths.map(path) })).paths.map((facts) => facts.committing);

export function movesContract(rule: Rule): void {
  rule('a file takes its record, its grants with their ids, and its links', async (t, store) => {
    await recorded(store, '/a', '/ab');
    const { value } = await grant(store, 'user:bob read /a', 'user:eve deny read /a from 1 until 2');
    await store.shareLinks.addLink(linkRecord('one', { path: path('/a') }));
    const { value: counts } = await carriedOut(store, '/a', '/b');
    t.strictSame(counts, { files: 1, grants: 2, dropped: 0, links: 1 });
    t.equal(await store.files.file(path('/a')), undefined);
    t.match(await store.files.file(path('/b')), { path: '/b', bytes: 10, updatedAt: 1_700_000_000_000 });
    t.strictSame(await loadedOn(store, '/a'), []);
    t.strictSame(
      await loadedOn(store, '/b'),
      value.map((one) => ({ ...one, path: path('/b') })),
    );
    t.equal((await store.shareLinks.link('one'))?.path, '/b');
  });

  rule('a folder takes all below it, and nothing of like names', async (t, store) => {
    const others = ['/team', '/team0', '/teams/a', '/Team/a', '/team-/a', '/te/am/a', '/'];
    const inside = ['/team/', '/team/a', '/team/ü/b', '/team/a/', '/team/0'];
    await recorded(store, '/team/a', '/team/ü/b', '/teams/a', '/team0');
    await grant(store, ...[...others, ...inside].map((on) => `user:bob read ${on}`));
    const { value } = await carriedOut(store, '/team/', '/x/arch/');
    t.strictSame(value, { files: 2, grants: 5, dropped: 0, links: 0 });
    const expected = [...others, '/x/arch/', '/x/arch/a', '/x/arch/ü/b', '/x/arch/a/', '/x/arch/0'];
    t.strictSame([...(await lines(store))].sort(), expected.map((on) => `user:bob read ${on}`).sort());
    t.match(await store.files.file(path('/x/arch/ü/b')), { bytes: 10, updatedAt: 1_700_000_000_123 });
    t.equal(await store.files.file(path('/team/ü/b')), undefined);
    t.match(await store.files.file(path('/teams/a')), { path: '/teams/a' });
  });

  rule('what was allowed on the target goes, what is denied there stays', async (t, store) => {
    await recorded(store, '/a', '/b');
    await grant(store, 'user:bob read /a', 'user:old read /b', 'group:old write /b', 'user:eve deny read /b');
    const { value } = await carriedOut(store, '/a', '/b');
    t.strictSame(value, { files: 1, grants: 1, dropped: 2, links: 0 });
    t.strictSame(await lines(store), ['user:bob read /b', 'user:eve deny read /b']);
  });

  rule('a standing deny stays before what comes, and covers the time of both denies', async (t, store) => {
    await grant(store, 'user:eve read /a', 'user:bob deny read /a from 5 until 9', 'user:ann deny read /a');
    const standing = ['user:eve deny read /b', 'user:bob deny read /b from 1 until 7'];
    await grant(store, ...standing, 'user:ann deny read /b until 7');
    await carriedOut(store, '/a', '/b');
    t.strictSame(await lines(store), [
      'user:ann deny read /b',
      'user:bob deny read /b',
      'user:eve deny read /b',
    ]);
    t.match(
      (await loadedOn(store, '/b')).map(({ notBefore, expiresAt }) => [notBefore, expiresAt]),
      [
        [undefined, undefined],
        [1, 9],
        [undefined, undefined],
      ],
    );
  });

  rule('dropped grants are allows of the source alone; the target keeps its own', async (t, store) => {
    await recorded(store, '/a/x', '/b/x');
    await grant(store, 'user:bob read /a/x', 'user:eve deny read /a/x', 'user:bob write /a/');
    await grant(store, 'user:ann read /b/x', 'user:eve deny write /b/x');
    const { value } = await carriedOut(store, '/a/x', '/b/x', { grants: 'drop' });
    t.strictSame(value, { files: 1, grants: 0, dropped: 1, links: 0 });
    t.strictSame(await lines(store), [
      'user:bob write /a/',
      'user:eve deny read /a/x',
      'user:ann read /b/x',
      'user:eve deny write /b/x',
    ]);
  });

  rule(
    'both paths are committing from the beginning to the end, a folder for all below it',
    async (t, store) => {
      const file = move('/a', '/b');
      await store.moves.beginMove(file);
      t.strictSame(await committing(store, '/a', '/b', '/', '/a/', '/ab'), [true, true, false, false, false]);
      t.strictSame(await store.moves.moves(), [file]);
      await store.moves.finishMove(file);
      t.strictSame(await committing(store, '/a', '/b'), [false, false]);
      const folder = move('/c/', '/d/');
      await store.moves.beginMove(folder);
      t.strictSame(await committing(store, '/c/', '/d/', '/c', '/'), [true, true, false, false]);
      await store.moves.abandonMove(folder);
      t.strictSame(await committing(store, '/c/', '/d/'), [false, false]);
      t.strictSame(await store.moves.moves(), []);
    },
  );

  rule('one that is given up leaves all as it was', async (t, store) => {
    await recorded(store, '/a', '/b');
    await grant(store, 'user:bob read /a', 'user:ann read /b');
    const before = [
      await lines(store),
      await store.files.file(path('/a')),
      await store.files.file(path('/b')),
    ];
    await store.moves.beginMove(move('/a', '/b'));
    await store.moves.abandonMove(move('/a', '/b'));
    t.strictSame(
      [await lines(store), await store.files.file(path('/a')), await store.files.file(path('/b'))],
      before,
    );
  });

  rule('finished twice, or after it was given up, it changes nothing', async (t, store) => {
    await recorded(store, '/a');
    await carriedOut(store, '/a', '/b');
    await recorded(store, '/a');
    await grant(store, 'user:bob read /a');
    const { revision } = await grant(store);
    const again = await store.moves.finishMove(move('/a', '/b'));
    t.strictSame(again, { revision, value: { files: 0, grants: 0, dropped: 0, links: 0 } });
    t.strictSame(await lines(store), ['user:bob read /a']);
  });

  rule('nothing else may begin where one is under way', async (t, store) => {
    await store.moves.beginMove(move('/a/', '/b/'));
    const busy = { name: 'NotKnown', code: 'committing' };
    for (const on of ['/a/x', '/b/x/y']) {
      await t.rejects(store.files.beginCommit([entry('p', on, 'at-once')]), busy);
      await t.rejects(store.files.beginRemoval({ partial: 'r', path: path(on) }), busy);
    }
    const others = [move('/a/x', '/c'), move('/c', '/b/x'), move('/c/', '/a/'), move('/a/x/', '/d/')];
    for (const other of others) {
      await t.rejects(store.moves.beginMove({ ...other, name: 'n' }), busy, `${other.from} to ${other.to}`);
    }
    t.strictSame(await store.files.pending(), { commits: [], removals: [] });
    await store.files.beginCommit([entry('p', '/ab', 'at-once')]);
    await store.moves.beginMove({ ...move('/aa/', '/bb/'), name: 'n' });
  });

  rule(
    'none may begin where a commit is under way; a removal that is left is forgotten',
    async (t, store) => {
      await store.files.beginCommit([entry('p', '/a/x', 'at-once')]);
      const busy = { name: 'NotKnown', code: 'committing' };
      await t.rejects(store.moves.beginMove(move('/a/', '/b/')), busy);
      await t.rejects(store.moves.beginMove(move('/c', '/a/x')), busy);
      t.strictSame(await store.moves.moves(), []);
      for (const on of ['/c/x', '/d/x', '/e/x']) {
        await store.files.beginRemoval({ partial: on, path: path(on) });
      }
      await store.moves.beginMove(move('/c/', '/d/'));
      t.strictSame((await store.files.pending()).removals, [{ partial: '/e/x', path: path('/e/x') }]);
    },
  );

  rule('the change log names both paths, old and new ones of grants, and links', async (t, store) => {
    await recorded(store, '/a/plain');
    await grant(store, 'user:bob read /a/x', 'user:ann read /b/gone', 'user:ann read /c');
    await store.shareLinks.addLink(linkRecord('one', { path: path('/a/plain') }));
    const entry = move('/a/', '/b/');
    t.strictSame(await touchedBy(store, () => store.moves.beginMove(entry)), ['/a/', '/b/']);
    const touched = await touchedBy(store, () => store.moves.finishMove(entry));
    for (const key of ['/a/', '/b/', '/a/x', '/b/x', '/b/gone', 'link:one']) t.ok(touched.includes(key), key);
    t.notOk(touched.includes('/c'));
  });

  rule('one comes back from the journal as it was given', async (t, store) => {
    const odd = move('/a \'"%/', '/é😀/', { grants: 'drop' });
    await store.moves.beginMove(odd);
    t.strictSame(await store.moves.moves(), [odd]);
  });
}
