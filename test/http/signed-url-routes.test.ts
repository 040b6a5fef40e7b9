/** `POST /_latchkey/api/v1/signed-urls/revoke`: who may take what back, and what the store knows when the answer is there. */

import t from 'tap';
import { SIGNED_URLS } from '../../src/acl/ports.js';
import { load } from '../storage/given.js';
import { API, token } from './asking-files.js';
import { type FilesScene, filesScene } from './files-scene.js';

const URL = `${API}/signed-urls/revoke`;

const said = ({ ask }: FilesScene, user: string | undefined, body: unknown) =>
  ask('POST', URL, {
    headers: {
      'content-type': 'application/json',
      ...(user !== undefined && { authorization: `Bearer ${token(user)}` }),
    },
    body: JSON.stringify(body),
  });

t.test('what is taken back is in the store when the answer is there', async (t) => {
  const given = await filesScene(t);
  await given.grant('user:alice manage /team/');
  const revoked = async () => (await load(given.store, { credential: SIGNED_URLS })).credential?.revokedUrls;
  const byId = await said(given, 'root', { id: 'abc' });
  t.strictSame([byId.status, Object.keys(JSON.parse(byId.text))], [200, ['revision']]);
  t.ok((await revoked())?.ids.has('abc'));
  const byPath = await said(given, 'alice', { path: '/team/plan.pdf' });
  t.match(JSON.parse(byPath.text), { generation: 1 });
  t.equal((await revoked())?.generations.get('/team/plan.pdf'), 1);
  const before = Date.now();
  const byKey = await said(given, 'root', { keyId: 'k1' });
  const { countsAgainFrom } = JSON.parse(byKey.text) as { countsAgainFrom: string };
  t.ok(Date.parse(countsAgainFrom) > before + 60_000);
  t.equal((await revoked())?.keys.get('k1'), Date.parse(countsAgainFrom) / 1000 - 1);
});

t.test('whoever may not is refused, and nothing is taken back', async (t) => {
  const given = await filesScene(t);
  await given.grant('user:alice manage /team/');
  await given.grant('user:bob write /');
  const before = await given.store.acl.revision();
  for (const [user, body, status] of [
    [undefined, { id: 'abc' }, 401],
    ['alice', { id: 'abc' }, 403],
    ['alice', { keyId: 'k1' }, 403],
    ['alice', { path: '/' }, 403],
    ['alice', { path: '/other' }, 403],
    ['bob', { path: '/team/plan.pdf' }, 403],
    ['root', {}, 400],
    ['root', { id: 'abc', path: '/' }, 400],
    ['root', { id: 'a.b' }, 400],
    ['root', { id: '' }, 400],
    ['root', { keyId: 'x'.repeat(65) }, 400],
    ['root', { path: 'team' }, 400],
    ['root', { path: '/a//b' }, 400],
    ['root', { url: 'x' }, 400],
  ] as const) {
    const answer = await said(given, user, body);
    t.equal(answer.status, status, JSON.stringify([user, body]));
    t.equal((JSON.parse(answer.text) as { status: number }).status, status);
  }
  t.equal(await given.store.acl.revision(), before);
});
