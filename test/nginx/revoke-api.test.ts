/**
 * A grant or revoke through the HTTP API, or by the command line while others keep asking, is in force for the
 * very next request to each of several authorizers.
 */

import t from 'tap';
import { keptConnection, startSite } from './running-site.js';

const ALTERNATIONS = 1_000;
const BY_CLI = 10;
const LOOPERS = 4;
const WORKERS = 2;
const FILE = '/files/users/alice/plan.txt';
const PATH = '/users/alice/plan.txt';
const GRANTS = '/_latchkey/api/v1/grants';
const GRANT = { principal: 'user:bob', path: PATH, action: 'read' };
const REVOKE = `${GRANTS}?${new URLSearchParams({ principal: 'user:bob', path: PATH })}`;

t.test('1,000 alternations through the API, two authorizers, zero late', async (t) => {
  const site = await startSite(t, { LATCHKEY_ADMINS: 'user:root' }, ['--workers', String(WORKERS)]);
  await site.ask('PUT', FILE, { token: site.token('alice'), body: 'private' });
  const root = site.token('root');
  const bob = site.token('bob');
  const administrator = keptConnection(t, site.port);
  const visitor = keptConnection(t, site.port);
  const late: string[] = [];
  const expect = async (status: number, i: number) => {
    // nginx takes the authorizers in turn: as many requests reach each of them.
    for (let worker = 0; worker < WORKERS; worker++) {
      const got = await visitor('GET', FILE, bob);
      if (got.status !== status) late.push(`${got.status} for ${status} in alternation ${i}`);
    }
  };
  for (let i = 0; i < ALTERNATIONS; i++) {
    const granted = await administrator('PUT', GRANTS, root, GRANT);
    if (granted.status !== 200) throw new Error(`the grant was answered ${granted.status}: ${granted.text}`);
    await expect(200, i);
    const revoked = await administrator('DELETE', REVOKE, root);
    if (revoked.status !== 200) throw new Error(`the revoke was answered ${revoked.status}: ${revoked.text}`);
    await expect(403, i);
  }
  t.strictSame(late, []);
});

t.test('by the command line, while clients loop over the URL', async (t) => {
  const site = await startSite(t, {}, ['--workers', String(WORKERS)]);
  await site.ask('PUT', FILE, { token: site.token('alice'), body: 'private' });
  const bob = site.token('bob');
  let looping = true;
  const seen = new Map<number, number>();
  const loopers = Array.from({ length: LOOPERS }, async () => {
    const ask = keptConnection(t, site.port);
    while (looping) {
      const { status } = await ask('GET', FILE, bob);
      seen.set(status, (seen.get(status) ?? 0) + 1);
    }
  });
  const visitor = keptConnection(t, site.port);
  const next: number[] = [];
  for (let i = 0; i < BY_CLI; i++) {
    t.equal((await site.cli('grant', 'user:bob', 'read', PATH)).code, 0);
    for (let worker = 0; worker < WORKERS; worker++) next.push((await visitor('GET', FILE, bob)).status);
    t.equal((await site.cli('revoke', 'user:bob', PATH)).code, 0);
    for (let worker = 0; worker < WORKERS; worker++) next.push((await visitor('GET', FILE, bob)).status);
  }
  looping = false;
  await Promise.all(loopers);
  t.strictSame(next, Array.from({ length: BY_CLI }, () => [200, 200, 403, 403]).flat());
  t.strictSame([...seen.keys()].sort(), [200, 403], 'and nobody was told anything else');
});
