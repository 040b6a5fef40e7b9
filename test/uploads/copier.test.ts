/** Copies of files with their grants: what may change while one is made, between its bytes and its commit. */

import t, { type Test } from 'tap';
import { Copier } from '../../src/uploads/copier.js';
import { draft, mayRead, partialsIn, path, put, type Scene, scene, served } from './given.js';

const PLAN = '/team/plan.txt';
const COPY = '/else/plan.txt';

async function withCopier(t: Test): Promise<Scene & { readonly copier: Copier }> {
  const given = await scene(t);
  const { root, store, committer, locks } = given;
  return { ...given, copier: new Copier({ root, acl: store.acl, committer, locks }) };
}

const KEPT = {
  from: path(PLAN),
  to: path(COPY),
  grants: 'keep',
  onConflict: 'replace',
  owner: undefined,
  bytesMax: undefined,
} as const;

t.test('a deny that is set at the target while a file is copied there stays', async (t) => {
  const given = await withCopier(t);
  await put(given, PLAN, 'text', ['user:bob read', 'user:ann read']);
  // The right is asked again when bytes and grants have been read, right before the commit.
  const authorise = async () => {
    await given.store.acl.putGrants([draft(`user:bob deny read ${COPY}`)]);
  };
  await given.copier.copy({ ...KEPT, authorise });
  t.equal(served(given.folder, COPY), 'text');
  t.equal(await mayRead(given.authorizer, 'user:ann', COPY), true);
  t.equal(await mayRead(given.authorizer, 'user:bob', COPY), false);
  t.strictSame(partialsIn(given.folder), []);
});

t.test('both are kept under a number, with the grants on the one that it became', async (t) => {
  const given = await withCopier(t);
  await put(given, PLAN, 'text', ['user:bob read']);
  await put(given, COPY, 'there');
  const asked = { ...KEPT, onConflict: 'keep-both', authorise: async () => {} } as const;
  const mayTake = async (on: string) => !on.includes('(2)');
  t.match(await given.copier.copy({ ...asked, mayTake }), { path: '/else/plan (3).txt', created: true });
  t.match(await given.copier.copy({ ...asked, to: path(PLAN) }), { path: '/team/plan (2).txt' });
  t.match(await given.copier.copy({ ...asked, to: path('/free') }), { path: '/free' });
  t.strictSame(
    [COPY, '/else/plan (3).txt', '/team/plan (2).txt'].map((on) => served(given.folder, on)),
    ['there', 'text', 'text'],
  );
  t.equal(await mayRead(given.authorizer, 'user:bob', '/else/plan (3).txt'), true);
  t.equal(await mayRead(given.authorizer, 'user:bob', COPY), false);
  const both = await Promise.all([1, 2].map(() => given.copier.copy({ ...asked, to: path('/free') })));
  t.strictSame(both.map((one) => one.path).sort(), ['/free (2)', '/free (3)']);
});
