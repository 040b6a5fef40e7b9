/** A sign-out by another process is in force for the very next request, on every authorizer. */

import t from 'tap';
import { openSqliteStore } from '../../src/storage/sqlite/open.js';
import { principal } from '../acl/given.js';
import { keptConnection, startSite } from './running-site.js';

const FILE = '/files/users/alice/plan.txt';
const ALICE = principal('user:alice');
const ALTERNATIONS = 200;
const WORKERS = 3;
const BY_CLI = 3;

t.test('200 alternations of a sign-out and a new token, zero late', async (t) => {
  const site = await startSite(t, {}, ['--workers', String(WORKERS)]);
  await site.ask('PUT', FILE, { token: site.token('alice'), body: 'private' });
  const bob = site.token('bob');
  t.equal((await site.cli('grant', 'user:bob', 'read', '/users/alice/plan.txt')).code, 0);
  // This process writes to the store as the CLI does; the authorizers are other ones.
  const store = openSqliteStore(`${site.dataFolder}/latchkey.db`);
  t.teardown(() => store.close());
  const ask = keptConnection(t, site.port);
  /** From each of the authorizers: nginx asks one after the other. */
  const statuses = async (token: string) => {
    const all: number[] = [];
    for (let i = 0; i < WORKERS; i++) all.push((await ask('GET', FILE, token)).status);
    return all.join();
  };
  const begin = Math.floor(Date.now() / 1000) - 2 * ALTERNATIONS;
  let late = 0;
  for (let i = 0; i < ALTERNATIONS; i++) {
    const iat = begin + i;
    const token = site.token('alice', { iat });
    if ((await statuses(token)) !== '200,200,200') late += 1;
    await store.credentials.signOut(ALICE, iat * 1000 + 999);
    if ((await statuses(token)) !== '401,401,401') late += 1;
  }
  t.equal(late, 0);
  t.equal((await site.ask('GET', FILE, { token: bob })).status, 200, 'nobody else was signed out');
  const puts = ['alice', 'bob'].map((user) =>
    site.ask('PUT', FILE, { token: site.token(user, { iat: begin }), body: 'x' }),
  );
  t.same(
    (await Promise.all(puts)).map(({ status }) => status),
    [401, 403],
    'the files service says the same',
  );
});

t.test(
  'by the command line, as it returns: every token of before is refused, the next one is good',
  async (t) => {
    const site = await startSite(t, {}, ['--workers', String(WORKERS)]);
    const newToken = async () => (await site.cli('token', 'alice')).stdout.trim();
    let token = await newToken();
    await site.ask('PUT', FILE, { token, body: 'private' });
    const status = async (of: string) => (await site.ask('GET', FILE, { token: of })).status;
    const without = site.token('alice');
    t.equal(await status(without), 200, 'nobody was signed out yet: a token needs no time of issue');
    for (let i = 0; i < BY_CLI; i++) {
      const before = [token, await newToken(), without];
      t.same(await Promise.all(before.map(status)), [200, 200, i === 0 ? 200 : 401]);
      t.equal((await site.cli('sign-out', 'alice')).code, 0);
      t.same(await Promise.all(before.map(status)), [401, 401, 401]);
      token = await newToken();
      t.equal(await status(token), 200);
      const future = site.token('alice', { iat: Math.floor(Date.now() / 1000) + 60 });
      t.equal(await status(future), 401, 'a time of issue in the future is none');
    }
  },
);

t.test('one token is ended, and the others of the user go on', async (t) => {
  const site = await startSite(t);
  const told = async () =>
    JSON.parse((await site.cli('token', 'alice', '--json')).stdout) as { id: string; token: string };
  const [one, other] = [await told(), await told()];
  await site.ask('PUT', FILE, { token: one.token, body: 'private' });
  t.equal((await site.ask('GET', FILE, { token: one.token })).status, 200);
  t.equal((await site.cli('sign-out', '--token', one.id)).code, 0);
  const refused = await site.ask('GET', FILE, { token: one.token });
  t.same(
    [refused.status, refused.headers['www-authenticate']],
    [401, 'Bearer realm="latchkey", error="invalid_token"'],
  );
  t.equal((await site.ask('GET', FILE, { token: other.token })).status, 200);
});
