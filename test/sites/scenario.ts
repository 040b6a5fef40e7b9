/**
 * What people do on a site with sessions of its own, in a real browser: the same for every kind of site. The test
 * files beside this one name the kind.
 */

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from 'playwright-core';
import t, { type Test } from 'tap';
import { look, openBrowser, person } from './browser.js';
import {
  PEOPLE,
  type Person,
  PHOTO,
  PLAN,
  PLAN_TEXT,
  type SiteKind,
  type SiteWithSessions,
  siteWithSessions,
} from './site.js';

/** Longer than the whole test: what ends sooner was ended by the hook. */
const LONG_MS = 600_000;
const SHORT_MS = 2_000;

export async function siteScenario(kind: SiteKind): Promise<void> {
  const browser = await openBrowser(t);
  t.test(`${kind.name}: who may opens a file at its plain URL, who may not is told so`, async (t) => {
    const site = await siteWithSessions(t, kind, { keptMs: LONG_MS, isTold: true });
    const alice = await person(browser);
    const bob = await person(browser);

    await t.test('the first visit leads by the login to the file', async (t) => {
      await alice.goto(site.origin + PLAN);
      const login = new URL(alice.url());
      t.same([login.pathname, login.searchParams.get('next')], [kind.loginPath, PLAN]);
      await look(alice, `${kind.name}-login`);
      await fillIn(alice, 'alice');
      t.equal(alice.url(), site.origin + PLAN);
      t.equal(await alice.locator('body').innerText(), PLAN_TEXT);
      await look(alice, `${kind.name}-file`);
    });

    await t.test('a colleague without the grant signs in and sees that it is not for him', async (t) => {
      await bob.goto(site.origin + PLAN);
      await fillIn(bob, 'bob');
      t.equal(bob.url(), site.origin + PLAN);
      t.equal(await bob.locator('h1').innerText(), 'You may not open this');
      t.equal((await bob.goto(site.origin + PLAN))?.status(), 403);
      await look(bob, `${kind.name}-forbidden`);
    });

    await t.test('a picture on a page of the site loads for the one and not for the other', async (t) => {
      t.same(await gallery(alice, site), { who: 'alice', status: 200, width: 64 });
      await look(alice, `${kind.name}-gallery-alice`);
      t.same(await gallery(bob, site), { who: 'bob', status: 403, width: 0 });
      await look(bob, `${kind.name}-gallery-bob`);
      const stranger = await person(browser);
      t.same(await gallery(stranger, site), { who: 'nobody', status: 401, width: 0 });
    });

    await t.test('a form of the site uploads, a form of another origin does not', async (t) => {
      await alice.goto(`${site.origin}/gallery/`);
      t.equal(await upload(alice), 201);
      t.equal(await readsOwn(alice, site), 200);
      for (const [host, status] of [
        // Another port is the same site to a cookie: it travels, and does not count.
        ['127.0.0.1', 403],
        ['localhost', kind.foreignFormStatus],
      ] as const) {
        await alice.goto(await strangePage(t, host, `${site.origin}/media/users/alice/`));
        t.equal(await upload(alice, 'stolen.txt'), status, host);
        t.equal(await readsOwn(alice, site, 'stolen.txt'), 404);
      }
    });

    await t.test('who signs out has no access from then on, and nobody else is signed out', async (t) => {
      await alice.goto(site.origin + PLAN);
      t.equal(await alice.locator('body').innerText(), PLAN_TEXT);
      const stolen = await person(browser);
      await stolen.context().addCookies(await alice.context().cookies());
      t.equal((await stolen.goto(site.origin + PLAN))?.status(), 200);
      // Who asks while she is half signed out is asked about again: she must be out of the site by then.
      site.whenTold = async () => t.equal((await stolen.request.get(site.origin + PLAN)).status(), 401);
      await signOut(alice, site);
      t.equal((await stolen.request.get(site.origin + PLAN)).status(), 401, 'nor has a copy of the cookie');
      await alice.goto(site.origin + PLAN);
      t.equal(new URL(alice.url()).pathname, kind.loginPath);
      t.equal((await bob.request.get(site.origin + PLAN)).status(), 403);
      await fillIn(alice, 'alice');
      t.equal(await alice.locator('body').innerText(), PLAN_TEXT, 'and may sign in again');
    });
  });

  t.test(`${kind.name}: without the hook a sign-out holds after LATCHKEY_SESSION_KEPT_MS`, async (t) => {
    const site = await siteWithSessions(t, kind, { keptMs: SHORT_MS, isTold: false });
    const alice = await person(browser);
    await alice.goto(site.origin + PLAN);
    await fillIn(alice, 'alice');
    const stolen = await person(browser);
    await stolen.context().addCookies(await alice.context().cookies());
    t.equal((await stolen.goto(site.origin + PLAN))?.status(), 200);
    await signOut(alice, site);
    const signedOutAt = performance.now();
    let sentAt = signedOutAt;
    let lastAllowedAt = signedOutAt;
    while ((await stolen.request.get(site.origin + PLAN)).status() === 200) {
      lastAllowedAt = sentAt;
      sentAt = performance.now();
      if (sentAt - signedOutAt > 10 * SHORT_MS) break;
    }
    t.ok(lastAllowedAt - signedOutAt <= SHORT_MS, `late by ${Math.round(lastAllowedAt - signedOutAt)} ms`);
  });
}

async function fillIn(page: Page, who: Person): Promise<void> {
  await page.fill('input[name=username]', who);
  await page.fill('input[name=password]', PEOPLE[who].password);
  await Promise.all([page.waitForNavigation(), page.click('button')]);
}

async function signOut(page: Page, { origin }: SiteWithSessions): Promise<void> {
  await page.goto(`${origin}/gallery/`);
  await Promise.all([page.waitForNavigation(), page.click('#out')]);
}

/** What the gallery shows: who has signed in, and what became of the picture. */
async function gallery(page: Page, { origin }: SiteWithSessions) {
  const [picture] = await Promise.all([
    page.waitForResponse(origin + PHOTO),
    page.goto(`${origin}/gallery/`, { waitUntil: 'load' }),
  ]);
  const width = await page.evaluate("document.querySelector('#photo').naturalWidth");
  return { who: await page.locator('#who').innerText(), status: picture.status(), width };
}

/** Sends the form of the page that is open. */
async function upload(page: Page, name = 'mine.txt'): Promise<number> {
  await page.setInputFiles('#upload input', { name, mimeType: 'text/plain', buffer: Buffer.from('mine') });
  const [answer] = await Promise.all([
    page.waitForResponse((response) => response.request().method() === 'POST'),
    page.click('#send'),
  ]);
  return answer.status();
}

async function readsOwn(page: Page, { origin }: SiteWithSessions, name = 'mine.txt'): Promise<number> {
  return (await page.request.get(`${origin}/media/users/alice/${name}`)).status();
}

/** A page of another origin with a form that uploads to the site. */
async function strangePage(t: Test, host: string, action: string): Promise<string> {
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html');
    response.end(`<!doctype html><form id="upload" method="post" action="${action}" enctype="multipart/form-data">
      <input type="file" name="file"><button type="submit" id="send">Win</button></form>`);
  });
  t.teardown(() => server.close());
  await once(server.listen(0, host), 'listening');
  return `http://${host}:${(server.address() as AddressInfo).port}/`;
}
