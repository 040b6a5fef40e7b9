/** Links in a real browser: a folder, a password over plain http, and what a click tells the next site. */

import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { chromium, type Page } from 'playwright-core';
import t, { type Test } from 'tap';
import { hashPassword } from '../../src/links/password.js';
import { look } from '../sites/browser.js';
import { sharedSite } from './shared-links.js';

const STEP_MS = 20_000;
/** A name that no browser takes for secure, as localhost would be: no Sec-Fetch-Site is sent. */
const HOST = 'site.example';

const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-background-networking',
    '--host-resolver-rules=MAP *.example 127.0.0.1',
  ],
});
t.teardown(() => browser.close());
const site = await sharedSite(t);

async function visitor(): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 900, height: 600 } });
  context.setDefaultTimeout(STEP_MS);
  return context.newPage();
}

/** Another site, which notes what it is told. */
async function otherSite(t: Test) {
  const asked: IncomingHttpHeaders[] = [];
  const server = createServer(({ headers }, response) => {
    asked.push(headers);
    response.end('<h1>elsewhere</h1>');
  });
  t.teardown(() => server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { url: `http://other.example:${port}/`, asked };
}

t.test(
  'a folder: in, down, up by the breadcrumb, sorted, to the file; no script, nothing blocked but what should',
  async (t) => {
    const page = await visitor();
    await site.put('/team/plan a+b&c.txt', 'plan');
    await site.put('/team/sub #1/deep?/in%2f.txt', 'deep');
    const link = await site.share('/team/', { disposition: 'inline' });
    const origin = `http://${HOST}:${site.port}`;
    const said: string[] = [];
    // It looks for an icon of a plain file by itself.
    page.on('console', (message) => {
      if (!message.text().includes('404')) said.push(message.text());
    });
    page.on('pageerror', (error) => said.push(error.message));
    await page.goto(origin + link.url);
    t.equal(page.url(), `${origin}${link.url}/`);
    await look(page, 'share-folder');
    t.equal(
      await page.evaluate('getComputedStyle(document.querySelector("main")).maxWidth'),
      '832px',
      'the style counts',
    );
    await page.getByText('sub #1').click();
    await page.getByText('deep?').click();
    t.equal(await page.locator('nav').innerText(), 'team/sub #1/deep?');
    await page.getByText('in%2f.txt').click();
    t.equal(await page.locator('body').innerText(), 'deep');
    await page.goBack();
    await page.locator('nav').getByText('team').click();
    t.equal(page.url(), `${origin}${link.url}/`);
    await page.getByText('Size').click();
    t.equal(await page.locator('th[aria-sort]').innerText(), 'Size ↓');
    await page.getByText('plan a+b&c.txt').click();
    t.equal(await page.locator('body').innerText(), 'plan');
    t.same(said, []);
  },
);

t.test('a password, typed wrongly and rightly, where the browser says nothing of its own site', async (t) => {
  const page = await visitor();
  await site.put('/team/sub/plan.txt', 'plan');
  const link = await site.share('/team/', {
    passwordHash: await hashPassword('four words'),
    disposition: 'inline',
  });
  const origin = `http://${HOST}:${site.port}`;
  const posts: Promise<Record<string, string>>[] = [];
  page.on('request', (request) => {
    if (request.method() === 'POST') posts.push(request.allHeaders());
  });
  const target = `${origin}${link.url}/sub/plan.txt`;
  await page.goto(target);
  t.equal(await page.locator('h1').innerText(), 'This link has a password');
  await look(page, 'share-password');
  await page.getByLabel('Password').fill('wrong');
  await page.getByRole('button').click();
  await page.getByText('That is not the password.').waitFor();
  await page.getByLabel('Password').fill('four words');
  await page.getByRole('button').click();
  await page.getByText('plan', { exact: true }).waitFor();
  t.equal(page.url(), target);
  await page.goto(`${origin}${link.url}/`);
  t.equal(await page.locator('nav').innerText(), 'team', 'the ticket is the whole link’s');
  const posted = await Promise.all(posts);
  t.equal(posted.length, 2);
  for (const headers of posted) {
    t.same([headers.origin, headers['sec-fetch-site']], [origin, undefined]);
    t.notOk(JSON.stringify([headers.origin, headers.referer]).includes(link.token));
  }
  const cookies = await page.context().cookies(`${origin}${link.url}/`);
  t.match(cookies, [{ name: 'latchkey-password', path: link.url, httpOnly: true, sameSite: 'Lax' }]);
  t.same(await page.context().cookies(`${origin}/files/`), [], 'and goes nowhere else');
});

t.test('a click from a page of a link tells the next site nothing', async (t) => {
  const page = await visitor();
  const other = await otherSite(t);
  await site.put('/team/page.html', `<a href="${other.url}">away</a>`);
  const link = await site.share('/team/', { disposition: 'inline' });
  const origin = `http://${HOST}:${site.port}`;
  await page.goto(`${origin}${link.url}/page.html`);
  await page.getByText('away').click();
  await page.getByText('elsewhere').waitFor();
  // And from each page of ours: an anchor that is put there, since none of them leads away.
  const locked = await site.share('/team/', { passwordHash: await hashPassword('x') });
  for (const target of [`${link.url}/`, `${link.url}/none`, `/s/unknown/`, `${locked.url}/`]) {
    await page.goto(origin + target);
    await page.evaluate(
      `const a = document.createElement('a'); a.href = '${other.url}'; document.body.append(a); a.click()`,
    );
    await page.getByText('elsewhere').waitFor();
  }
  const asked = other.asked.filter(({ accept }) => accept?.includes('text/html'));
  t.equal(asked.length, 5);
  for (const { referer } of asked) t.ok(referer === undefined || referer === `${origin}/`, String(referer));
  t.equal(
    asked.filter(({ referer }) => referer === undefined).length,
    4,
    'the page of a password alone tells the host',
  );
});
