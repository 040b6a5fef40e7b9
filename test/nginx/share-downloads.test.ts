/** Links with a number of downloads, through nginx: counted once for a client, whatever it resumes, and never for robots. */

import t, { type Test } from 'tap';
import { until } from './running-site.js';
import { cookiesOf, type MadeLink, type SharedSite, sharedSite } from './shared-links.js';

const BYTES = '0123456789';
const ROBOT = 'Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)';

/** Of all that ask for no settings of their own, and stop nothing. */
const shared = await sharedSite(t);

async function limited(t: Test, downloadsMax: number, env: Readonly<Record<string, string>> = {}) {
  const site = Object.keys(env).length === 0 ? shared : await sharedSite(t, env);
  await site.put('/team/plan.pdf', BYTES);
  const link = await site.share('/team/plan.pdf', { downloadsMax });
  return { site, link, url: `${link.url}/plan.pdf` };
}

async function counted(site: SharedSite, { id }: MadeLink): Promise<number | undefined> {
  return (await site.store.shareLinks.link(id))?.downloads;
}

t.test('resumes, ranges, retries and HEAD of one client are one download', async (t) => {
  const { site, link, url } = await limited(t, 2);
  const first = await site.get(url, { Range: 'bytes=0-3', 'User-Agent': 'one' });
  t.equal(first.status, 206);
  const Cookie = cookiesOf(first);
  t.match(
    first.headers['set-cookie'],
    new RegExp(`^latchkey-lease=[^;]+; Max-Age=21600; Path=${link.url}; HttpOnly; SameSite=Lax$`),
  );
  for (const range of ['bytes=4-', 'bytes=0-0,2-3', 'bytes=0-']) {
    // Another address would be all that tells; the ticket is enough.
    const answer = await site.get(url, { Range: range, Cookie, 'User-Agent': 'two' });
    t.same([answer.status, cookiesOf(answer)], [206, ''], range);
  }
  t.equal((await site.get(url, { 'If-None-Match': first.headers.etag ?? '', Cookie })).status, 304);
  t.equal(
    (await site.get(url, { 'User-Agent': 'one' })).status,
    200,
    'without a cookie: by address and user agent',
  );
  t.equal(await counted(site, link), 1);
  for (let i = 0; i < 5; i++)
    t.equal((await site.ask('HEAD', url, { headers: { 'User-Agent': `head ${i}` } })).status, 200);
  t.equal(await counted(site, link), 1, 'HEAD is not counted');

  t.equal((await site.get(url, { 'User-Agent': 'three' })).status, 200);
  t.equal(await counted(site, link), 2, 'another client is another one');
  const late = await site.get(url, { 'User-Agent': 'four', Accept: 'text/html' });
  t.match([late.status, late.body.toString()], [410, 'All of its downloads are used up.']);
  t.equal((await site.get(url, { Cookie, Range: 'bytes=5-' })).status, 206, 'who has begun may end');
  t.equal(await counted(site, link), 2);
});

t.test('who comes again before its ticket came keeps the one that is known', async (t) => {
  const { site, link, url } = await limited(t, 1);
  const first = await site.get(url, { 'User-Agent': 'two at once' });
  const second = await site.get(url, { 'User-Agent': 'two at once' });
  t.match([first.status, cookiesOf(first)], [200, /^latchkey-lease=/]);
  t.same([second.status, cookiesOf(second)], [200, ''], 'another ticket would take its place in a browser');
  const elsewhere = { 'User-Agent': 'as from another network', Cookie: cookiesOf(first) };
  t.equal((await site.get(url, elsewhere)).status, 200);
  t.equal(await counted(site, link), 1);
});

t.test('a download that broke off is resumed as the same one', async (t) => {
  const site = shared;
  const bytes = Buffer.alloc(4_000_000, 'x');
  await site.put('/team/big.bin', bytes);
  const link = await site.share('/team/big.bin', { downloadsMax: 1, rateMax: 1_000_000 });
  const url = `http://127.0.0.1:${site.port}${link.url}/big.bin`;
  const aborted = new AbortController();
  const begun = await fetch(url, { signal: aborted.signal, headers: { 'User-Agent': 'resuming' } });
  const reader = begun.body?.getReader();
  const { value } = (await reader?.read()) ?? {};
  aborted.abort();
  const got = value?.length ?? 0;
  t.ok(got > 0 && got < bytes.length, `${got} bytes came`);
  const rest = await fetch(url, {
    headers: { 'User-Agent': 'resuming', Range: `bytes=${bytes.length - 1000}-` },
  });
  t.same([rest.status, (await rest.arrayBuffer()).byteLength], [206, 1000]);
  t.equal(await counted(site, link), 1);
  t.equal((await fetch(url, { headers: { 'User-Agent': 'another' } })).status, 410);
});

t.test('ten clients race for the last download: exactly one gets it', async (t) => {
  const { site, url, link } = await limited(t, 3);
  for (const agent of ['a', 'b']) t.equal((await site.get(url, { 'User-Agent': agent })).status, 200);
  const answers = await Promise.all(
    Array.from({ length: 10 }, (_, i) => site.get(url, { 'User-Agent': `racer ${i}` })),
  );
  const statuses = answers.map(({ status }) => status).sort();
  t.same(statuses, [200, ...Array<number>(9).fill(410)]);
  t.equal(answers.filter(({ body }) => body.includes(BYTES)).length, 1);
  t.equal(await counted(site, link), 3);
});

t.test(
  'what is no download is not counted: what is missing, an unknown name, a wrong password',
  async (t) => {
    const { site, link, url } = await limited(t, 1);
    const gone = await site.share('/team/gone.pdf', { downloadsMax: 1 });
    t.equal((await site.get(`${gone.url}/gone.pdf`)).status, 404);
    t.equal((await site.get(`${link.url}/other`)).status, 302);
    t.equal((await site.get(link.url)).status, 302);
    t.same([await counted(site, gone), await counted(site, link)], [0, 0]);
    for (const forged of ['latchkey-lease=x', 'latchkey-lease=1.k.9.v.s']) {
      t.equal((await site.get(url, { Cookie: forged, 'User-Agent': 'same' })).status, 200, forged);
    }
    t.equal(await counted(site, link), 1, 'a forged ticket is no other client, either');
  },
);

t.test('robots that look at links get a card, and are not counted', async (t) => {
  const { site, link, url } = await limited(t, 1);
  const folder = await site.share('/team/', { downloadsMax: 1 });
  for (const target of [url, `${folder.url}/plan.pdf`]) {
    const card = await site.get(target, { 'User-Agent': ROBOT });
    t.equal(card.status, 200);
    t.equal(card.headers['content-type'], 'text/html; charset=utf-8');
    t.match(card.body.toString(), '<meta property="og:title" content="plan.pdf">');
    t.match(card.body.toString(), '<meta property="og:description" content="10 B">');
    t.notMatch(card.body.toString(), BYTES);
    t.equal(cookiesOf(card), '');
    const head = await site.ask('HEAD', target, { headers: { 'User-Agent': ROBOT } });
    t.same([head.status, head.headers['content-length'], head.body.length], [200, '10', 0]);
  }
  const card = await site.get(`${folder.url}/`, { 'User-Agent': ROBOT });
  t.match(card.body.toString(), '<meta property="og:title" content="team">');
  t.notMatch(card.body.toString(), 'plan');
  t.same([await counted(site, link), await counted(site, folder)], [0, 0]);
  t.match(await site.store.shareLinks.link(link.id), { lastUsedAt: undefined });
});

t.test('a link that is used up shows nothing more, but to who has begun', async (t) => {
  const site = shared;
  await site.put('/team/plan.pdf', BYTES);
  const link = await site.share('/team/', { downloadsMax: 1 });
  const [page, file] = [`${link.url}/`, `${link.url}/plan.pdf`];
  t.equal((await site.get(page, { 'User-Agent': 'late' })).status, 200);
  const Cookie = cookiesOf(await site.get(file, { 'User-Agent': 'first' }));
  const free: readonly (readonly [string, string, string])[] = [
    ['GET', page, 'late'],
    ['GET', `${page}?format=json`, 'late'],
    ['HEAD', page, 'late'],
    ['HEAD', file, 'late'],
    ['GET', page, ROBOT],
    ['GET', file, ROBOT],
  ];
  for (const [method, target, agent] of free) {
    const ask = (more: Readonly<Record<string, string>>) =>
      site.ask(method, target, { headers: { 'User-Agent': agent, ...more } });
    const refused = await ask({});
    t.equal(refused.status, 410, `${method} ${target} of ${agent}`);
    t.notMatch(refused.body.toString(), 'plan');
    t.equal((await ask({ Cookie })).status, 200, 'who has begun goes on');
  }
  t.equal(await counted(site, link), 1);
});

t.test('a lease ends, and its end is not put off by coming again', async (t) => {
  const { site, link, url } = await limited(t, 5, { LATCHKEY_LINK_LEASE: '1s' });
  const first = await site.get(url);
  const Cookie = cookiesOf(first);
  const second = async () => {
    t.equal((await site.get(url, { Cookie })).status, 200);
    return counted(site, link);
  };
  // It comes again and again, without a pause, and is another download after the second all the same.
  t.equal(await until(second, (count) => count === 2, 30_000), 2);
});

t.test(
  'what was used last is noted when the service stops: a link, and a key that it alone has seen',
  async (t) => {
    const site = await sharedSite(t);
    await site.put('/team/plan.pdf', BYTES);
    const [used, unused] = [await site.share('/team/'), await site.share('/team/')];
    const { stdout: key } = await site.cli('key', 'create', 'alice', '--action', 'read');
    const before = Date.now();
    t.equal((await site.get(`${used.url}/plan.pdf`)).status, 200);
    t.equal((await site.ask('HEAD', `${unused.url}/plan.pdf`)).status, 200);
    t.equal((await site.get('/_latchkey/api/v1/grants?path=/', { 'X-Api-Key': key.trim() })).status, 403);
    const ended = new Promise((resolve) => site.process.once('exit', resolve));
    site.process.kill('SIGTERM');
    await ended;
    const link = await site.store.shareLinks.link(used.id);
    const [apiKey] = await site.store.credentials.apiKeys();
    for (const { lastUsedAt = 0 } of [link ?? {}, apiKey ?? {}]) {
      t.ok(lastUsedAt >= before && lastUsedAt <= Date.now(), String(lastUsedAt));
    }
    t.match(await site.store.shareLinks.link(unused.id), { lastUsedAt: undefined });
  },
);
