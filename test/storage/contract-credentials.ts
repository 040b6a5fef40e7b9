/**
 * The contract's rules on API keys, sign-outs and ended credentials, and on what a load tells of them.
 */

import { type ApiKeyRecord, SESSION_MARK_MS } from '../../src/acl/ports.js';
import type { Rule } from './contract-rule.js';
import { load, path, principal, touchedBy } from './given.js';

const BOB = principal('user:bob');
const EVE = principal('user:eve');
const NOW = 1_700_000_000_123;

function apiKey(id: string, more: Partial<ApiKeyRecord> = {}): ApiKeyRecord {
  return {
    id,
    hash: `hash-of-${id}`,
    user: BOB,
    scope: { action: 'read', path: path('/team/') },
    createdAt: NOW,
    expiresAt: undefined,
    lastUsedAt: undefined,
    note: '',
    ...more,
  };
}

export function credentialsContract(rule: Rule): void {
  rule('an API key is found by the hash of the key, with its user, scope and end', async (t, store) => {
    const key = apiKey('k1', { expiresAt: NOW + 1, note: 'backup of the 张 "office"' });
    await store.credentials.addApiKey(key);
    const found = (await load(store, { credential: 'key:hash-of-k1' })).credential;
    t.match(found?.apiKey, { id: 'k1', user: BOB, scope: key.scope, expiresAt: NOW + 1 });
    t.strictSame(await store.credentials.apiKeys(), [key]);
    t.strictSame((await load(store, { credential: 'key:k1' })).credential, {}, 'and not by its id');
    t.strictSame((await load(store, { credential: 'token:hash-of-k1' })).credential, {});
  });

  rule('a key of an id or a hash that is there already is refused, and nothing changes', async (t, store) => {
    await store.credentials.addApiKey(apiKey('k1'));
    const { revision } = await load(store);
    await t.rejects(store.credentials.addApiKey(apiKey('k1', { hash: 'other' })));
    await t.rejects(store.credentials.addApiKey(apiKey('k2', { hash: 'hash-of-k1' })));
    t.strictSame(await store.credentials.apiKeys(), [apiKey('k1')]);
    t.equal((await load(store)).revision, revision);
  });

  rule('a removed key is found no more, and removing it again changes nothing', async (t, store) => {
    await store.credentials.addApiKey(apiKey('k1'));
    const touched = await touchedBy(store, async () => {
      t.strictSame((await store.credentials.removeApiKey('k1')).value, apiKey('k1'));
    });
    t.strictSame(touched, ['key:hash-of-k1']);
    t.strictSame((await load(store, { credential: 'key:hash-of-k1' })).credential, {});
    const { revision } = await load(store);
    t.equal((await store.credentials.removeApiKey('k1')).value, undefined);
    t.equal((await load(store)).revision, revision);
  });

  rule('keys are listed by user, then by age, then by id', async (t, store) => {
    const ordered = [
      apiKey('z', { createdAt: NOW - 1 }),
      apiKey('a'),
      apiKey('b'),
      apiKey('0', { user: EVE, createdAt: NOW - 9 }),
    ];
    for (const key of ordered.toReversed()) await store.credentials.addApiKey(key);
    t.strictSame(await store.credentials.apiKeys(), ordered);
    t.strictSame(await store.credentials.apiKeys(EVE), ordered.slice(3));
    t.strictSame(await store.credentials.apiKeys(principal('user:nobody')), []);
  });

  rule('a use is kept when it is later than the one before, and takes no revision', async (t, store) => {
    await store.credentials.addApiKey(apiKey('k1'));
    const { revision } = await load(store);
    for (const [at, kept] of [
      [NOW, NOW],
      [NOW - 1, NOW],
      [NOW + 1, NOW + 1],
    ] as const) {
      await store.usage.recordUses(
        new Map([
          ['k1', at],
          ['gone', at],
        ]),
      );
      t.equal((await store.credentials.apiKeys())[0]?.lastUsedAt, kept);
    }
    t.equal((await load(store)).revision, revision);
  });

  rule(
    'a sign-out is told with the standing, the latest counts, and it is nobody else’s',
    async (t, store) => {
      const touched = await touchedBy(store, () => store.credentials.signOut(BOB, NOW));
      t.strictSame(touched, [BOB]);
      const signedOutAt = async (user = BOB) => (await load(store, { user })).standing?.signedOutAt;
      t.equal(await signedOutAt(), NOW);
      t.equal(await signedOutAt(EVE), undefined);
      await store.credentials.signOut(BOB, NOW + 5);
      t.equal(await signedOutAt(), NOW + 5);
      await store.credentials.signOut(BOB, NOW + 1);
      t.equal(await signedOutAt(), NOW + 5, 'a clock that was set back brings nothing to life');
    },
  );

  rule('an ended token is known by its id alone, whatever is in the id', async (t, store) => {
    for (const id of ['a', 'A', 'session:a', '/a', 'user:bob', 'é\n"', 'x'.repeat(200)]) {
      const touched = await touchedBy(store, () => store.credentials.endToken(id, NOW));
      t.strictSame(touched, [`token:${id}`]);
      t.strictSame((await load(store, { credential: `token:${id}` })).credential, { endedAt: NOW });
      t.strictSame((await load(store, { credential: `token:${id}x` })).credential, {});
      t.strictSame((await load(store, { credential: `session:${id}` })).credential, {});
    }
  });

  rule('an ended session is remembered for a day, and the latest end counts', async (t, store) => {
    const ended = async (hash: string) =>
      (await load(store, { credential: `session:${hash}` })).credential?.endedAt;
    await store.credentials.endToken('old', NOW);
    t.strictSame(await touchedBy(store, () => store.credentials.endSession('s1', NOW)), ['session:s1']);
    await store.credentials.endSession('s1', NOW - 1);
    t.equal(await ended('s1'), NOW);
    await store.credentials.endSession('s2', NOW + SESSION_MARK_MS - 1);
    t.equal(await ended('s1'), NOW);
    await store.credentials.endSession('s3', NOW + SESSION_MARK_MS);
    t.strictSame([await ended('s1'), (await ended('s2')) !== undefined], [undefined, true]);
    t.strictSame(
      (await load(store, { credential: 'token:old' })).credential,
      { endedAt: NOW },
      'tokens stay',
    );
  });
}
