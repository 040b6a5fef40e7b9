/** What a visitor of a share link meets, through nginx: the file, and why it does not open. */

import t from 'tap';
import { path, principal } from '../acl/given.js';
import { form, NAVIGATION, times } from './refused.js';
import { cookiesOf, sharedSite } from './shared-links.js';

const FILE = '/team/plan ü 100%.pdf';
const NAME = 'plan%20%C3%BC%20100%25.pdf';
const BYTES = '0123456789';
const YEAR_MS = 365 * 24 * 60 * 60 * 1000;

/** Of all that ask for no settings of their own. */
const site = await sharedSite(t);

t.test('a link to a file is open under its own name, and every other name leads there', async (t) => {
  await site.put(FILE, BYTES);
  for (const prefix of ['', '/_latchkey']) {
    const link = await site.share(FILE);
    const url = prefix + link.url;
    const table = [
      ['', `./${link.token}/`],
      ['?a=b', `./${link.token}/?a=b`],
      ['/', `./${NAME}`],
      ['/other.pdf', `./${NAME}`],
      ['/a/b', `../${NAME}`],
      ['/a/b/', `../../${NAME}`],
      [`/${NAME}/`, `../${NAME}`],
    ] as const;
    for (const [below, location] of table) {
      const answer = await site.get(url + below);
      t.same([answer.status, answer.headers.location], [302, location], url + below);
      const to = new URL(location, `http://x${url}${below}`).pathname;
      t.ok([`${url}/`, `${url}/${NAME}`].includes(to), `${to} is of the link`);
    }
    for (const below of [`/${NAME}`, '/plan%20%c3%bc%20100%25.pdf?x=%00', `/x/../${NAME}`]) {
      const answer = await site.get(url + below);
      t.same([answer.status, answer.body.toString()], [200, BYTES], url + below);
      t.equal(
        answer.headers['content-disposition'],
        `attachment; filename="plan ? 100%.pdf"; filename*=UTF-8''plan%20%C3%BC%20100%25.pdf`,
      );
    }
  }
});

t.test(
  'the bytes are nginx’s: ranges, validators, HEAD, and the headers of what a stranger has uploaded',
  async (t) => {
    await site.put('/team/page.html', BYTES);
    const link = await site.share('/team/page.html', { disposition: 'inline' });
    const url = `${link.url}/page.html`;
    const whole = await site.get(url, { Origin: 'https://app.example' });
    t.equal(whole.status, 200);
    const part = await site.get(url, { Range: 'bytes=2-4' });
    t.same([part.status, part.body.toString(), part.headers['content-range']], [206, '234', 'bytes 2-4/10']);
    t.equal((await site.get(url, { Range: 'bytes=90-' })).status, 416);
    t.equal((await site.get(url, { 'If-None-Match': whole.headers.etag ?? '' })).status, 304);
    t.equal((await site.get(url, { 'If-Match': '"other"' })).status, 412);
    const head = await site.ask('HEAD', url);
    t.same([head.status, head.headers['content-length'], head.body.length], [200, '10', 0]);
    const expected = {
      'content-disposition': 'inline; filename=page.html',
      'content-type': 'text/html',
      'cache-control': 'private, no-cache',
      'content-security-policy':
        "sandbox allow-same-origin; default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; media-src 'self'; frame-ancestors 'self'",
      'cross-origin-resource-policy': 'same-origin',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'x-robots-tag': 'noindex, nofollow',
    };
    for (const answer of [whole, part, head]) {
      t.match(answer.headers, expected);
      for (const name of Object.keys(expected)) t.equal(times(answer, name), 1, `${name} once`);
      t.notOk(
        Object.keys(answer.headers).some((name) => /^(?:access-control|x-latchkey|x-accel)/.test(name)),
      );
      t.equal(cookiesOf(answer), '', 'no cookie');
    }
  },
);

t.test('why it does not open, and whom to ask, as a page and as problem+json', async (t) => {
  await site.put('/team/plan.pdf', BYTES);
  const now = Date.now();
  const contact = 'Alice <alice@example.org>';
  const shown = 'Ask Alice &lt;alice@example.org&gt; for';
  const target = '/team/plan.pdf';
  const urlOf = async (...made: Parameters<typeof site.share>) =>
    `${(await site.share(...made)).url}/plan.pdf`;
  const unknown = 'A'.repeat(44);
  const table = [
    [`/s/${unknown}/plan.pdf`, 404, 'not-found', 'There is no such link', undefined],
    ['/s/short', 404, 'not-found', 'There is no such link', undefined],
    ['/s/', 404, 'not-found', 'There is no such link', undefined],
    [
      await urlOf('/team/none.pdf').then((url) => url.replace('plan', 'none')),
      404,
      'not-found',
      'There is nothing here',
      'Ask whoever sent it to you for it.',
    ],
    [
      await urlOf(target, { contact }, { revokedAt: now - 1 }),
      410,
      'link-ended',
      'This link has ended',
      shown,
    ],
    [await urlOf(target, { contact, expiresAt: now - 1 }), 410, 'link-ended', 'This link has ended', shown],
    [
      await urlOf(target, { expiresAt: now - 1 }),
      410,
      'link-ended',
      'This link has ended',
      'Ask whoever sent it to you for a new link.',
    ],
    [
      await urlOf(target, { notBefore: now + YEAR_MS, expiresAt: now + 2 * YEAR_MS }),
      403,
      'link-early',
      'This link is not open yet',
      `It opens on ${new Date(now + YEAR_MS).toISOString().slice(0, 10)}`,
    ],
    [
      await urlOf(target, { contact, addresses: ['10.0.0.0/8'] }),
      403,
      'link-elsewhere',
      'This link does not open from here',
      shown,
    ],
    [
      await urlOf(target, { recipients: [principal('user:bob')] }),
      401,
      'unauthenticated',
      'Please sign in',
      undefined,
    ],
    [
      await urlOf(target, {}, { kind: 'upload' }),
      404,
      'not-found',
      'There is nothing to see here',
      undefined,
    ],
  ] as const;
  for (const [url, status, code, title, words] of table) {
    const json = await site.get(url);
    t.equal(form(json), `${status} json`, url);
    t.match(JSON.parse(json.body.toString()), { type: `urn:latchkey:problem:${code}`, title, status });
    for (const query of ['', '?format=xml']) {
      const page = await site.get(url + query, NAVIGATION);
      t.equal(page.status, status, url);
      t.equal(page.headers['content-type'], 'text/html; charset=utf-8');
      t.match(page.body.toString(), `<h1>${title}</h1>`);
      if (words !== undefined) t.match(page.body.toString(), words);
      t.match(page.body.toString(), /Request <code>[0-9a-f]{32}<\/code>/);
      t.notMatch(page.body.toString(), /team|<script/);
    }
    t.equal(form(await site.get(`${url}?format=json`, NAVIGATION)), `${status} json`);
    for (const answer of [json, await site.ask('HEAD', url, { headers: NAVIGATION })]) {
      t.equal(answer.status, status);
      t.match(answer.headers, {
        'cache-control': 'no-store',
        'referrer-policy': 'no-referrer',
        'x-robots-tag': 'noindex, nofollow',
      });
    }
  }
  const here = await urlOf(target, { addresses: ['10.0.0.0/8', '127.0.0.0/8'] });
  t.equal((await site.get(here)).status, 200, 'and from there it opens');
  for (const method of ['PUT', 'DELETE', 'OPTIONS', 'PATCH']) {
    const answer = await site.ask(method, here, { body: 'x' });
    t.ok([404, 405].includes(answer.status), `${method}: ${answer.status}`);
  }
});

t.test(
  'a file that is being exchanged is told of to nobody, and what cannot be found out is 503',
  async (t) => {
    for (const name of ['plan.pdf', 'other.pdf']) await site.put(`/team/${name}`, BYTES);
    await site.cli('grant', 'user:alice', 'manage', '/team/');
    const alice = { maker: principal('user:alice'), makerGroups: [], grantId: undefined };
    const links = [await site.share('/team/'), await site.share('/team/', {}, { authority: alice })];
    const file = { path: path('/team/plan.pdf'), owner: undefined, bytes: 1, updatedAt: 1 };
    const entry = { partial: 'p', file, grants: [], replaces: undefined, visibility: 'hidden' } as const;
    const seen = async () => {
      const all = [];
      for (const { url } of links) {
        const list = await site.get(`${url}/?format=json`);
        const { status, headers } = await site.get(`${url}/plan.pdf`);
        const page = await site.get(`${url}/plan.pdf`, NAVIGATION);
        all.push([
          list.body.includes('plan.pdf'),
          list.body.includes('other.pdf'),
          status,
          headers['retry-after'],
        ]);
        t.equal(page.body.includes('<h1>Please try again</h1>'), status === 503);
      }
      return all;
    };
    const before = [true, true, 200, undefined];
    t.same(await seen(), [before, before]);
    await site.store.files.beginCommit([entry]);
    const exchanging = [false, true, 503, '1'];
    t.same(await seen(), [exchanging, exchanging]);
    await site.store.files.abandonCommit([entry]);
    t.same(await seen(), [before, before]);
  },
);

t.test('the URL that the command line prints opens the file, and the folder', async (t) => {
  await site.put(FILE, BYTES);
  const made = async (...words: string[]) => (await site.cli('link', 'create', ...words)).stdout.trim();
  const file = await made(FILE);
  t.match(file, new RegExp(`^/s/[A-Za-z0-9_-]{44}/${NAME}$`));
  t.equal((await site.get(file)).body.toString(), BYTES);
  const folder = await made('/team/');
  t.match(folder, /^\/s\/[A-Za-z0-9_-]{44}\/$/);
  t.match((await site.get(folder, NAVIGATION)).body.toString(), `<a href="./${NAME}">`);
});

t.test('an answer fits into what nginx takes of headers, however long the URL is', async (t) => {
  const site = await sharedSite(t, { LATCHKEY_TOKEN_COOKIE: 'access', LATCHKEY_LOGIN_URL: '/login' });
  await site.put('/team/plan.pdf', BYTES);
  const file = await site.share('/team/plan.pdf');
  const personal = await site.share('/team/', { recipients: [principal('user:bob')] });
  const query = `?a=${'b'.repeat(4_000)}`;
  const name = 'n'.repeat(3_500);
  const table = [
    ['GET', `${file.url}${query}`, 302],
    ['GET', `${file.url}/${name}`, 302],
    ['GET', `${file.url}/${'a/'.repeat(600)}x`, 302],
    ['GET', `${file.url}/${'a/'.repeat(3_000)}x`, 404],
    ['POST', `${file.url}/${name}`, 303],
    ['POST', `${file.url}/${query}`, 303],
    ['GET', `${personal.url}/${name}${query}`, 302],
    ['GET', `/${'x/../'.repeat(1_000)}${personal.url.slice(1)}/`, 302],
    ['GET', `/s/${personal.id}/${name}${query}`, 404],
  ] as const;
  for (const [method, target, status] of table) {
    const headers = { ...NAVIGATION, 'Content-Type': 'application/x-www-form-urlencoded' };
    const answer = await site.ask(method, target, { headers, ...(method === 'POST' && { body: '' }) });
    t.equal(answer.status, status, `${method} ${target.slice(0, 90)}`);
    t.ok((answer.headers.location ?? '').length <= 2_000);
  }
  const away = await site.get(`${personal.url}/`, NAVIGATION);
  const back = await site.get(`/s/${personal.id}/${name}`, { ...NAVIGATION, Cookie: cookiesOf(away) });
  t.equal(back.status, 404, 'too long to go on with');
});

t.test('a download is as fast as the link allows', async (t) => {
  const site = await sharedSite(t, { LATCHKEY_DOWNLOAD_LIMIT_RATE: '300k' });
  await site.put('/team/big.bin', Buffer.alloc(400_000));
  const seconds: number[] = [];
  for (const rateMax of [undefined, 200_000, 900_000_000]) {
    const link = await site.share('/team/big.bin', { rateMax });
    const begun = performance.now();
    t.equal((await site.get(`${link.url}/big.bin`)).body.length, 400_000);
    seconds.push((performance.now() - begun) / 1000);
  }
  const [operators = 0, links = 0, both = 0] = seconds;
  t.ok(operators > 0.3, `the operator's limit: ${operators}`);
  t.ok(links > 0.9, `the link's own: ${links}`);
  t.ok(both > 0.3, `the smaller of both: ${both}`);
});
