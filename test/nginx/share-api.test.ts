/**
 * The whole way of a share link, through nginx: made by the API or at the command line, opened by whoever has it, and
 * ended by what its maker loses. Each end holds for the next request.
 */

import t from 'tap';
import { type SharedSite, sharedSite } from './shared-links.js';

const LINKS = '/_latchkey/api/v1/links';

const SHARED = Buffer.from('shared');

interface Told {
  readonly id: string;
  readonly url: string;
}

async function api(site: SharedSite, method: string, target: string, body: object | undefined, as = 'ann') {
  return site.ask(method, target, {
    token: site.token(as),
    headers: body === undefined ? {} : { 'Content-Type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
}

async function madeBy(site: SharedSite, as: string, body: object): Promise<Told> {
  const answer = await api(site, 'POST', LINKS, body, as);
  if (answer.status !== 201) throw new Error(`${answer.status} ${answer.body}`);
  return JSON.parse(String(answer.body)) as Told;
}

const site = await sharedSite(t);

t.test('made, opened, changed and revoked by HTTP', async (t) => {
  await site.put('/team/a b.txt', 'shared');
  await site.cli('grant', 'user:ann', 'manage', '/team/');
  const { id, url } = await madeBy(site, 'ann', { path: '/team/a b.txt' });
  t.match(url, /^\/s\/[\w-]{44}\/a%20b\.txt$/);
  t.match(await site.get(url), { status: 200, body: SHARED });
  const elsewhere = await api(site, 'PATCH', `${LINKS}/${id}`, { addresses: ['192.0.2.1'] });
  t.equal(elsewhere.status, 200);
  t.equal((await site.get(url)).status, 403);
  t.equal((await api(site, 'PATCH', `${LINKS}/${id}`, { addresses: [] })).status, 200);
  t.equal((await site.get(url)).status, 200);
  t.equal((await api(site, 'DELETE', `${LINKS}/${id}`, undefined)).status, 200);
  t.equal((await site.get(url)).status, 410);
});

t.test('made, opened, changed and revoked at the command line', async (t) => {
  await site.put('/team/plan.txt', 'shared');
  const { stdout } = await site.cli('link', 'create', '/team/plan.txt');
  const url = stdout.trim();
  const { pathname } = new URL(url, 'http://site');
  t.match(await site.get(pathname), { status: 200, body: SHARED });
  await site.cli('link', 'change', url, '--address', '192.0.2.1');
  t.equal((await site.get(pathname)).status, 403);
  await site.cli('link', 'change', url, '--no-addresses');
  t.equal((await site.get(pathname)).status, 200);
  await site.cli('link', 'revoke', url);
  t.equal((await site.get(pathname)).status, 410);
});

t.test('a link ends with the grant, the membership and the standing of its maker', async (t) => {
  await site.put('/team/plan.txt', 'shared');
  await site.put('/eng/plan.txt', 'shared');
  await site.cli('grant', 'user:ann', 'manage', '/team/');
  await site.cli('grant', 'group:eng', 'manage', '/eng/');
  await site.cli('group', 'add', 'eng', 'bob');
  const anns = await madeBy(site, 'ann', { path: '/team/plan.txt' });
  const folder = await madeBy(site, 'ann', { path: '/team/' });
  const bobs = await madeBy(site, 'bob', { path: '/eng/plan.txt' });
  const statuses = async () => {
    const answers = [];
    for (const target of [anns.url, `${folder.url}plan.txt`, bobs.url])
      answers.push((await site.get(target)).status);
    return answers;
  };
  t.same(await statuses(), [200, 200, 200]);
  await site.cli('grant', 'user:ann', 'read', '/team/plan.txt', '--deny');
  t.same(await statuses(), [410, 404, 200], 'of the folder, the part that is denied to its maker');
  await site.cli('revoke', 'user:ann', '/team/plan.txt', '--deny');
  t.same(await statuses(), [200, 200, 200]);
  await site.cli('suspend', 'bob');
  t.same(await statuses(), [200, 200, 410]);
  await site.cli('resume', 'bob');
  t.same(await statuses(), [200, 200, 200]);
  await site.cli('group', 'remove', 'eng', 'bob');
  t.same(await statuses(), [200, 200, 410]);
  await site.cli('revoke', 'user:ann', '/team/');
  await site.cli('grant', 'user:ann', 'manage', '/');
  t.same(
    await statuses(),
    [410, 410, 410],
    'by another grant the maker may manage it, and the links are over',
  );
});
