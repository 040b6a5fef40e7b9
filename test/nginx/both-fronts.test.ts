/** `latchkey up --no-nginx` answers as nginx does: the same small table, through both. */

import { createHash } from 'node:crypto';
import t, { type Test } from 'tap';
import { basic } from '../credentials/presenting.js';
import { form, NAVIGATION, times } from './refused.js';
import { type Answer, type Site, startSite } from './running-site.js';

const FILE = '/files/team/plan.txt';
const DOWNLOAD = '/_latchkey/download/team/plan.txt';
const GRANTS = '/_latchkey/api/v1/grants?path=/team/';
const SECRET = 'what the proxy proves itself with: 32 bytes';
const APP = 'https://app.example';
const SETTINGS = {
  LATCHKEY_ADMINS: 'user:root',
  LATCHKEY_TOKEN_COOKIE: 'access',
  LATCHKEY_LOGIN_URL: '/login',
  LATCHKEY_PROXY_USER_HEADER: 'Remote-User',
  LATCHKEY_PROXY_GROUPS_HEADER: 'Remote-Groups',
  LATCHKEY_PROXY_SECRET: SECRET,
  LATCHKEY_CORS_ORIGINS: APP,
  LATCHKEY_STORE_DIGESTS: 'yes',
};

const PAGE = '/files/team/page.html';

type Headers = Readonly<Record<string, string>>;
/** Method, target, headers, body. */
type Asked = readonly [method: string, target: string, headers?: Headers, body?: string];

async function tableFor(site: Site): Promise<readonly Asked[]> {
  const { stdout } = await site.cli('key', 'create', 'alice', '--path', '/team/', '--action', 'write');
  const key = stdout.trim();
  const [alice, bob] = [site.token('alice'), site.token('bob')];
  const proxy = { 'X-Latchkey-Proxy-Secret': SECRET };
  const reads = [FILE, `${FILE}?a=b`, DOWNLOAD, '/files/team/none.txt', '/_latchkey/download/team/none.txt'];
  return [
    ...reads.flatMap((target): Asked[] => [
      ['GET', target],
      ['GET', target, NAVIGATION],
      ['HEAD', target, NAVIGATION],
      ['GET', target, { Authorization: `Bearer ${alice}` }],
      ['GET', target, { Authorization: `Bearer ${bob}` }],
      ['GET', target, { ...NAVIGATION, Authorization: `Bearer ${bob}` }],
      ['GET', target, { Authorization: 'Bearer x.y.z' }],
      ['GET', target, { 'X-Api-Key': key }],
      ['GET', target, { Authorization: basic('alice', key) }],
      ['GET', target, { Authorization: basic('bob', key) }],
      ['GET', target, { Cookie: `access=${alice}` }],
      ['GET', target, { 'Remote-User': 'alice' }],
      ['GET', target, { 'X-Latchkey-Proxy-User': 'alice', ...proxy }],
      ['GET', target, { 'Remote-User': 'alice', ...proxy }],
      ['GET', target, { 'Remote-User': 'carol', 'Remote-Groups': 'a,team', ...proxy }],
      ['GET', target, { Authorization: `Bearer ${alice}`, Origin: APP }],
      ['GET', target, { Origin: APP }],
      ['GET', target, { Origin: 'https://evil.example' }],
      ['OPTIONS', target, { Origin: APP, 'Access-Control-Request-Method': 'GET' }],
      ['OPTIONS', target, { Origin: 'https://evil.example', 'Access-Control-Request-Method': 'GET' }],
    ]),
    ['GET', DOWNLOAD, { Authorization: `Bearer ${alice}`, 'Want-Repr-Digest': 'sha-256=1' }],
    ['HEAD', DOWNLOAD, { Authorization: `Bearer ${alice}`, 'Want-Repr-Digest': 'sha-256=1' }],
    ['GET', '/_latchkey/download/team/none.txt', { 'Want-Repr-Digest': 'sha-256=1' }],
    ['PUT', FILE, {}, 'x'],
    ['PUT', FILE, NAVIGATION, 'x'],
    ['PUT', FILE, { Authorization: `Bearer ${bob}` }, 'x'],
    ['PUT', FILE, { 'X-Api-Key': key }, 'x'],
    ['PUT', FILE, { Cookie: `access=${alice}`, Origin: 'http://localhost' }, 'x'],
    ['PUT', FILE, { Cookie: `access=${alice}`, Origin: 'http://evil.example' }, 'x'],
    ['PUT', FILE, { Cookie: `access=${alice}`, 'Sec-Fetch-Site': 'cross-site' }, 'x'],
    ['PUT', FILE, { 'Remote-User': 'alice', ...proxy, Origin: 'null' }, 'x'],
    ['DELETE', '/files/team/none.txt', { 'X-Api-Key': key }],
    ['GET', GRANTS, { Authorization: `Bearer ${alice}` }],
    ['GET', GRANTS, { Authorization: `Bearer ${site.token('root')}` }],
    ['GET', GRANTS, { 'X-Latchkey-Proxy-User': 'root', ...proxy }],
    ['GET', GRANTS, { 'Remote-User': 'root', ...proxy }],
  ];
}

/** By signed URLs, of which one has ended. */
async function signedTable(site: Site): Promise<readonly Asked[]> {
  const sign = async (...words: readonly string[]) => {
    const { stdout } = await site.cli('link', 'sign', '/team/plan.txt', ...words);
    return stdout.trim().split('?')[1] ?? '';
  };
  const [open, ended] = [await sign('--folder', '/team/'), await sign('--id', 'ended')];
  await site.cli('link', 'revoke', '--signed', 'ended');
  const cookie = `latchkey-link=${open.slice('lk='.length)}`;
  const bob = site.token('bob');
  return [FILE, DOWNLOAD, PAGE].flatMap((target): Asked[] => [
    ['GET', `${target}?${open}`],
    ['HEAD', `${target}?${open}`],
    ['PUT', `${target}?${open}`, {}, 'x'],
    ['GET', target, { Cookie: cookie }],
    ['GET', `${target}?${ended}`],
    ['GET', `${target}?${ended}`, NAVIGATION],
    ['GET', `${target}?${ended}`, { Authorization: `Bearer ${bob}` }],
    ['GET', `${target}?${ended}`, { ...NAVIGATION, Authorization: `Bearer ${bob}` }],
    ['GET', `${target}?${ended}`, { Cookie: cookie }],
  ]);
}

/** A token is another one at each site. */
function withoutToken(text: string): string {
  return text.replace(/(lk=|latchkey-link=)[\w.-]+/, '$1TOKEN').replace(/Max-Age=\d+/, 'Max-Age=N');
}

const COMPARED = [
  'location',
  'set-cookie',
  'www-authenticate',
  'retry-after',
  'content-disposition',
  'repr-digest',
  'vary',
];

function told(answer: Answer) {
  const { status, headers, body } = answer;
  const kept = Object.entries(headers).filter(
    ([name]) =>
      COMPARED.includes(name) || name.startsWith('access-control-') || name.startsWith('x-latchkey'),
  );
  const refused = [401, 403, 410, 429].includes(status) && body.length > 0;
  return {
    is: refused ? form(answer) : String(status),
    challenges: times(answer, 'www-authenticate'),
    ...Object.fromEntries(kept.sort().map(([name, value]) => [name, withoutToken(value)])),
  };
}

async function prepared(t: Test, env: Headers, args: readonly string[] = []): Promise<Site> {
  const site = await startSite(t, { ...SETTINGS, ...env }, args);
  const [token, body] = [site.token('root'), '0123456789'];
  const digest = createHash('sha256').update(body).digest('base64');
  await site.ask('PUT', FILE, { token, body, headers: { 'Repr-Digest': `sha-256=:${digest}:` } });
  await site.ask('PUT', PAGE, { token: site.token('root'), body: '<p>page' });
  for (const who of ['user:alice', 'group:team']) await site.cli('grant', who, 'write', '/team/');
  return site;
}

async function through(site: Site, table: readonly Asked[]) {
  const all: Record<string, unknown> = {};
  for (const [i, [method, target, headers = {}, body]] of table.entries()) {
    const answer = await site.ask(method, target, { headers, ...(body !== undefined && { body }) });
    all[`${i}: ${method} ${withoutToken(target)} ${Object.keys(headers)}`] = told(answer);
  }
  return all;
}

for (const [name, env] of [
  ['as they are', {}],
  ['with what is forbidden hidden', { LATCHKEY_HIDE_FORBIDDEN: 'yes' }],
] as const) {
  t.test(`the two fronts say the same, ${name}`, async (t) => {
    let byNginx: Readonly<Record<string, unknown>> = {};
    await t.test('nginx', async (t) => {
      const site = await prepared(t, env);
      byNginx = await through(site, [...(await tableFor(site)), ...(await signedTable(site))]);
      t.ok(Object.keys(byNginx).length > 100);
      t.ok(JSON.stringify(byNginx).includes('"repr-digest":"sha-256=:'));
    });
    await t.test('the gateway', async (t) => {
      const site = await prepared(t, env, ['--no-nginx']);
      const byGateway = await through(site, [...(await tableFor(site)), ...(await signedTable(site))]);
      for (const [request, answer] of Object.entries(byNginx)) t.same(byGateway[request], answer, request);
    });
  });
}

t.test('a token does not travel to the login page', async (t) => {
  const site = await prepared(t, {});
  const { stdout } = await site.cli('link', 'sign', '/team/plan.txt');
  const token = stdout.trim().split('?')[1] ?? '';
  for (const [query, rest] of [
    [token, ''],
    [`a=b&${token}&c=d`, '%3Fa%3Db%26c%3Dd'],
    [`${token}&lk=2`, ''],
  ]) {
    const { status, headers } = await site.ask('GET', `${PAGE}?${query}`, { headers: NAVIGATION });
    t.same([status, headers.location], [302, `/login?next=%2Ffiles%2Fteam%2Fpage.html${rest}`]);
  }
});

for (const args of [[], ['--no-nginx']]) {
  t.test(`what fails is counted: up ${args}`, async (t) => {
    const site = await prepared(t, { LATCHKEY_FAILURES_MAX: '2' }, args);
    for (const target of [FILE, DOWNLOAD]) {
      const seen: unknown[] = [];
      for (let i = 0; i < 3; i++) {
        const answer = await site.ask('GET', target, { token: `x.y.${i}` });
        seen.push([form(answer), answer.headers['retry-after']]);
      }
      const [first, second, third] = seen;
      t.same(
        [first, third],
        [
          ['401 json', undefined],
          ['429 json', '60'],
        ],
        target,
      );
      // The files service hears with its first one what the authorizer has counted, sooner or later.
      if (target === FILE) t.same(second, ['401 json', undefined]);
    }
  });
}
