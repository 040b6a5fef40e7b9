/**
 * Files that expire under a real nginx: at the instant, with nothing swept, neither by a grant nor by a link. And what
 * is removed: it is in the trash, and nginx serves it from nowhere.
 */

import { readdirSync } from 'node:fs';
import t from 'tap';
import { draft, path } from '../storage/given.js';
import { keptConnection } from './running-site.js';
import { sharedSite } from './shared-links.js';

const AHEAD_MS = 400;

t.test('no request that is sent from the instant on gets the file', async (t) => {
  const site = await sharedSite(t);
  await site.put('/team/plan', 'the plan');
  await site.put('/team/other', 'another');
  await site.store.acl.putGrants([draft('user:bob read /team/')]);
  const link = await site.share('/team/');
  const ask = keptConnection(t, site.port);
  const get = (on: string) => ask('GET', on, site.token('bob'));
  t.equal((await get('/files/team/plan')).status, 200);
  let instant = 0;
  // A disk that is slow to take it must leave some of the time before it.
  for (let aheadMs = AHEAD_MS; Date.now() > instant - AHEAD_MS / 2; aheadMs *= 2) {
    instant = Date.now() + aheadMs;
    await site.store.expiries.setExpiry(path('/team/plan'), instant);
  }
  const seen = { before: 0, after: 0 };
  for (let sentAt = 0; sentAt < instant + AHEAD_MS / 2; ) {
    sentAt = Date.now();
    const { status } = await get('/files/team/plan');
    if (sentAt >= instant && status !== 403) t.fail(`sent ${sentAt - instant} ms after: ${status}`);
    if (Date.now() < instant && status !== 200) t.fail(`answered before: ${status}`);
    seen[sentAt < instant ? 'before' : 'after'] += 1;
  }
  t.ok(seen.before > 0 && seen.after > 0, JSON.stringify(seen));
  t.equal((await get('/_latchkey/download/team/plan')).status, 403);
  t.equal((await get('/files/team/other')).status, 200, 'the one beside it');
  t.equal((await site.get(`${link.url}/plan`)).status, 404);
  t.equal((await site.get(`${link.url}/other`)).status, 200);
  await site.store.expiries.setExpiry(path('/team/plan'), undefined);
  t.equal((await get('/files/team/plan')).status, 200, 'given more time');
});

t.test(
  'a PUT brings its expiry through nginx; a DELETE fills the trash, which nobody is served',
  async (t) => {
    const site = await sharedSite(t);
    await site.store.acl.putGrants([draft('user:bob write /team/')]);
    const authorization = `Bearer ${site.token('bob')}`;
    const url = `http://127.0.0.1:${site.port}/files/team/plan`;
    const put = await fetch(url, {
      method: 'PUT',
      headers: { authorization, 'x-latchkey-expires': '2099-01-31T12:00Z' },
      body: 'the plan',
    });
    t.equal(put.status, 201);
    t.strictSame(
      await site.store.expiries.expiriesOf([path('/team/plan')]),
      new Map([['/team/plan', Date.UTC(2099, 0, 31, 12)]]),
    );
    t.equal((await fetch(url, { method: 'DELETE', headers: { authorization } })).status, 204);
    t.equal((await fetch(url, { headers: { authorization } })).status, 404);
    const [id = ''] = readdirSync(`${site.dataFolder}/partial/trash`);
    t.match(await site.store.trash.trashed(id), { path: '/team/plan', removedBy: 'user:bob' });
    for (const on of [
      `/files/${id}`,
      `/partial/trash/${id}`,
      `/files/../partial/trash/${id}`,
      `/trash/${id}`,
    ]) {
      const { status } = await keptConnection(t, site.port)('GET', on, site.token('bob'));
      t.ok(status >= 400, `${on}: ${status}`);
    }
  },
);
