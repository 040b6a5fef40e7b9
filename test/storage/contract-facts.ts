/**
 * The contract's rules on a load: what it answers with, in which order, and what it says was touched since a
 * revision that the caller knows.
 */

import type { Rule } from './contract-rule.js';
import { batchesOf, draft, load, path, principal } from './given.js';

const BOB = principal('user:bob');
const ENG = principal('group:eng');

export function factsContract(rule: Rule): void {
  rule(
    'a load answers with its paths in the order asked, also those that nobody was granted',
    async (t, store) => {
      const { value } = await store.acl.putGrants([draft('user:bob read /a/'), draft('user:bob read /a/b')]);
      const loaded = await load(store, { paths: ['/a/b', '/none', '/a/', '/'].map(path) });
      t.strictSame(loaded.paths, [
        { path: '/a/b', grants: new Map([[BOB, [value[1]]]]), committing: false, expiresAt: undefined },
        { path: '/none', grants: new Map(), committing: false, expiresAt: undefined },
        { path: '/a/', grants: new Map([[BOB, [value[0]]]]), committing: false, expiresAt: undefined },
        { path: '/', grants: new Map(), committing: false, expiresAt: undefined },
      ]);
    },
  );

  rule('a load finds all grants on a path by their principal', async (t, store) => {
    const lines = [
      'user:bob read /a',
      'anyone deny write /a',
      'user:bob deny manage /a',
      'group:eng read /a',
    ];
    const { value } = await store.acl.putGrants(lines.map(draft));
    const { paths } = await load(store, { paths: [path('/a')] });
    const grants = paths[0]?.grants;
    t.equal(grants?.size, 3);
    t.strictSame(new Set(grants?.get(BOB)), new Set([value[0], value[2]]));
    t.strictSame(grants?.get(ENG), [value[3]]);
    t.strictSame(grants?.get(principal('anyone')), [value[1]]);
  });

  rule('a load takes nothing from the folders around a path', async (t, store) => {
    await store.acl.putGrants(['user:bob read /', 'user:bob read /a/', 'user:bob read /a/b/c'].map(draft));
    const { paths } = await load(store, { paths: [path('/a/b')] });
    t.equal(paths[0]?.grants.size, 0);
  });

  rule('a load tells the standing of a user only when it is asked for one', async (t, store) => {
    await store.acl.suspend(BOB);
    t.equal((await load(store)).standing, undefined);
    t.strictSame((await load(store, { user: BOB })).standing, { groups: [], suspended: true });
  });

  rule('since the revision of now, nothing was touched', async (t, store) => {
    await store.acl.putGrants([draft('user:bob read /a')]);
    const { revision, generation } = await load(store);
    t.strictSame((await load(store, { since: revision, generation })).touched, []);
  });

  rule('since an earlier revision, all that was touched after it is named, each once', async (t, store) => {
    const { generation } = await load(store);
    const { revision: first } = await store.acl.putGrants([draft('user:bob read /before')]);
    const { revision: second } = await store.acl.putGrants([draft('user:bob read /a')]);
    await store.acl.addMember(ENG, BOB);
    await store.acl.putGrants([draft('user:eve read /a')]);
    await store.acl.suspend(BOB);
    const sinceFirst = await load(store, { since: first, generation });
    t.strictSame([...sinceFirst.touched].sort(), ['/a', 'user:bob']);
    const sinceSecond = await load(store, { since: second, generation });
    t.strictSame([...sinceSecond.touched].sort(), ['/a', 'user:bob'], 'touched again');
    const sinceStart = await load(store, { since: 0, generation });
    t.strictSame([...sinceStart.touched].sort(), ['/a', '/before', 'user:bob']);
  });

  rule('an import among the changes since then makes it all, and not after it', async (t, store) => {
    const { generation } = await load(store);
    const { revision: before } = await store.acl.putGrants([draft('user:bob read /a')]);
    const { revision: imported } = await store.acl.importGrants(batchesOf([draft('user:bob read /b')]));
    await store.acl.putGrants([draft('user:bob read /c')]);
    t.equal((await load(store, { since: before, generation })).touched, 'all');
    t.strictSame((await load(store, { since: imported, generation })).touched, ['/c']);
  });

  rule('who knows another generation, or none, is told that all was touched', async (t, store) => {
    await store.acl.putGrants([draft('user:bob read /a')]);
    const { revision, generation } = await load(store);
    t.equal((await load(store, { since: revision, generation: generation - 1 })).touched, 'all');
    t.equal((await load(store, { since: revision, generation: generation + 1 })).touched, 'all');
    t.equal((await load(store, { since: -1, generation: -1 })).touched, 'all');
  });

  rule('who knows a revision that never was is told that all was touched', async (t, store) => {
    const { revision } = await store.acl.putGrants([draft('user:bob read /a')]);
    const { generation } = await load(store);
    t.equal((await load(store, { since: revision + 1, generation })).touched, 'all');
  });

  rule('the generation stays whatever is written', async (t, store) => {
    const { generation } = await load(store);
    await store.acl.putGrants([draft('user:bob read /a')]);
    await store.acl.importGrants(batchesOf([draft('user:bob read /b')]));
    t.equal((await load(store)).generation, generation);
  });

  rule('what a load answered with stays as it was, whatever is written later', async (t, store) => {
    const { value } = await store.acl.putGrants([draft('user:bob read /a')]);
    await store.acl.addMember(ENG, BOB);
    const loaded = await load(store, { paths: [path('/a')], user: BOB });
    await store.acl.putGrants([draft('user:bob deny read /a'), draft('user:eve read /a')]);
    await store.acl.removeMember(ENG, BOB);
    t.strictSame(loaded.paths[0]?.grants, new Map([[BOB, [value[0]]]]));
    t.strictSame(loaded.standing, { groups: [ENG], suspended: false });
  });
}
