/** A grant or revoke by another process is in force for the very next request, a thousand times. */

import t from 'tap';
import { parsePrincipal } from '../../src/acl/principal.js';
import { parseResourcePath } from '../../src/acl/resource-path.js';
import { openSqliteStore } from '../../src/storage/sqlite/open.js';
import { startSite } from './running-site.js';

const ALTERNATIONS = 1_000;
const BY_CLI = 10;
const FILE = '/files/users/alice/plan.txt';
const PATH = '/users/alice/plan.txt';

const site = await startSite(t);
await site.ask('PUT', FILE, { token: site.token('alice'), body: 'private' });

t.test('1,000 alternations from another process, zero late', async (t) => {
  const token = site.token('bob');
  // This process writes to the store as the CLI does; the authorizer is another one.
  const store = openSqliteStore(`${site.dataFolder}/latchkey.db`);
  t.teardown(() => store.close());
  const principal = parsePrincipal('user:bob');
  const path = parseResourcePath(PATH);
  if (principal === undefined || path === undefined) throw new Error('the test itself is wrong');
  const draft = {
    principal,
    path,
    action: 'read',
    effect: 'allow',
    notBefore: undefined,
    expiresAt: undefined,
  } as const;
  let late = 0;
  for (let i = 0; i < ALTERNATIONS; i++) {
    await store.acl.putGrants([draft]);
    if ((await site.ask('GET', FILE, { token })).status !== 200) late += 1;
    await store.acl.removeGrants({ principal, path, actions: ['read'], effect: 'allow' });
    if ((await site.ask('GET', FILE, { token })).status !== 403) late += 1;
  }
  t.equal(late, 0);
});

t.test('and by the command line, as it returns', async (t) => {
  const token = site.token('bob');
  const seen: number[] = [];
  for (let i = 0; i < BY_CLI; i++) {
    await site.cli('grant', 'user:bob', 'read', PATH);
    seen.push((await site.ask('GET', FILE, { token })).status);
    await site.cli('revoke', 'user:bob', PATH);
    seen.push((await site.ask('GET', FILE, { token })).status);
  }
  t.same(seen, Array.from({ length: BY_CLI }, () => [200, 403]).flat());
});
