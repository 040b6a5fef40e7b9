/** A share link for certain people: who they are, and the way to the login page and back. */

import t from 'tap';
import { principal } from '../acl/given.js';
import { form, NAVIGATION } from './refused.js';
import { cookiesOf, sharedSite } from './shared-links.js';

const BYTES = '0123456789';

t.test('a link for certain people is for them when they have signed in', async (t) => {
  const site = await sharedSite(t, { LATCHKEY_TOKEN_COOKIE: 'access', LATCHKEY_FAILURES_MAX: '2' });
  await site.put('/team/plan.pdf', BYTES);
  await site.cli('group', 'add', 'eng', 'carol');
  const link = await site.share('/team/plan.pdf', {
    recipients: [principal('user:bob'), principal('group:eng')],
  });
  const url = `${link.url}/plan.pdf`;
  const as = (user: string) => site.get(url, { ...NAVIGATION, Cookie: `access=${site.token(user)}` });
  t.same([(await as('bob')).status, (await as('carol')).status], [200, 200]);
  const other = await as('dave');
  t.match([other.status, other.body.toString()], [403, 'This link is for somebody else']);
  const stranger = await site.get(url);
  t.same([form(stranger), stranger.headers['www-authenticate']], ['401 json', 'Bearer realm="latchkey"']);
  await site.cli('suspend', 'bob');
  t.equal((await as('bob')).status, 403, 'the suspended are nobody');
  await site.cli('group', 'remove', 'eng', 'carol');
  t.equal((await as('carol')).status, 403, 'who has left the group is not of it');
  const seen: unknown[] = [];
  for (let i = 0; i < 3; i++) seen.push(form(await site.get(url, { Authorization: `Bearer x.y.${i}` })));
  t.same(seen, ['401 json', '401 json', '429 json']);
  const free = await site.share('/team/plan.pdf');
  t.equal(
    (await site.get(`${free.url}/plan.pdf`, { Authorization: 'Bearer x.y.z' })).status,
    200,
    'who it is for everybody is not asked',
  );
});

t.test('to the login page and back, without the token in its URL', async (t) => {
  const site = await sharedSite(t, { LATCHKEY_TOKEN_COOKIE: 'access', LATCHKEY_LOGIN_URL: '/login?x=1' });
  await site.put('/team/sub/plan.pdf', BYTES);
  const link = await site.share('/team/', { recipients: [principal('user:bob')] });
  const away = await site.get(`${link.url}/sub/plan.pdf`, NAVIGATION);
  t.same(
    [away.status, away.headers.location],
    [302, `/login?x=1&next=${encodeURIComponent(`/s/${link.id}/sub/plan.pdf`)}`],
  );
  t.match(away.headers['set-cookie'], new RegExp(`Path=/s/${link.id}; HttpOnly; SameSite=Lax$`));
  const back = `/s/${link.id}/sub/plan.pdf`;
  t.equal((await site.get(back, NAVIGATION)).status, 404, 'nobody else can go on with it');
  const returned = await site.get(back, { ...NAVIGATION, Cookie: cookiesOf(away) });
  t.equal(returned.status, 302);
  const to = new URL(returned.headers.location ?? '', `http://x${back}`).pathname;
  t.equal(to, `${link.url}/sub/plan.pdf`);
  t.equal((await site.get(to, { Cookie: `access=${site.token('bob')}` })).body.toString(), BYTES);
  const otherFirst = link.token.startsWith('A') ? 'B' : 'A';
  for (const forged of ['x', `${link.token}x`, `${otherFirst}${link.token.slice(1)}`]) {
    const { status } = await site.get(back, { ...NAVIGATION, Cookie: `latchkey-return=${forged}` });
    t.equal(status, 404, forged);
  }
  t.equal((await site.get(link.url, { Accept: '*/*' })).status, 401, 'only a browser that wants a page');
});
