/**
 * Links of a site that was there before, with the lines of `latchkey nginx` in its own configuration: they work under
 * /_latchkey/s/ and under any short form that the site makes of it, and none of the site's habits reaches them.
 */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import t, { type Test } from 'tap';
import { hashPassword } from '../../src/links/password.js';
import { openSqliteStore } from '../../src/storage/sqlite/open.js';
import { type Lines, type Place, pastedSite } from './pasted-site.js';
import { NAVIGATION } from './refused.js';
import { cookiesOf, sharingIn } from './shared-links.js';

const BYTES = '0123456789';
const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' };

/** Each habit of it would break a link, or open one. */
function handWritten({ folder, port }: Place, { http, server }: Lines): string {
  return `
    proxy_cache_path ${folder}/cache keys_zone=site:1m;
    proxy_cache site;
    proxy_cache_valid any 10m;
    proxy_ignore_headers Cache-Control Expires Set-Cookie;
    proxy_intercept_errors on;

${http}

    server {
        listen 127.0.0.1:${port};
        root ${folder}/site;
        index index.html;
        access_log ${folder}/access.log latchkey;
        ssi on;
        autoindex on;
        error_page 400 401 403 404 410 429 =200 /index.html;
        error_page 500 502 503 504 =200 /index.html;
        recursive_error_pages on;
        absolute_redirect on;

        location / { }
        location ~* \\.(pdf|jpg)$ { expires 30d; }
        location ^~ /s/ { return 200 "the site's own"; }
        location ^~ /share/ { rewrite (?s)^/share(/.*) /_latchkey/s$1 last; }

${server}
    }
`;
}

async function site(t: Test) {
  const pasted = await pastedSite(t, { http: handWritten });
  writeFileSync(`${pasted.folder}/site/index.html`, '<h1>the site</h1>');
  mkdirSync(`${pasted.folder}/site/media/team`);
  writeFileSync(`${pasted.folder}/site/media/team/plan.pdf`, BYTES);
  const store = openSqliteStore(`${pasted.folder}/data/latchkey.db`);
  t.teardown(() => store.close());
  return { ...pasted, store, share: sharingIn(store) };
}

t.test('links of a site of its own habits', async (t) => {
  const { ask, share, store, folder, files } = await site(t);
  const folderLink = await share('/team/');
  const locked = await share('/team/', { passwordHash: await hashPassword('right') });
  const ended = await share('/team/', { expiresAt: Date.now() - 1 });
  const once = await share('/team/', { downloadsMax: 1 });
  for (const prefix of ['/_latchkey/s', '/share']) {
    const url = (link: { readonly token: string }) => `${prefix}/${link.token}`;
    const get = (target: string, headers = {}) => ask('GET', target, { headers });

    const first = await get(url(folderLink), NAVIGATION);
    t.same([first.status, first.headers.location], [302, `./${folderLink.token}/`], 'relative all the same');
    t.match(
      (await get(`${url(folderLink)}/`, NAVIGATION)).body.toString(),
      '<a href="./plan.pdf">plan.pdf</a>',
    );
    const file = await get(`${url(folderLink)}/plan.pdf`);
    t.same([file.status, file.body.toString()], [200, BYTES]);
    t.match(file.headers, { 'cache-control': 'private, no-cache', 'x-robots-tag': 'noindex, nofollow' });
    t.equal((await get(`${url(folderLink)}/none`)).status, 404);
    t.equal((await get(`${url(folderLink)}/%0a`)).status, 400);
    t.equal((await get(`${url(ended)}/`)).status, 410);
    t.equal((await get(`${prefix}/unknown/`)).status, 404);

    t.equal((await get(`${url(locked)}/plan.pdf`)).status, 401);
    const opened = await ask('POST', `${url(locked)}/`, { headers: FORM, body: 'password=right' });
    t.match(opened.headers['set-cookie'], `; Path=${url(locked)}; `);
    t.equal((await get(`${url(locked)}/plan.pdf`, { Cookie: cookiesOf(opened) })).body.toString(), BYTES);
    t.equal((await get(`${url(locked)}/plan.pdf`)).status, 401, 'nobody has it from a cache');
  }
  t.equal(
    (await ask('GET', folderLink.url)).body.toString(),
    "the site's own",
    'what the site has at /s/ is its own',
  );

  t.equal(
    (await ask('GET', `/_latchkey/s/${once.token}/plan.pdf`, { headers: { 'User-Agent': 'a' } })).status,
    200,
  );
  t.equal(
    (await ask('GET', `/share/${once.token}/plan.pdf`, { headers: { 'User-Agent': 'b' } })).status,
    410,
  );

  await store.shareLinks.revokeLink(folderLink.id, Date.now());
  t.equal((await ask('GET', `/share/${folderLink.token}/plan.pdf`)).status, 410, 'a revoke is no cache’s');
  const log = readFileSync(`${folder}/access.log`, 'utf8');
  t.match(log, '"uri":"/_latchkey/s/-/plan.pdf"');
  for (const { token } of [folderLink, locked, ended, once])
    t.notOk(log.includes(token), 'no token in the log');

  await files.stop('SIGKILL');
  const away = await ask('GET', `/share/${locked.token}/plan.pdf`);
  t.same([away.status, away.headers['retry-after']], [503, '1'], 'not the site’s page');
});
