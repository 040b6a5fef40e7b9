/**
 * Signed cookies: a page or a playlist that a signed URL opens brings one, so that what it loads from beside itself
 * needs no token in its own URL; in a real browser, too. A back end may set one itself.
 */

import t, { type Test } from 'tap';
import { openBrowser } from '../sites/browser.js';
import { must } from './must.js';
import { type Site, startSite } from './running-site.js';

const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAEElEQVR4nGP4z8AARAwQCgAf7gP9i18U1AAAAABJRU5ErkJggg==',
  'base64',
);
const PAGE =
  '<!doctype html><title>a page</title><img id="here" src="pic.png"><img id="sub" src="sub/pic.png">';

async function prepared(t: Test, env: Readonly<Record<string, string>> = {}): Promise<Site> {
  const site = await startSite(t, { LATCHKEY_ADMINS: 'user:root', ...env });
  const token = site.token('root');
  for (const [name, body] of [
    ['film/play.m3u8', '#EXTM3U\n#EXTINF:4,\nseg1.ts\n'],
    ['film/seg1.ts', 'segment'],
    ['film/sub/seg2.ts', 'segment'],
    ['film/page.html', PAGE],
    ['film/pic.png', PNG],
    ['film/sub/pic.png', PNG],
    ['films/seg1.ts', 'of another film'],
    ['a b;c/ü.mpd', 'manifest'],
    ['a b;c/seg', 'segment'],
  ] as const) {
    must((await site.ask('PUT', `/files/${encodeURI(name)}`, { token, body })).status, 201);
  }
  return site;
}

async function signed(site: Site, path: string, ...words: readonly string[]) {
  const { stdout } = await site.cli('link', 'sign', path, ...words, '--json');
  return JSON.parse(stdout) as { readonly url: string; readonly cookie: string; readonly id: string };
}

/** Of all that ask for no settings of their own. */
const site = await prepared(t);

t.test('a playlist brings a cookie of its folder, and the segments need no token', async (t) => {
  const { url, id } = await signed(site, '/film/play.m3u8', '--folder', '/film/', '--for', '10m');
  const answer = await site.ask('GET', url);
  const set = answer.headers['set-cookie'] ?? '';
  t.match(
    set,
    /^latchkey-link=1\.[\w-]+\.read\.d1\.\d+\.\d+\.[\w-]+\.0\.[\w-]{43}; Path=\/files\/film\/; Max-Age=(?:600|59\d); HttpOnly; SameSite=Lax$/,
  );
  const pair = set.split(';')[0] ?? '';
  const by = async (target: string, cookie = pair, method = 'GET') =>
    (await site.ask(method, target, { headers: { Cookie: cookie }, ...(method === 'PUT' && { body: 'x' }) }))
      .status;
  t.equal(await by('/files/film/seg1.ts'), 200);
  t.equal(await by('/files/film/sub/seg2.ts'), 200);
  t.equal(await by('/files/film/seg1.ts', ''), 401);
  t.equal(await by('/files/films/seg1.ts'), 401, 'of that folder alone');
  t.equal(await by('/files/film/seg1.ts', pair, 'PUT'), 401, 'and to read alone');
  t.equal(await by('/files/film/seg1.ts', `other=1; ${pair}; last=2`), 200);
  t.equal(
    await by('/files/film/seg1.ts', `latchkey-link=rubbish; ${pair}`),
    200,
    'behind one of another folder',
  );
  t.equal(await by('/files/film/seg1.ts', `${'latchkey-link=x; '.repeat(4)}${pair}`), 401, 'of four');
  t.equal(await by('/files/film/seg1.ts', `xlatchkey-link=${pair.split('=')[1]}`), 401);
  t.equal(await by('/_latchkey/download/film/seg1.ts'), 200, 'the download route takes the same');
  t.equal(
    (await site.ask('GET', '/files/film/play.m3u8', { headers: { Cookie: pair } })).headers['set-cookie'],
    undefined,
  );
  await site.cli('link', 'revoke', '--signed', id);
  t.equal(await by('/files/film/seg1.ts'), 410, 'it ends with the link');
  t.equal(
    (await site.ask('GET', '/files/film/seg1.ts', { token: site.token('root'), headers: { Cookie: pair } }))
      .status,
    200,
    'and keeps nobody out who may',
  );
});

t.test('only where it is needed, and as the site is reached', async (t) => {
  const site = await prepared(t, { LATCHKEY_PUBLIC_URL: 'https://files.example' });
  const setBy = async (path: string, ...words: readonly string[]) => {
    const { url } = await signed(site, path, ...words);
    t.match(url, /^https:\/\/files\.example\/files\//);
    const answer = await site.ask('GET', url.slice('https://files.example'.length));
    t.equal(answer.status, 200);
    return answer.headers['set-cookie'];
  };
  t.equal(await setBy('/film/seg1.ts', '--folder', '/film/'), undefined, 'it loads nothing');
  t.equal(await setBy('/film/play.m3u8'), undefined, 'it could not open more');
  t.match(await setBy('/film/page.html', '--folder', '/film/'), /; Path=\/files\/film\/; .*; Secure$/);
  t.match(await setBy('/a b;c/ü.mpd', '--folder', '/a b;c/'), /; Path=\/files\/a%20b%3Bc\/; /);
});

t.test('a back end may set the cookie that it signs itself', async (t) => {
  const { stdout } = await site.cli('link', 'sign', '/film/', '--cookie');
  const [pair = '', path] = stdout.trim().split('; ');
  t.equal(path, 'Path=/files/film/');
  t.equal((await site.ask('GET', '/files/film/seg1.ts', { headers: { Cookie: pair } })).status, 200);
});

t.test('a browser shows the pictures of a page that a signed URL has opened', async (t) => {
  const { url } = await signed(site, '/film/page.html', '--folder', '/film/');
  const browser = await openBrowser(t);
  const page = await (await browser.newContext()).newPage();
  await page.goto(`http://127.0.0.1:${site.port}${url}`);
  await page.waitForLoadState('load');
  const widths = await page.evaluate('[...document.images].map((image) => image.naturalWidth)');
  t.same(widths, [2, 2]);
});
