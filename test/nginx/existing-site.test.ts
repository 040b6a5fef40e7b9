/**
 * A site that was there before: a configuration written by hand, into which the lines of `latchkey nginx` are pasted.
 * Its own habits (an error_page that turns 404 into 200, a regex location, a cache for its back end) must not reach
 * the private files, and the rest of it must work as it did.
 */

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import t, { type Test } from 'tap';
import { type Lines, type PastedSite, type Place, pastedSite } from './pasted-site.js';
import { form, NAVIGATION, times, withoutDate } from './refused.js';

const INDEX = '<h1>the site</h1>';
const PRIVATE = '%PDF private';

/** The site as its operator wrote it; the lines were pasted where the two parts stand. */
function handWritten({ folder, port }: Place, { http, server }: Lines): string {
  return `
    access_log off;
    sendfile on;
    gzip on;

    # for the site's own back end
    proxy_cache_path ${folder}/cache keys_zone=site:1m;
    proxy_cache site;
    proxy_cache_valid any 10m;
    proxy_ignore_headers Cache-Control Expires Set-Cookie;
    proxy_intercept_errors on;
    proxy_set_header X-Site yes;

${http}

    server {
        listen 127.0.0.1:${port};
        server_name _;
        root ${folder}/site;
        index index.html;
        ssi on;
        satisfy any;
        allow 127.0.0.1;
        deny all;
        error_page 404 =200 /index.html;
        error_page 401 403 =200 /index.html;
        error_page 500 502 503 504 =200 /index.html;
        recursive_error_pages on;
        absolute_redirect on;

        location / { }
        location ~* \\.(pdf|jpg)$ {
            add_header X-Site static;
            expires 30d;
        }

${server}
    }
`;
}

async function existingSite(t: Test, settings: Readonly<Record<string, string>> = {}): Promise<PastedSite> {
  const site = await pastedSite(t, { http: handWritten, settings });
  writeFileSync(`${site.folder}/site/index.html`, INDEX);
  writeFileSync(`${site.folder}/site/public.pdf`, '%PDF public');
  writeFileSync(`${site.folder}/site/media/plan.pdf`, PRIVATE);
  return site;
}

t.test('the lines of `latchkey nginx`, pasted into a site of its own habits', async (t) => {
  const { ask, token, cli, folder, authorizer, files } = await existingSite(t);
  const alice = token('alice');
  const bob = token('bob');
  const seen = async (method: string, target: string, options?: Parameters<typeof ask>[2]) => {
    const { status, body } = await ask(method, target, options);
    return [status, body.toString()];
  };

  t.test('the rest of the site works as it did', async (t) => {
    t.same(await seen('GET', '/'), [200, INDEX]);
    t.same(await seen('GET', '/none'), [200, INDEX], 'its 404 is a 200');
    const pdf = await ask('GET', '/public.pdf');
    t.same([pdf.status, pdf.body.toString(), pdf.headers['x-site']], [200, '%PDF public', 'static']);
    t.equal((await ask('PUT', '/new', { token: alice, body: 'x' })).status, 405, 'and takes no uploads');
  });

  t.test('what is under the prefix is judged, whatever the site does with 401, 403 and 404', async (t) => {
    const plan = '/media/plan.pdf';
    t.equal((await ask('GET', plan)).status, 401);
    t.equal((await ask('GET', plan, { token: bob })).status, 403);
    t.equal(await cli('grant user:bob read /plan.pdf'), 0);
    const got = await ask('GET', plan, { token: bob });
    t.same([got.status, got.body.toString()], [200, PRIVATE]);
    t.same(
      [got.headers['x-site'], got.headers['cache-control']],
      [undefined, 'private, no-cache'],
      'no regex location',
    );
    t.equal((await ask('GET', plan)).status, 401, 'a cache for the back end keeps no decision');
    t.equal((await ask('GET', plan, { token: alice })).status, 403);
    t.same(await seen('GET', plan, { token: bob, headers: { Range: 'bytes=1-3' } }), [206, 'PDF']);
    const saved = await ask('GET', '/_latchkey/download/plan.pdf', { token: bob });
    t.same([saved.status, saved.body.toString()], [200, PRIVATE]);
    t.match(saved.headers['content-disposition'], 'attachment; filename=plan.pdf');
    t.equal((await ask('GET', '/_latchkey/download/plan.pdf')).status, 401);
    t.equal((await ask('GET', '/_latchkey/download/plan.pdf', { token: alice })).status, 403);
    t.equal(await cli('revoke user:bob /plan.pdf'), 0);
    t.equal((await ask('GET', plan, { token: bob })).status, 403, 'a revoke holds for the next request');
    t.equal((await ask('GET', '/_latchkey/download/plan.pdf', { token: bob })).status, 403);
    t.equal(
      (await ask('GET', '/media/users/bob/none', { token: bob })).status,
      404,
      'and what is missing is 404',
    );
    t.equal((await ask('GET', '/_latchkey/download/users/bob/none', { token: bob })).status, 404);
  });

  t.test('uploads and deletions reach the site’s own folder', async (t) => {
    const photo = '/media/users/alice/photo.jpg';
    const disk = `${folder}/site${photo}`;
    t.equal((await ask('PUT', photo, { token: bob, body: 'x' })).status, 403);
    t.equal((await ask('PUT', photo, { body: 'x' })).status, 401);
    t.equal((await ask('PUT', photo, { token: alice, body: 'one' })).status, 201);
    t.equal(readFileSync(disk, 'utf8'), 'one');
    t.same(await seen('GET', photo, { token: alice }), [200, 'one']);
    t.equal((await ask('PUT', photo, { token: alice, body: 'two' })).status, 204);
    t.same(await seen('GET', photo, { token: alice }), [200, 'two']);
    const api = `/_latchkey/api/v1/grants?path=${encodeURIComponent('/users/alice/photo.jpg')}`;
    t.equal((await ask('GET', api, { token: alice })).status, 200);
    t.equal(
      (await ask('GET', api, { token: bob })).status,
      403,
      'nor does the cache keep an answer of the API',
    );
    t.equal((await ask('DELETE', photo, { token: alice })).status, 204);
    t.notOk(existsSync(disk));
    t.equal((await ask('GET', photo, { token: alice })).status, 404);
  });

  t.test('a page that somebody uploads includes nothing, though the site has SSI on', async (t) => {
    const page = '<!--#include virtual="/_latchkey/serve/media/plan.pdf" -->';
    t.equal((await ask('PUT', '/media/users/alice/page.html', { token: alice, body: page })).status, 201);
    t.same(await seen('GET', '/media/users/alice/page.html', { token: alice }), [200, page]);
    const inline = '/_latchkey/download/users/alice/page.html?inline';
    t.same(await seen('GET', inline, { token: alice }), [200, page]);
  });

  t.test('from outside, the internal locations open nothing', async (t) => {
    for (const target of [
      '/_latchkey/authorize',
      '/_latchkey/serve/media/plan.pdf',
      '/_latchkey/write/media/plan.pdf',
    ]) {
      t.equal((await ask('GET', target, { token: alice })).status, 404, target);
    }
  });

  t.test('without the files service there are no uploads; without the authorizer, no file', async (t) => {
    t.equal(await cli('grant user:bob read /plan.pdf'), 0);
    t.equal((await files.stop()).code, 0);
    t.equal((await ask('PUT', '/media/users/alice/x', { token: alice, body: 'x' })).status, 503);
    t.equal((await ask('GET', '/_latchkey/download/plan.pdf', { token: bob })).status, 503);
    t.same(await seen('GET', '/media/plan.pdf', { token: bob }), [200, PRIVATE]);
    t.equal((await authorizer.stop()).code, 0);
    for (const asked of [bob, alice, undefined]) {
      const { status, headers, body } = await ask('GET', '/media/plan.pdf', { token: asked });
      t.same([status, headers['retry-after']], [503, '1']);
      t.notMatch(body.toString(), 'PDF');
    }
    t.same(await seen('GET', '/'), [200, INDEX], 'the rest of the site is well');
  });
});

t.test('on such a site, too, a refused visitor is told what to do next', async (t) => {
  const settings = { LATCHKEY_LOGIN_URL: '/login', LATCHKEY_FAILURES_MAX: '3' };
  const { ask, token } = await existingSite(t, settings);
  const bob = { token: token('bob') };
  for (const target of ['/media/plan.pdf', '/_latchkey/download/plan.pdf']) {
    const headers = { ...NAVIGATION, 'X-Forwarded-Host': 'evil.example' };
    const sent = await ask('GET', target, { headers });
    const location = `/login?next=${encodeURIComponent(target)}`;
    t.same([sent.status, sent.headers.location], [302, location], 'no host, though absolute_redirect is on');
    const plain = await ask('GET', target);
    t.equal(form(plain), '401 json', target);
    t.equal(times(plain, 'www-authenticate'), 1, target);
    t.equal(form(await ask('GET', target, bob)), '403 json', target);
    t.equal(form(await ask('GET', target, { ...bob, headers: NAVIGATION })), '403 page', target);
    t.equal(
      form(await ask('PUT', '/media/plan.pdf', { headers: NAVIGATION, body: 'x' })),
      '401 page',
      target,
    );
  }
  for (let i = 0; i < 3; i++) await ask('GET', '/media/plan.pdf', { token: 'x.y.z' });
  for (const target of ['/media/plan.pdf', '/_latchkey/download/plan.pdf']) {
    await ask('GET', target, { token: 'x.y.z' });
  }
  const limited = await ask('GET', '/media/plan.pdf', { token: 'x.y.z' });
  t.same([form(limited), limited.headers['retry-after']], ['429 json', '60']);
});

t.test('and what is hidden is as what is missing', async (t) => {
  const { ask, token } = await existingSite(t, { LATCHKEY_HIDE_FORBIDDEN: 'yes' });
  const bob = { token: token('bob') };
  for (const target of ['/media/plan.pdf', '/_latchkey/download/plan.pdf']) {
    const forbidden = await ask('GET', target, bob);
    const missing = await ask('GET', target.replace('/plan', '/users/bob/plan'), bob);
    t.equal(missing.status, 404, target);
    t.equal(withoutDate(forbidden), withoutDate(missing), target);
  }
});
