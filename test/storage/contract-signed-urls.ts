/** The contract's rules on what was taken back of signed URLs: it is told whole, and each write touches it. */

import type { Store } from '../../src/acl/ports.js';
import { SIGNED_URLS } from '../../src/acl/ports.js';
import type { Rule } from './contract-rule.js';
import { load, path, touchedBy } from './given.js';

async function revoked(store: Store) {
  const { credential } = await load(store, { credential: SIGNED_URLS });
  const { ids, generations, keys } = credential?.revokedUrls ?? {};
  return {
    ids: [...(ids ?? [])].sort(),
    generations: Object.fromEntries(generations ?? []),
    keys: Object.fromEntries(keys ?? []),
  };
}

export function signedUrlsContract(rule: Rule): void {
  rule('nothing is taken back at first, and that is known', async (t, store) => {
    t.strictSame(await revoked(store), { ids: [], generations: {}, keys: {} });
    t.ok((await load(store, { credential: SIGNED_URLS })).credential?.revokedUrls);
  });

  rule('each kind of revoke is told whole, and touches the same one thing', async (t, store) => {
    const writes = [
      () => store.signedUrls.revokeUrl('b', 0, 10),
      () => store.signedUrls.revokeUrl('a', 0, 10),
      () => store.signedUrls.raiseGeneration(path('/a')),
      () => store.signedUrls.raiseGeneration(path('/a')),
      () => store.signedUrls.raiseGeneration(path('/a/')),
      () => store.signedUrls.revokeUrlsOf('k', 5),
    ];
    for (const write of writes) t.strictSame(await touchedBy(store, write), [SIGNED_URLS]);
    t.strictSame(await revoked(store), {
      ids: ['a', 'b'],
      generations: { '/a': 2, '/a/': 1 },
      keys: { k: 5 },
    });
  });

  rule('an earlier second for a key, or an earlier end of a mark, changes nothing', async (t, store) => {
    await store.signedUrls.revokeUrlsOf('k', 5);
    await store.signedUrls.revokeUrlsOf('k', 4);
    await store.signedUrls.revokeUrl('a', 0, 10);
    await store.signedUrls.revokeUrl('a', 0, 5);
    await store.signedUrls.revokeUrl('b', 9, 20);
    t.strictSame(await revoked(store), { ids: ['a', 'b'], generations: {}, keys: { k: 5 } });
  });

  rule('a mark is forgotten with the first revoke after its end', async (t, store) => {
    await store.signedUrls.revokeUrl('a', 0, 10);
    await store.signedUrls.revokeUrl('b', 10, 20);
    t.strictSame((await revoked(store)).ids, ['b']);
  });
}
