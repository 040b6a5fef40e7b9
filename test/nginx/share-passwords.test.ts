/** A link with a password, through nginx: the form, the ticket, and what guessing costs. */

import { mkdirSync, rmdirSync } from 'node:fs';
import SQLite from 'better-sqlite3';
import t from 'tap';
import { hashPassword } from '../../src/links/password.js';
import { childrenOf, ticksOf } from '../commands/processes.js';
import { form, NAVIGATION } from './refused.js';
import { cookiesOf, sharedSite } from './shared-links.js';

const BYTES = '0123456789';
const PASSWORD = 'four words, an ü & a =';
const OWN = { 'Sec-Fetch-Site': 'same-origin' };

t.test('the right password opens the link, and that link alone, until it is changed', async (t) => {
  const site = await sharedSite(t);
  await site.put('/team/sub/plan.pdf', BYTES);
  const passwordHash = await hashPassword(PASSWORD);
  for (const prefix of ['', '/_latchkey']) {
    const link = await site.share('/team/', { passwordHash });
    const twin = await site.share('/team/', { passwordHash });
    const below = '/sub/plan.pdf';
    const url = prefix + link.url + below;
    const page = await site.get(url, NAVIGATION);
    t.equal(page.status, 401, 'what is saved by a program is no file');
    t.equal(page.headers['www-authenticate'], undefined, 'no dialog of the browser');
    t.match(page.body.toString(), '<input id="password" name="password" type="password"');
    t.notMatch(page.body.toString(), /plan|sub\b|<script/, 'nothing of what is behind it');
    t.equal(form(await site.get(url)), '401 json');

    const opened = await site.post(url, { password: PASSWORD }, OWN);
    t.same([opened.status, opened.headers.location], [303, './plan.pdf']);
    t.match(opened.headers, { 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' });
    t.match(
      opened.headers['set-cookie'],
      new RegExp(
        `^latchkey-password=[^;]+; Max-Age=3600; Path=${prefix}${link.url}; HttpOnly; SameSite=Lax$`,
      ),
    );
    const Cookie = cookiesOf(opened);
    t.equal((await site.get(url, { Cookie })).body.toString(), BYTES);
    t.equal((await site.get(`${prefix}${link.url}/`, { Cookie })).status, 200);
    t.equal(
      (await site.get(url, { Cookie: `latchkey-password=x; ${Cookie}` })).status,
      200,
      'beside another one',
    );
    t.equal(
      (await site.get(`${prefix}${twin.url}${below}`, { Cookie })).status,
      401,
      'no other link, of the same password',
    );
    t.equal(
      (await site.get(url, { Cookie: `${Cookie.slice(0, -1)}${Cookie.endsWith('A') ? 'Q' : 'A'}` })).status,
      401,
    );

    const { terms } = (await site.store.shareLinks.link(link.id)) ?? {};
    if (terms === undefined) throw new Error('the link is gone');
    const anew = { ...terms, passwordHash: await hashPassword(PASSWORD) };
    await site.store.shareLinks.changeLink(link.id, () => anew);
    t.equal((await site.get(url, { Cookie })).status, 401, 'a new password ends what the old one opened');
    await site.store.shareLinks.revokeLink(link.id, Date.now());
    t.equal((await site.get(url, { Cookie })).status, 410, 'and a revoke ends it at once');
  }
});

t.test('where it leads back to, and what is no way to send a password', async (t) => {
  const site = await sharedSite(t, { LATCHKEY_PUBLIC_URL: 'https://files.example' });
  await site.put('/team/plan.pdf', BYTES);
  const { url, token } = await site.share('/team/', { passwordHash: await hashPassword(PASSWORD) });
  for (const [below, location] of [
    ['', `./${token}/`],
    ['/', './'],
    ['/?sort=size', './?sort=size'],
    ['/plan.pdf', './plan.pdf'],
    ['/a%20b/c/', './'],
  ] as const) {
    const answer = await site.post(url + below, { password: PASSWORD });
    t.same([answer.status, answer.headers.location], [303, location], below);
    t.match(answer.headers['set-cookie'], /; Secure; SameSite=Lax$/, 'the site is https');
  }
  const free = await site.share('/team/');
  const answer = await site.post(`${free.url}/plan.pdf`, { password: 'x' });
  t.same([answer.status, cookiesOf(answer)], [303, ''], 'of a link without one, none is asked');

  const type = { 'Content-Type': 'application/x-www-form-urlencoded' };
  const password = `password=${encodeURIComponent(PASSWORD)}`;
  const post = (headers: Readonly<Record<string, string>>, body: string) =>
    site.ask('POST', `${url}/`, { headers, body });
  const long = await post(type, `${password}&${'x'.repeat(2048)}`);
  t.match([long.status, long.body.toString()], [413, 'a password has at most 256']);
  for (const other of [{ 'Content-Type': 'application/json' }, {}]) {
    const { status, body } = await post(other, '{}');
    t.match([status, body.toString()], [415, 'as application/x-www-form-urlencoded']);
  }
  t.equal(
    (await site.post(`${url}/`, { password: PASSWORD }, { Origin: 'https://files.example' })).status,
    303,
  );
  t.equal(form(await post(type, '')), '401 json');
  t.equal(form(await post({}, '')), '401 json');
  t.equal(form(await site.ask('POST', `${url}/`)), '401 json', 'no body at all');
  t.equal(form(await post(type, 'password=%FF%ZZ')), '401 json');
  t.equal(form(await post(type, `password=${'x'.repeat(500)}`)), '401 json');
  for (const foreign of [
    { Origin: 'https://evil.example' },
    { 'Sec-Fetch-Site': 'cross-site' },
    { Origin: 'null' },
  ]) {
    const crossed = await site.post(`${url}/`, { password: PASSWORD }, foreign);
    t.same([form(crossed), cookiesOf(crossed)], ['403 json', ''], JSON.stringify(foreign));
  }
});

t.test('guessing has to wait, on one link and on all of them, and whoever knows it does not', async (t) => {
  const site = await sharedSite(t);
  await site.put('/team/plan.pdf', BYTES);
  const passwordHash = await hashPassword(PASSWORD);
  const { url } = await site.share('/team/plan.pdf', { passwordHash });
  const guess = async (headers = {}) => site.post(`${url}/`, { password: 'wrong' }, headers);
  const counts = `${site.dataFolder}/latchkey.db-counts`;
  mkdirSync(counts); // in the place of the file
  for (let i = 0; i < 6; i++) t.equal(form(await guess()), '503 json', 'what cannot be counted is not tried');
  t.match(
    (await guess(NAVIGATION)).body.toString(),
    'Whether this link opens cannot be found out right now.',
  );
  t.equal((await site.post(`${url}/`, { password: PASSWORD })).status, 503);
  rmdirSync(counts);
  for (let i = 0; i < 5; i++) t.equal(form(await guess()), '401 json', 'the first ones');
  const db = new SQLite(counts);
  t.teardown(() => db.close());
  const onLink = "failure_counts WHERE kind = 'address-on-link'";
  t.same(db.prepare(`SELECT failures FROM ${onLink}`).all(), [{ failures: 5 }]);
  // Many more, whose quarter of an hour is longer than any machine is busy; a second is not.
  db.prepare("UPDATE failure_counts SET failures = 20, at = ? WHERE kind = 'address-on-link'").run(
    Date.now(),
  );
  const limited = await guess();
  const waitSeconds = Number(limited.headers['retry-after']);
  t.ok(form(limited) === '429 json' && waitSeconds > 0 && waitSeconds <= 900, `${waitSeconds}`);
  const page = await guess(NAVIGATION);
  t.match([page.status, page.body.toString()], [429, /Wait \d+ \w+, then try the password again\./]);
  const right = await site.post(`${url}/`, { password: PASSWORD });
  t.equal(right.status, 429, 'the right one is not looked at either');
  const other = await site.share('/team/plan.pdf', { passwordHash });
  t.equal((await site.post(`${other.url}/`, { password: PASSWORD })).status, 303, 'of another link');
});

t.test('an unknown link is not told from a wrong password by the time that it takes', async (t) => {
  const site = await sharedSite(t);
  await site.put('/team/plan.pdf', BYTES);
  const passwordHash = await hashPassword(PASSWORD);
  const unknown = `/s/${'A'.repeat(44)}`;
  const service = childrenOf(site.process.pid ?? 0).find(({ words }) => words.includes('files'))?.pid ?? 0;
  const ticks = { unknown: 0, wrong: 0, plain: 0 };
  const timed = async (url: string, kind: keyof typeof ticks, status: number) => {
    const before = ticksOf(service);
    const answer = await site.post(`${url}/`, { password: 'wrong' });
    ticks[kind] += ticksOf(service) - before;
    t.equal(answer.status, status, url);
  };
  for (let i = 0; i < 5; i++) {
    // A link of its own each time: none of them has to wait.
    const { url } = await site.share('/team/plan.pdf', { passwordHash });
    await timed(url, 'wrong', 401);
    await timed(unknown, 'unknown', 404);
    const { url: free } = await site.share('/team/plan.pdf');
    await timed(free, 'plain', 303);
  }
  // Of the service's own work: how long it takes on a busy machine says little.
  const { wrong, unknown: none, plain } = ticks;
  t.ok(wrong > 2 * plain && none > 2 * plain, `${wrong} and ${none} are scrypt's, ${plain} is without`);
  t.ok(none > wrong / 2 && none < wrong * 2, `${none} is as much as ${wrong}`);
});
