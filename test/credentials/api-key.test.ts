/**
 * API keys: where they may stand, when they count and to the millisecond when no longer, what is no key of ours,
 * and what a failure costs. Over a real store in memory and the authorizer's own reader.
 */

import t, { type Test } from 'tap';
import type { ApiKeyRecord } from '../../src/acl/ports.js';
import { ApiKeys } from '../../src/credentials/api-key.js';
import { hashApiKey, isApiKeyText, newApiKey } from '../../src/credentials/api-key-text.js';
import { Credentials } from '../../src/credentials/credential.js';
import { Failures } from '../../src/credentials/failures.js';
import type { Presented } from '../../src/credentials/presented.js';
import { CachedReader } from '../../src/storage/cached-reader.js';
import { openMemoryStore } from '../../src/storage/memory/memory-store.js';
import { path, principal } from '../acl/given.js';
import { basic, presented } from './presenting.js';

const NOW = 1_700_000_000_123;
const SCOPE = { action: 'read', path: path('/team/') } as const;
const LIMITS = { addressMax: 3, userMax: 2 };

function keyring(t: Test) {
  const store = openMemoryStore();
  t.teardown(() => store.close());
  const used: (readonly [id: string, at: number])[] = [];
  let now = NOW;
  let elapsed = 0;
  const kind = new ApiKeys({
    reader: new CachedReader(store.facts, { bytesMax: 1024 * 1024 }),
    failures: new Failures(LIMITS, () => elapsed),
    clock: () => now,
    onUse: (id, at) => used.push([id, at]),
  });
  const credentials = new Credentials([kind]);
  return {
    used,
    at: (instant: number) => {
      now = instant;
    },
    pass: (milliseconds: number) => {
      elapsed += milliseconds;
    },
    make: async (user = 'user:alice', more: Partial<ApiKeyRecord> = {}) => {
      const { text, id, hash } = newApiKey();
      const record = { createdAt: NOW, expiresAt: undefined, lastUsedAt: undefined, note: '' };
      const key = { id, hash, user: principal(user), scope: SCOPE, ...record, ...more };
      await store.credentials.addApiKey(key);
      return { text, id };
    },
    revoke: (id: string) => store.credentials.removeApiKey(id),
    recognise: (parts: Partial<Presented>) => kind.recognise(presented(parts)),
    identify: (parts: Partial<Presented>) => credentials.identify(presented(parts)),
  };
}

t.test('a new key is lk_ and 256 random bits, and its hash is SHA-256', async (t) => {
  const made = Array.from({ length: 100 }, newApiKey);
  for (const { id, text, hash } of made) {
    t.ok(isApiKeyText(text));
    t.equal(Buffer.from(text.slice(3), 'base64url').length, 32);
    t.match(id, /^[0-9a-f]{12}$/);
    t.equal(hash, hashApiKey(text));
  }
  t.equal(new Set(made.map(({ text }) => text)).size, made.length);
  t.equal(
    hashApiKey('abc'),
    'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    'FIPS 180-4, B.1',
  );
});

t.test('a good key is its user, within its scope, wherever it stands', async (t) => {
  const { make, recognise, used } = keyring(t);
  const { text, id } = await make();
  const subject = { authenticated: true, user: 'user:alice', groups: [], scope: SCOPE };
  const places: readonly (readonly [name: string, parts: Partial<Presented>, ambient: boolean])[] = [
    ['X-Api-Key', { apiKey: text }, false],
    ['Bearer', { authorization: `Bearer ${text}` }, false],
    ['bearer, in lower case, with spaces', { authorization: `bearer   ${text}` }, false],
    ['Basic, which browsers send by themselves', { authorization: basic('alice', text) }, true],
    ['BASIC', { authorization: basic('alice', text).replace('Basic', 'BASIC') }, true],
    ['X-Api-Key before a bad bearer', { apiKey: text, authorization: 'Bearer lk_no' }, false],
    [
      'a bearer beside another program’s X-Api-Key',
      { apiKey: 'theirs', authorization: `Bearer ${text}` },
      false,
    ],
  ];
  for (const [name, parts, ambient] of places) {
    t.strictSame(recognise(parts), { subject, failure: undefined, ambient }, name);
  }
  t.same(
    used,
    places.map(() => [id, NOW]),
  );
});

t.test('the user name of Basic must be the key’s', async (t) => {
  const { make, recognise } = keyring(t);
  const { text } = await make('user:Zoë');
  const wrong = ['zoë', 'Zoe', 'user:Zoë', '', ' Zoë', 'bob'];
  for (const [i, user] of wrong.entries()) {
    const found = recognise({ authorization: basic(user, text), address: `192.0.2.${i}` });
    t.equal(found, 'invalid', JSON.stringify(user));
  }
  t.match(recognise({ authorization: basic('Zoë', text) }), { subject: { user: 'user:Zoë' } });
  const prefixed = await make('user:oidc:alice');
  t.match(
    recognise({ authorization: basic('oidc:alice', prefixed.text) }),
    { failure: undefined },
    'a colon',
  );
});

t.test('what is not a key of ours is left to others, and costs nothing', async (t) => {
  const { recognise, identify } = keyring(t);
  const absent: readonly (readonly [string, Partial<Presented>])[] = [
    ['nothing', {}],
    ['an empty X-Api-Key', { apiKey: '' }],
    ['an X-Api-Key of another program', { apiKey: 'AIzaSyD-1234567890' }],
    ['an access token', { authorization: 'Bearer a.b.c' }],
    ['the site’s own Basic', { authorization: basic('alice', 'her password') }],
    ['Basic without a colon', { authorization: `Basic ${Buffer.from('lk_x').toString('base64')}` }],
    ['Basic that is no Base64', { authorization: 'Basic ????' }],
    ['Basic of 2 KB', { authorization: basic('alice', `lk_${'x'.repeat(2000)}`) }],
    ['another scheme', { authorization: 'Digest lk_x' }],
    ['a key without a scheme', { authorization: newApiKey().text }],
  ];
  for (const [name, parts] of absent) {
    for (let i = 0; i <= LIMITS.addressMax + 1; i++) {
      t.equal(recognise({ address: '192.0.2.1', ...parts }), 'absent', name);
    }
  }
  t.match(identify({}), { failure: undefined }, 'nothing came');
  t.match(
    identify({ apiKey: 'AIzaSyD' }),
    { failure: 'invalid' },
    'it proves nothing, and the answer says so',
  );
});

t.test('a malformed or unknown key proves nothing', async (t) => {
  const { make, recognise, used } = keyring(t);
  const { text } = await make();
  const bad = [
    'lk_',
    text.slice(0, -1),
    `${text}A`,
    `${text} `,
    `${text}\n`,
    ` ${text}`.slice(1, -1),
    text.replace('lk_', 'LK_'),
    `lk_${'?'.repeat(43)}`,
    `lk_${'é'.repeat(43)}`,
    newApiKey().text,
    `${text},${text}`,
    `lk_${'A'.repeat(7000)}`,
  ];
  for (const [i, key] of bad.entries()) {
    const expected = key.startsWith('lk_') ? 'invalid' : 'absent';
    t.equal(recognise({ apiKey: key, address: `192.0.2.${i}` }), expected, JSON.stringify(key.slice(0, 60)));
  }
  t.same(used, []);
});

t.test('a key ends to the millisecond, and when it is revoked', async (t) => {
  const { make, recognise, at, revoke } = keyring(t);
  const { text, id } = await make('user:alice', { expiresAt: NOW + 1000 });
  const outcomes = [NOW, NOW + 999, NOW + 1000, NOW + 1001].map((instant) => {
    at(instant);
    const found = recognise({ apiKey: text });
    return typeof found === 'string' ? found : 'good';
  });
  t.same(outcomes, ['good', 'good', 'invalid', 'invalid']);
  at(NOW);
  t.match(recognise({ apiKey: text }), { subject: { user: 'user:alice' } });
  await revoke(id);
  t.equal(recognise({ apiKey: text }), 'invalid');
});

t.test('failures from one address are limited; a key that was good before is not', async (t) => {
  const { make, recognise, pass, used } = keyring(t);
  const [known, unknown] = [await make(), await make()];
  const address = '192.0.2.7';
  recognise({ apiKey: known.text, address });
  const tried = Array.from({ length: 5 }, () => recognise({ apiKey: newApiKey().text, address }));
  t.same(tried, ['invalid', 'invalid', 'invalid', 'limited', 'limited']);
  t.match(recognise({ apiKey: known.text, address }), { failure: undefined }, 'who is in stays in');
  t.equal(recognise({ apiKey: unknown.text, address }), 'limited', 'a new one from there has to wait');
  t.match(recognise({ apiKey: unknown.text, address: '192.0.2.8' }), { failure: undefined }, 'not elsewhere');
  t.match(recognise({ apiKey: unknown.text, address }), { failure: undefined }, 'and now it is known');
  pass(60_000);
  t.equal(recognise({ apiKey: newApiKey().text, address }), 'invalid', 'a minute later it is looked at');
  t.equal(used.length, 4);
});

t.test('failures that name a user are answered with a wait, and keep no key of that user out', async (t) => {
  const { make, recognise } = keyring(t);
  const { text } = await make();
  const tried = Array.from({ length: 4 }, (_, i) =>
    recognise({ authorization: basic('alice', newApiKey().text), address: `192.0.2.${i}` }),
  );
  t.same(tried, ['invalid', 'invalid', 'limited', 'limited'], 'from four addresses');
  t.match(recognise({ authorization: basic('alice', text), address: '192.0.2.9' }), { failure: undefined });
});

t.test('malformed keys count, though nothing is looked up for them', async (t) => {
  const { recognise } = keyring(t);
  const tried = Array.from({ length: 5 }, () => recognise({ apiKey: 'lk_no', address: '192.0.2.1' }));
  t.same(tried, ['invalid', 'invalid', 'invalid', 'limited', 'limited']);
});
