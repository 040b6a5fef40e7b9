/**
 * The cookie of a share link to a folder: a page or a playlist that the link opens loads its pictures and segments by
 * their own URLs, without the token. It opens what the link opens, and ends with it.
 */

import t from 'tap';
import { hashPassword } from '../../src/links/password.js';
import { openBrowser } from '../sites/browser.js';
import { cookiesOf, type SharedSite, sharedSite } from './shared-links.js';

const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAEElEQVR4nGP4z8AARAwQCgAf7gP9i18U1AAAAABJRU5ErkJggg==',
  'base64',
);
const PAGE =
  '<!doctype html><title>a page</title><img src="pic.png"><img src="/files/film/pic.png"><img src="/files/other.png">';
const HOUR_S = 3600;

async function withFilm(t: Parameters<typeof sharedSite>[0]): Promise<SharedSite> {
  const site = await sharedSite(t);
  await site.put('/film/play.m3u8', '#EXTM3U\n#EXTINF:4,\n/files/film/seg1.ts\n');
  await site.put('/film/seg1.ts', 'segment');
  await site.put('/film/page.html', PAGE);
  await site.put('/film/pic.png', PNG);
  await site.put('/other.png', PNG);
  await site.put('/films/seg1.ts', 'of another film');
  return site;
}

const site = await withFilm(t);

const status = async (site: SharedSite, target: string, cookie: string) =>
  (await site.get(target, { Cookie: cookie })).status;

t.test('a playlist brings it, for an hour, and it names no folder', async (t) => {
  const link = await site.share('/film/');
  const answer = await site.get(`${link.url}/play.m3u8`);
  t.equal(answer.status, 200);
  t.match(
    answer.headers['set-cookie'],
    new RegExp(
      `^latchkey-share-${link.id}=1\\.[\\w.-]+; Max-Age=(?:${HOUR_S}|${HOUR_S - 1}); Path=/files/; HttpOnly; SameSite=Lax$`,
    ),
  );
  const cookie = cookiesOf(answer);
  t.equal(await status(site, '/files/film/seg1.ts', ''), 401);
  t.equal(await status(site, '/files/film/seg1.ts', cookie), 200);
  t.equal(await status(site, '/files/film/none.ts', cookie), 404);
  t.equal(await status(site, '/files/films/seg1.ts', cookie), 401, 'of that folder alone');
  t.equal(await status(site, '/files/other.png', cookie), 401);
  t.equal(await status(site, '/files/film/seg1.ts', cookie.slice(0, -1)), 401);
  const other = await site.share('/film/');
  t.equal(
    await status(site, '/files/film/seg1.ts', cookie.replace(link.id, other.id)),
    401,
    'of that link alone',
  );
  const put = await site.ask('PUT', '/files/film/seg1.ts', { headers: { Cookie: cookie }, body: 'x' });
  t.equal(put.status, 401, 'and to read alone');
  const both = `latchkey-share-${other.id}=rubbish; ${cookie}`;
  t.equal(await status(site, '/files/film/seg1.ts', both), 200, 'beside that of another link');
  const log = (await site.cli('link', 'revoke', link.id)).code;
  t.equal(log, 0);
  t.equal(await status(site, '/files/film/seg1.ts', cookie), 401, 'it ends with the link');
});

t.test('only what loads more brings it, and only where the link says nothing of each request', async (t) => {
  for (const [target, terms, file, brings] of [
    ['/film/', {}, 'page.html', true],
    ['/film/', {}, 'seg1.ts', false],
    ['/film/page.html', {}, 'page.html', false],
    ['/film/', { rateMax: 1_000_000 }, 'page.html', false],
    ['/film/', { downloadsMax: 1 }, 'page.html', false],
    ['/film/', { addresses: ['127.0.0.0/8'] }, 'page.html', true],
  ] as const) {
    const link = await site.share(target, terms);
    const answer = await site.get(`${link.url}/${file}`);
    t.equal(answer.status, 200);
    t.equal(cookiesOf(answer).includes('latchkey-share-'), brings, JSON.stringify([target, terms, file]));
  }
});

t.test('a link that is changed is judged as it is now', async (t) => {
  const link = await site.share('/film/');
  const cookie = cookiesOf(await site.get(`${link.url}/page.html`));
  const record = await site.store.shareLinks.link(link.id);
  if (record === undefined) throw new Error('the link is gone');
  const opens = async (terms: Partial<typeof record.terms>) => {
    await site.store.shareLinks.changeLink(link.id, () => ({ ...record.terms, ...terms }));
    return status(site, '/files/film/pic.png', cookie);
  };
  t.equal(await opens({}), 200);
  t.equal(await opens({ passwordHash: await hashPassword('a new password') }), 401);
  t.equal(await opens({ addresses: ['10.0.0.0/8'] }), 401);
  t.equal(await opens({ recipients: ['user:bob' as never] }), 401);
  t.equal(await opens({ rateMax: 1_000 }), 401);
  t.equal(await opens({ downloadsMax: 9 }), 401);
  t.equal(await opens({ expiresAt: Date.now() }), 401);
  t.equal(await opens({}), 200, 'and as it was again');
});

t.test('a browser shows what a page of the link loads, by both of its URLs', async (t) => {
  const link = await site.share('/film/', { disposition: 'inline' });
  const browser = await openBrowser(t);
  const page = await (await browser.newContext()).newPage();
  await page.goto(`http://127.0.0.1:${site.port}${link.url}/page.html`);
  await page.waitForLoadState('load');
  const widths = await page.evaluate('[...document.images].map((image) => image.naturalWidth)');
  t.same(widths, [2, 2, 0], 'and nothing that is not of the link');
});
