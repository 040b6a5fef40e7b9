/**
 * 401 as the visitor needs it: a browser that wants a page goes to the login page and comes back to where it was;
 * everything else gets a plain 401 with one challenge. The address to come back to is of this site, whatever was
 * asked.
 */

import { readFileSync } from 'node:fs';
import t from 'tap';
import { form, NAVIGATION, times, wayBack } from './refused.js';
import { startSite } from './running-site.js';

const FILE = '/files/users/alice/plan.txt';
const DOWNLOAD = '/_latchkey/download/users/alice/plan.txt';
const SITE = 'http://site.example';

const IMAGE = { 'Sec-Fetch-Mode': 'no-cors', 'Sec-Fetch-Dest': 'image', Accept: 'image/avif,image/webp,*/*' };
const FETCH = { 'Sec-Fetch-Mode': 'cors', 'Sec-Fetch-Dest': 'empty', Accept: '*/*' };
const FRAME = { 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'iframe', Accept: 'text/html' };
const OLD_BROWSER = { Accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };

t.test('who is sent to the login page', async (t) => {
  const site = await startSite(t, { LATCHKEY_LOGIN_URL: '/login' });
  const table: readonly (readonly [string, string, Record<string, string>, string])[] = [
    ['a browser', 'GET', NAVIGATION, '302'],
    ['a browser', 'HEAD', NAVIGATION, '302'],
    ['a browser with a credential that is none', 'GET', { ...NAVIGATION, Authorization: 'Bearer x' }, '302'],
    ['a browser without Sec-Fetch', 'GET', OLD_BROWSER, '302'],
    ['an image', 'GET', IMAGE, '401 json'],
    ['an image that would take HTML', 'GET', { ...IMAGE, Accept: 'text/html' }, '401 json'],
    ['fetch()', 'GET', FETCH, '401 json'],
    ['fetch() that would take HTML', 'GET', { ...FETCH, Accept: 'text/html' }, '401 json'],
    ['a frame', 'GET', FRAME, '401 json'],
    ['curl', 'GET', { Accept: '*/*' }, '401 json'],
    ['a client without Accept', 'GET', {}, '401 json'],
    ['a client that wants JSON', 'GET', { Accept: 'application/json' }, '401 json'],
    ['a form', 'POST', NAVIGATION, '401 page'],
    ['an upload', 'PUT', NAVIGATION, '401 page'],
    ['curl -T', 'PUT', { Accept: '*/*' }, '401 json'],
    ['a deletion', 'DELETE', FETCH, '401 json'],
    ['a question about methods', 'OPTIONS', FETCH, '401 json'],
  ];
  for (const [name, method, headers, expected] of table) {
    const targets = method === 'GET' ? [FILE, DOWNLOAD, `${FILE}.none`] : [FILE];
    for (const target of targets) {
      const answer = await site.ask(method, target, { headers, ...(method === 'PUT' && { body: 'x' }) });
      const text = `${name}: ${method} ${target}`;
      if (expected === '302') {
        t.equal(answer.status, 302, text);
        t.equal(answer.headers.location, `/login?next=${encodeURIComponent(target)}`, text);
      } else {
        t.equal(form(answer), expected, text);
        t.equal(answer.headers.location, undefined, text);
      }
      t.equal(times(answer, 'www-authenticate'), 1, `one challenge: ${text}`);
      t.equal(times(answer, 'cache-control'), 1, text);
      t.equal(answer.headers['cache-control'], 'private, no-cache', text);
      t.notMatch(answer.bytes.toString('latin1'), /^x-latchkey-/im, text);
    }
  }
  const bob = site.token('bob');
  t.equal(
    (await site.ask('GET', FILE, { headers: NAVIGATION, token: bob })).status,
    403,
    'signed in is not sent',
  );
  const log = readFileSync(`${site.dataFolder}/run/access.log`, 'utf8').trim().split('\n');
  const uris = new Set(log.map((line) => (JSON.parse(line) as { uri: string }).uri));
  t.same(
    [...uris].filter(
      (uri) => !/^(?:\/_latchkey\/(?:raw|write))?\/files\/|^\/_latchkey\/download\//.test(uri),
    ),
    [],
    'the log names what was asked for, not our pages',
  );
});

t.test('the address to come back to is the one that was asked for, on this site', async (t) => {
  const site = await startSite(t, { LATCHKEY_LOGIN_URL: '/login?app=files' });
  const targets = [
    '/files/users/alice/plan.txt?a=1&b=2',
    '/files/a?next=https://evil.example/&next=//evil.example',
    '/files/a?a=%0d%0aLocation:%20//evil.example',
    '/files//evil.example/a',
    '/files/%2fevil.example',
    '/files/%5cevil.example/%5c%5cevil.example',
    '/files/\\evil.example\\..\\..\\x',
    '/files/https://evil.example/',
    '/files/@evil.example:80/',
    '/files/a%20b+c%2Bd%25%26%3d%23%3f.txt',
    '/files/%22%3Cscript%3E%27',
    '/files/%E5%BC%A0%20%E4%BC%9F.txt',
    '/files/\xe5\xbc\xa0.txt?q=\xe5\xbc\xa0',
    '/files/%F0%9F%98%80/x;y=z,$&()*!~',
    '/files/%ff%fe',
    '/files/a?',
    '/files/a??//evil.example',
    '/files/a?#//evil.example',
    '/files/%2e%2e%2ffiles/b',
    '/files/a/../b',
    '//files/a',
    '/_latchkey/download/a%20b?inline',
    '/_latchkey/download/\\evil.example',
  ];
  for (const target of targets) {
    const lines = [
      `GET ${target} HTTP/1.1`,
      'Host: evil.example',
      'X-Forwarded-Host: evil.example',
      'Connection: close',
    ];
    const sent = [
      'X-Forwarded-Proto: https',
      ...Object.entries(NAVIGATION).map(([name, value]) => `${name}: ${value}`),
    ];
    const answer = await site.raw(Buffer.from(`${[...lines, ...sent].join('\r\n')}\r\n\r\n`, 'latin1'));
    t.equal(answer.status, 302, target);
    t.equal(times(answer, 'location'), 1, target);
    t.match(
      answer.headers.location,
      /^\/login\?app=files&next=[\w.~!*'()%-]+$/,
      `nothing to encode: ${target}`,
    );
    const { to, back, url } = wayBack(answer, SITE);
    t.same([to.origin, to.pathname, [...to.searchParams.keys()]], [SITE, '/login', ['app', 'next']], target);
    t.match(back, /^\/(?:files|_latchkey\/download)\//, `a path of ours: ${target}`);
    t.equal(url.origin, SITE, `this site: ${target}`);
    t.equal(url.hash, '', target);
    // nginx's own reading of the path: decoded once, slashes merged, dots resolved.
    const [path = '', ...query] = target.split('#', 1)[0]?.split('?') ?? [];
    t.same(bytesOf(url.pathname), bytesOf(resolved(path)), `the same path: ${target}`);
    t.equal(
      bytesOf(url.search.slice(1)).toString('latin1'),
      bytesOf(query.join('?')).toString('latin1'),
      target,
    );
  }
});

t.test('an address that is too long is cut down to the path, and then to nothing', async (t) => {
  const site = await startSite(t, { LATCHKEY_LOGIN_URL: '/login' });
  const ask = (target: string) => site.ask('GET', target, { headers: NAVIGATION });
  const query = 'q'.repeat(5000);
  t.equal((await ask(`/files/a?${query}`)).headers.location, '/login?next=%2Ffiles%2Fa');
  const long = `/files/${'a/'.repeat(1500)}b`;
  const { status, headers } = await ask(`${long}?${query}`);
  t.same([status, headers.location], [302, '/login']);
  const wide = await ask(`/files/${'%E5%BC%A0'.repeat(80)}/${'%E5%BC%A0'.repeat(80)}`);
  t.same([wide.status, wide.headers.location], [302, '/login'], 'which triples when it is encoded');
});

t.test(
  'a login page on another host is told the whole address of this site, as it is configured',
  async (t) => {
    const site = await startSite(t, {
      LATCHKEY_LOGIN_URL: 'https://id.example/start?client=files',
      LATCHKEY_LOGIN_PARAMETER: 'rd',
      LATCHKEY_PUBLIC_URL: 'https://files.example',
    });
    for (const target of ['/files/a%20b?c=d', '/_latchkey/download/a%20b?inline']) {
      const headers = { ...NAVIGATION, 'X-Forwarded-Host': 'evil.example', Forwarded: 'host=evil.example' };
      const answer = await site.ask('GET', target, { headers });
      const back = encodeURIComponent(`https://files.example${target}`);
      t.equal(answer.headers.location, `https://id.example/start?client=files&rd=${back}`);
    }
  },
);

t.test('without a login page, a browser gets a page that says so', async (t) => {
  const site = await startSite(t);
  for (const target of [FILE, DOWNLOAD]) {
    const answer = await site.ask('GET', target, { headers: NAVIGATION });
    t.equal(form(answer), '401 page', target);
    t.equal(times(answer, 'www-authenticate'), 1);
    t.match(answer.headers['content-security-policy'], /^sandbox allow-same-origin; default-src 'none'/);
    t.notMatch(answer.body.toString(), /<script|javascript:|https?:/i);
    const head = await site.ask('HEAD', target, { headers: NAVIGATION });
    t.same([head.status, head.body.length], [401, 0]);
  }
});

function bytesOf(escaped: string): Buffer {
  const decoded = escaped.replace(/%([0-9a-f]{2})/gi, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 16)),
  );
  return Buffer.from(decoded, 'latin1');
}

function resolved(path: string): string {
  const decoded = bytesOf(path)
    .toString('latin1')
    .replace(/\/{2,}/g, '/');
  const kept: string[] = [];
  for (const segment of decoded.split('/')) {
    if (segment === '..') kept.pop();
    else if (segment !== '.') kept.push(segment);
  }
  return kept.join('/').replaceAll('%', '%25');
}
