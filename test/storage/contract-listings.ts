/**
 * The contract's rules on listings of grants: their order is that of UTF-8 bytes, in every store, and a
 * listing under way is in nobody's way.
 */

import type { Rule } from './contract-rule.js';
import { all, draft, draftOn, path, principal } from './given.js';

/** In the order of their UTF-8 bytes. UTF-16 units, a collation or case folding would each order otherwise. */
const IN_BYTE_ORDER = [' ', '%', 'A', 'B', 'Z', '_', 'a', 'a ', 'a/', 'aa', 'é', 'ｚ', '😀'];

const SHUFFLED = [...IN_BYTE_ORDER.filter((_, i) => i % 2 === 1), ...IN_BYTE_ORDER].reverse();

export function listingsContract(rule: Rule): void {
  rule('all grants come in the byte order of their paths', async (t, store) => {
    await store.acl.putGrants(SHUFFLED.map((name) => draftOn(`/${name}`)));
    const listed = (await all(store.acl.allGrants())).map((grant) => grant.path.slice(1));
    t.strictSame(listed, IN_BYTE_ORDER);
  });

  rule('all grants on one path come in the byte order of their principals', async (t, store) => {
    const users = SHUFFLED.map((name) => principal(`user:${name}`));
    await store.acl.putGrants(users.map((who) => draftOn('/a', { principal: who })));
    const listed = (await all(store.acl.allGrants())).map((grant) => grant.principal.slice(5));
    t.strictSame(listed, IN_BYTE_ORDER);
  });

  rule('a path comes before a longer one whatever their principals are called', async (t, store) => {
    await store.acl.putGrants(['user:a read /a/b', 'user:z read /a/', 'user:z read /a'].map(draft));
    const listed = (await all(store.acl.allGrants())).map((grant) => grant.path);
    t.strictSame(listed, ['/a', '/a/', '/a/b']);
  });

  rule("one principal's grants on one path come in alphabetical order of action", async (t, store) => {
    await store.acl.putGrants(['user:bob write /a', 'user:bob read /a', 'user:bob manage /a'].map(draft));
    const actions = ['manage', 'read', 'write'];
    t.strictSame(
      (await all(store.acl.allGrants())).map((grant) => grant.action),
      actions,
    );
    t.strictSame(
      (await store.acl.grantsOn([path('/a')])).map((grant) => grant.action),
      actions,
    );
    t.strictSame(
      (await store.acl.grantsOf([principal('user:bob')])).map((grant) => grant.action),
      actions,
    );
  });

  rule('grants on paths come in the order of the paths asked, then of principals', async (t, store) => {
    const lines = ['user:eve read /a', 'user:bob read /a', 'user:bob read /b', 'user:bob read /c'];
    const { value } = await store.acl.putGrants(lines.map(draft));
    const listed = await store.acl.grantsOn([path('/b'), path('/none'), path('/a')]);
    t.strictSame(listed, [value[2], value[1], value[0]]);
  });

  rule('grants of principals come in the order of the principals asked, then of paths', async (t, store) => {
    const lines = ['user:eve read /a', 'user:bob read /b', 'user:bob read /a', 'group:eng read /a'];
    const { value } = await store.acl.putGrants(lines.map(draft));
    const asked = ['user:eve', 'user:none', 'user:bob'].map(principal);
    t.strictSame(await store.acl.grantsOf(asked), [value[0], value[2], value[1]]);
  });

  rule('asked for nothing, a listing is empty', async (t, store) => {
    await store.acl.putGrants([draft('user:bob read /a')]);
    t.strictSame(await store.acl.grantsOn([]), []);
    t.strictSame(await store.acl.grantsOf([]), []);
  });

  rule('a store without grants lists none', async (t, store) => {
    t.strictSame(await all(store.acl.allGrants()), []);
  });

  rule('grants can be written while all grants are being listed', async (t, store) => {
    const { value } = await store.acl.putGrants(
      ['user:bob read /b', 'user:bob read /c', 'user:bob read /d'].map(draft),
    );
    const listed = [];
    for await (const grant of store.acl.allGrants()) {
      if (listed.length === 0) await store.acl.putGrants([draft('user:bob read /a')]);
      listed.push(grant);
    }
    t.strictSame(listed, value);
  });

  rule('grants on a path can be read while all grants are being listed', async (t, store) => {
    const { value } = await store.acl.putGrants(['user:bob read /a', 'user:bob read /b'].map(draft));
    for await (const grant of store.acl.allGrants()) {
      t.strictSame(
        await store.acl.grantsOn([grant.path]),
        value.filter((one) => one.path === grant.path),
      );
    }
  });

  rule('a listing that is given up leaves the store as usable as before', async (t, store) => {
    await store.acl.putGrants(['user:bob read /a', 'user:bob read /b'].map(draft));
    for await (const grant of store.acl.allGrants()) {
      t.equal(grant.path, '/a');
      break;
    }
    await store.acl.putGrants([draft('user:bob read /c')]);
    t.equal((await all(store.acl.allGrants())).length, 3);
  });
}
