/**
 * 403 as the visitor needs it, with the number by which the operator finds the request; and, where that is wished, a
 * 404 that nobody can tell from a file that is not there.
 */

import t from 'tap';
import { type LogLine, linesOf } from './access-log.js';
import { form, NAVIGATION, times, withoutDate } from './refused.js';
import { type Site, startSite, until } from './running-site.js';

const FILE = '/files/users/alice/plan.txt';
const HTML = '/files/users/alice/page.html';
const DOWNLOAD = '/_latchkey/download/users/alice/plan.txt';
const LOG_MS = 30_000;
const ORIGIN = 'https://app.example';

function lines({ dataFolder }: Site): readonly LogLine[] {
  return linesOf(`${dataFolder}/run/access.log`);
}

/** nginx writes the line of a refused upload when it has thrown the body away. */
async function lineOf(site: Site, id: string): Promise<LogLine> {
  const find = async () => lines(site).find((line) => line.id === id);
  const line = await until(find, (found) => found !== undefined, LOG_MS);
  if (line === undefined) throw new Error(`no line of ${id}`);
  return line;
}

t.test('a page for browsers, JSON for others, each with the request’s number', async (t) => {
  const site = await startSite(t, { LATCHKEY_LOGIN_URL: '/login' });
  const alice = site.token('alice');
  const token = site.token('bob');
  for (const target of [FILE, HTML]) await site.ask('PUT', target, { token: alice, body: 'private' });
  const api = { Accept: 'application/json' };
  const table: readonly (readonly [string, string, Record<string, string>, string])[] = [
    ['GET', FILE, NAVIGATION, '403 page'],
    ['GET', HTML, NAVIGATION, '403 page'],
    ['GET', DOWNLOAD, NAVIGATION, '403 page'],
    ['GET', `${FILE}.none`, NAVIGATION, '403 page'],
    ['POST', FILE, NAVIGATION, '403 page'],
    ['GET', FILE, api, '403 json'],
    ['GET', HTML, api, '403 json'],
    ['GET', DOWNLOAD, api, '403 json'],
    ['GET', HTML, {}, '403 json'],
    ['PUT', FILE, api, '403 json'],
    ['DELETE', FILE, api, '403 json'],
    ['OPTIONS', FILE, api, '403 json'],
  ];
  for (const [method, target, headers, expected] of table) {
    const answer = await site.ask(method, target, { token, headers, ...(method === 'PUT' && { body: 'x' }) });
    const text = `${method} ${target}: ${JSON.stringify(headers)}`;
    t.equal(form(answer), expected, text);
    t.equal(times(answer, 'www-authenticate') + times(answer, 'location'), 0, text);
    const id = /[0-9a-f]{32}/.exec(answer.body.toString())?.[0] ?? 'none';
    const { uri, ...line } = await lineOf(site, id);
    t.match(
      line,
      { status: 403, decision: 'forbidden', principal: 'user:bob' },
      `the log has its number: ${text}`,
    );
    t.ok(uri.endsWith(target), `and its URL: ${uri}`);
    t.notMatch(answer.body.toString(), /alice|private|no-grant|<script|https?:/);
    t.match(answer.headers, { 'x-content-type-options': 'nosniff', 'cache-control': 'private, no-cache' });
    t.match(answer.headers['content-security-policy'], /^sandbox allow-same-origin; default-src 'none'/);
  }
  for (const target of [FILE, DOWNLOAD]) {
    const { status, body } = await site.ask('HEAD', target, { token, headers: NAVIGATION });
    t.same([status, body.length], [403, 0]);
  }
});

t.test('LATCHKEY_HIDE_FORBIDDEN=yes: nobody can tell what is forbidden from what is not there', async (t) => {
  const settings = {
    LATCHKEY_HIDE_FORBIDDEN: 'yes',
    LATCHKEY_LOGIN_URL: '/login',
    LATCHKEY_CORS_ORIGINS: ORIGIN,
  };
  const site = await startSite(t, settings);
  await site.ask('PUT', FILE, { token: site.token('alice'), body: 'private' });
  const token = site.token('bob');
  const own = (target: string) => target.replace('/alice/', '/bob/');
  const asked: readonly Record<string, string>[] = [
    {},
    NAVIGATION,
    { Accept: 'application/json' },
    { Origin: ORIGIN },
    { Range: 'bytes=0-1' },
    { 'If-None-Match': '*' },
    { 'If-Modified-Since': 'Thu, 01 Jan 1970 00:00:00 GMT' },
    { 'User-Agent': 'Mozilla/5.0 Chrome/120 MSIE 6.0' },
    { 'Accept-Encoding': 'gzip' },
  ];
  for (const target of [
    FILE,
    DOWNLOAD,
    `${DOWNLOAD}?inline`,
    '/files/users/alice/',
    '/files/users/alice/a.html',
  ]) {
    for (const headers of asked) {
      for (const method of ['GET', 'HEAD']) {
        const text = `${method} ${target}: ${JSON.stringify(headers)}`;
        const missing = await site.ask(method, own(target), { token, headers });
        const forbidden = await site.ask(method, target, { token, headers });
        t.equal(missing.status, 404, text);
        t.equal(withoutDate(forbidden), withoutDate(missing), text);
      }
    }
  }
  t.match(lines(site).at(-1), { status: 404, decision: 'forbidden', principal: 'user:bob' }, 'the log tells');
  for (const [method, body] of [
    ['PUT', 'x'],
    ['DELETE', undefined],
    ['POST', 'x'],
  ] as const) {
    t.equal((await site.ask(method, FILE, { token, ...(body && { body }) })).status, 404, method);
  }
  for (const target of [FILE, DOWNLOAD]) {
    t.equal((await site.ask('GET', target)).status, 401, 'a stranger has to sign in');
    t.equal((await site.ask('GET', target, { headers: NAVIGATION })).status, 302);
  }
  const alice = site.token('alice');
  for (const target of [FILE, DOWNLOAD]) {
    t.equal((await site.ask('GET', target, { token: alice })).body.toString(), 'private');
  }
  await site.cli('grant', 'user:bob', 'read', '/users/alice/');
  t.equal((await site.ask('PUT', FILE, { token, body: 'x' })).status, 404, 'to read is not to write');
  t.equal((await site.ask('GET', FILE, { token })).body.toString(), 'private');
});
