/** The contract's rules on what is asked of a path and all below it: the boundary is exact, byte for byte. */

import type { Rule } from './contract-rule.js';
import { all, draft, draftOn, entry, path, principal, touchedBy } from './given.js';
import { linkRecord } from './given-links.js';

const INSIDE = ['/team/', '/team/a', '/team/b/', '/team/b/c'];
const OUTSIDE = ['/', '/team', '/team0', '/teams/a', '/Team/a', '/team-/a'];

export function treeContract(rule: Rule): void {
  rule('the size of a folder counts what is in it, and knows its longest path', async (t, store) => {
    t.strictSame(await store.tree.size(path('/team/')), { rows: 0, pathBytesMax: 0 });
    await store.acl.putGrants([...INSIDE, ...OUTSIDE].map((on) => draft(`user:bob read ${on}`)));
    await store.files.beginCommit(['/team/é', '/teams/aaaaaaaaaaaa'].map((on) => entry(on, on, 'at-once')));
    await store.shareLinks.addLink(linkRecord('one', { path: path('/team/b/a-link') }));
    t.strictSame(await store.tree.size(path('/team/')), { rows: 6, pathBytesMax: 14 });
    t.strictSame(await store.tree.size(path('/team/a')), { rows: 1, pathBytesMax: 7 });
  });

  rule('the paths with grants of their own come in order, a page at a time', async (t, store) => {
    const grants = [...INSIDE, ...OUTSIDE].map((on) => draft(`user:bob read ${on}`));
    await store.acl.putGrants([...grants, draft('anyone deny write /team/a')]);
    t.strictSame(await store.tree.grantedPaths(path('/team/'), 10), INSIDE);
    t.strictSame(await store.tree.grantedPaths(path('/team/'), 2), INSIDE.slice(0, 2));
    t.strictSame(await store.tree.grantedPaths(path('/team/'), 9, path('/team/a')), INSIDE.slice(2));
    t.strictSame(await store.tree.grantedPaths(path('/team'), 9), ['/team']);
  });

  rule('grants below a folder are those of the principals asked for, not its own', async (t, store) => {
    const grants = [...INSIDE, ...OUTSIDE].map((on) => draft(`user:bob read ${on}`));
    await store.acl.putGrants([
      ...grants,
      draft('group:eng deny read /team/a'),
      draft('user:eve read /team/a'),
    ]);
    const ask = async (max: number, ...who: readonly string[]) =>
      (await store.tree.grantsBelow({ folder: path('/team/'), principals: who.map(principal), max })).map(
        (one) => `${one.principal} ${one.effect} ${one.path}`,
      );
    t.strictSame(
      (await ask(99, 'user:bob', 'group:eng', 'anyone')).sort(),
      ['group:eng deny /team/a', ...INSIDE.slice(1).map((on) => `user:bob allow ${on}`)].sort(),
    );
    t.equal((await ask(2, 'user:bob')).length, 2);
    t.strictSame(await ask(99), []);
  });

  rule(
    'what is committing below a folder: hidden commits and moves, and nothing outside',
    async (t, store) => {
      await store.files.beginCommit([
        entry('p', '/team/a', 'hidden'),
        entry('q', '/team/b', 'at-once'),
        entry('r', '/teams/c', 'hidden'),
      ]);
      const [from, to] = [path('/x/'), path('/team/y/')];
      await store.moves.beginMove({ name: 'm', from, to, grants: 'keep', file: undefined });
      t.strictSame([...(await store.tree.committingBelow(path('/team/')))].sort(), ['/team/a', '/team/y/']);
      t.strictSame(await store.tree.committingBelow(path('/x/deep/')), ['/x/'], 'a folder above it, too');
    },
  );

  rule('the longest paths, which differ at their ends alone, are as others', async (t, store) => {
    const folder = `/${'😀'.repeat(60)}`.repeat(16);
    const [from, to] = [`${folder}/from/`, `${folder}/to/`];
    const name = 'n'.repeat(4_096 - Buffer.byteLength(from) - 1);
    const on = (range: string, end: string) => path(`${range}${name}${end}`);
    await store.quotas.setQuota({ subject: path(from), bytesMax: 20, filesMax: undefined });
    const entries = ['a', 'b'].map((end) => ({
      ...entry(end, on(from, end), 'hidden'),
      grants: [draftOn(on(from, end), { principal: principal(`user:${end}`) })],
      expiresAt: end === 'a' ? 7 : 8,
    }));
    await store.files.beginCommit(entries);
    await store.files.finishCommit(entries);
    t.strictSame(await store.quotas.used(path(from)), { bytes: 20, files: 2 });
    await t.rejects(store.files.beginCommit([entry('c', on(from, 'c'), 'hidden')]), {
      name: 'QuotaExceeded',
    });
    const moving = { name: 'm', from: path(from), to: path(to), grants: 'keep', file: undefined } as const;
    await store.moves.beginMove(moving);
    t.strictSame(await store.tree.committingBelow(path(from)), [from]);
    await store.moves.finishMove(moving);
    t.strictSame(await store.quotas.used(path(from)), { bytes: 0, files: 0 });
    t.strictSame(await store.tree.grantedPaths(path(to), 1, on(to, 'a')), [on(to, 'b')]);
    t.strictSame(await store.expiries.expiriesOf([on(to, 'b'), on(from, 'b')]), new Map([[on(to, 'b'), 8]]));
    await store.files.beginRemoval({ partial: 'r', path: on(to, 'a') });
    const left = await store.files.records({ folder: path('/'), after: on(to, 'a'), max: 9 });
    t.strictSame(
      left.map(({ path: at }) => at),
      [on(to, 'b')],
    );
    t.strictSame(await store.quotas.recount(), []);
  });

  rule('a folder that is forgotten loses its records and allows, and keeps its denies', async (t, store) => {
    const denies = ['user:eve deny read /team/', 'user:eve deny read /team/b/c'];
    await store.acl.putGrants([...INSIDE, ...OUTSIDE].map((on) => draft(`user:bob read ${on}`)));
    await store.acl.putGrants(denies.map(draft));
    const entries = ['/team/a', '/teams/a'].map((on) => entry(on, on, 'at-once'));
    await store.files.beginCommit(entries);
    await store.files.finishCommit(entries);
    const touched = await touchedBy(store, async () => {
      const { value } = await store.tree.forgetFolder(path('/team/'));
      t.equal(value, 5);
    });
    t.strictSame(touched, INSIDE);
    const left = (await all(store.acl.allGrants())).filter(({ path: on }) => on.startsWith('/team/'));
    t.strictSame(
      left.map(({ principal: who, path: on }) => `${who} ${on}`),
      ['user:eve /team/', 'user:eve /team/b/c'],
    );
    t.equal(await store.files.file(path('/team/a')), undefined);
    t.match(await store.files.file(path('/teams/a')), { bytes: 10 });
    t.equal((await store.tree.forgetFolder(path('/team/'))).value, 0);
  });
}
