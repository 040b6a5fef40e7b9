/**
 * API keys through a real nginx: what a key opens and what it does not, that a revoked one is refused by the next
 * request, where it may stand, and that it is written down nowhere.
 */

import { readdirSync, readFileSync } from 'node:fs';
import t, { type Test } from 'tap';
import type { ApiKeyRecord } from '../../src/acl/ports.js';
import { newApiKey } from '../../src/credentials/api-key-text.js';
import { openSqliteStore } from '../../src/storage/sqlite/open.js';
import { path, principal } from '../acl/given.js';
import { basic } from '../credentials/presenting.js';
import { type Site, startSite, stopped } from './running-site.js';

const ALTERNATIONS = 200;
const BY_CLI = 5;
const TEAM = '/files/team/plan.txt';
const OTHER = '/files/other/plan.txt';
const PUBLIC = '/files/pub/a.txt';

interface Created {
  readonly id: string;
  readonly key: string;
}

async function created(site: Site, ...words: readonly string[]): Promise<Created> {
  const { code, stdout, stderr } = await site.cli('key', 'create', ...words, '--json');
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Created;
}

async function siteWithFiles(t: Test, env: Readonly<Record<string, string>> = {}): Promise<Site> {
  const site = await startSite(t, { LATCHKEY_ADMINS: 'user:root', ...env });
  const root = site.token('root');
  for (const target of [TEAM, OTHER, PUBLIC]) await site.ask('PUT', target, { token: root, body: 'bytes' });
  const grants = [
    'user:ci write /team/',
    'user:ci write /other/',
    'group:eng read /other/',
    'anyone read /pub/',
  ];
  for (const grant of grants) t.equal((await site.cli('grant', ...grant.split(' '))).code, 0);
  return site;
}

t.test('a key opens what its user may, within its own scope', async (t) => {
  const site = await siteWithFiles(t);
  const keys = {
    'read /team/': await created(site, 'ci', '--path', '/team/'),
    'write /team/': await created(site, 'ci', '--path', '/team/', '--action', 'write'),
    'read /team/plan.txt': await created(site, 'ci', '--path', '/team/plan.txt'),
    'read /': await created(site, 'ci'),
    'manage /': await created(site, 'ci', '--action', 'manage'),
    'read /tea': await created(site, 'ci', '--path', '/tea'),
    'root: read /team/': await created(site, 'root', '--path', '/team/'),
    'root: manage /': await created(site, 'root', '--action', 'manage'),
    'bob, of no group: read /': await created(site, 'bob'),
  } as const;
  const GRANTS = '/_latchkey/api/v1/grants?path=/team/';
  const table: readonly (readonly [keyof typeof keys, string, string, number])[] = [
    ['read /team/', 'GET', TEAM, 200],
    ['read /team/', 'HEAD', TEAM, 200],
    ['read /team/', 'GET', '/_latchkey/download/team/plan.txt', 200],
    ['read /team/', 'GET', '/files/team/none.txt', 404],
    ['read /team/', 'PUT', TEAM, 403],
    ['read /team/', 'DELETE', TEAM, 403],
    ['read /team/', 'GET', OTHER, 403],
    ['read /team/', 'GET', '/_latchkey/download/other/plan.txt', 403],
    ['read /team/', 'GET', PUBLIC, 200],
    ['read /team/', 'PUT', PUBLIC, 403],
    ['read /team/', 'GET', '/files/users/ci/x', 403],
    ['write /team/', 'PUT', TEAM, 204],
    ['write /team/', 'PUT', OTHER, 403],
    ['write /team/', 'GET', GRANTS, 403],
    ['read /team/plan.txt', 'GET', TEAM, 200],
    ['read /team/plan.txt', 'GET', '/files/team/plan.txt.old', 403],
    ['read /', 'GET', OTHER, 200],
    ['read /', 'GET', '/files/users/ci/x', 404],
    ['read /', 'PUT', '/files/users/ci/x', 403],
    ['manage /', 'PUT', '/files/users/ci/x', 201],
    ['manage /', 'GET', '/_latchkey/api/v1/grants?path=/users/ci/', 200],
    ['manage /', 'GET', GRANTS, 403],
    ['read /tea', 'GET', TEAM, 403],
    ['root: read /team/', 'GET', TEAM, 200],
    ['root: read /team/', 'GET', OTHER, 403],
    ['root: read /team/', 'PUT', TEAM, 403],
    ['root: read /team/', 'GET', GRANTS, 403],
    ['root: manage /', 'GET', GRANTS, 200],
    ['root: manage /', 'DELETE', TEAM, 204],
    ['bob, of no group: read /', 'GET', OTHER, 403],
  ];
  for (const [name, method, target, status] of table) {
    const headers = { 'X-Api-Key': keys[name].key };
    const body = method === 'PUT' ? { body: 'bytes' } : {};
    t.equal(
      (await site.ask(method, target, { headers, ...body })).status,
      status,
      `${name}: ${method} ${target}`,
    );
  }

  const bob = { headers: { 'X-Api-Key': keys['bob, of no group: read /'].key } };
  t.equal((await site.cli('group', 'add', 'eng', 'bob')).code, 0);
  t.equal((await site.ask('GET', OTHER, bob)).status, 200, 'a stored group counts');
  t.equal((await site.cli('suspend', 'bob')).code, 0);
  t.equal((await site.ask('GET', OTHER, bob)).status, 403, 'a suspended user has nothing');
  t.equal((await site.ask('GET', PUBLIC, bob)).status, 200, 'but what anyone has');
  t.equal((await site.cli('resume', 'bob')).code, 0);
  t.equal((await site.ask('GET', OTHER, bob)).status, 200);
});

t.test('it may stand in X-Api-Key, as a bearer, or as the password of Basic', async (t) => {
  const site = await siteWithFiles(t);
  const { key } = await created(site, 'ci');
  const invalid = 'Bearer realm="latchkey", error="invalid_token"';
  const table: readonly (readonly [string, Record<string, string>, number, challenge?: string])[] = [
    ['X-Api-Key', { 'X-Api-Key': key }, 200],
    ['Bearer', { Authorization: `Bearer ${key}` }, 200],
    ['curl -u ci:KEY', { Authorization: basic('ci', key) }, 200],
    ['a wrong user name', { Authorization: basic('bob', key) }, 401, invalid],
    ['Basic of the site itself', { Authorization: basic('ci', 'password') }, 401, invalid],
    ['that, beside a key', { Authorization: basic('ci', 'password'), 'X-Api-Key': key }, 200],
    ['a token that is none, beside a key', { Authorization: 'Bearer a.b.c', 'X-Api-Key': key }, 200],
    ['a key that is cut off', { 'X-Api-Key': key.slice(0, -1) }, 401, invalid],
    ['an unknown key', { 'X-Api-Key': newApiKey().text }, 401, invalid],
    ['a control character', { 'X-Api-Key': `${key}\u0001` }, 401, 'Bearer realm="latchkey"'],
    ['7 KB', { 'X-Api-Key': `lk_${'A'.repeat(7000)}` }, 401, invalid],
    ['two keys', { 'X-Api-Key': `${key}, ${key}` }, 401, invalid],
    ['as a query, which logs would keep', {}, 401, 'Bearer realm="latchkey"'],
  ];
  for (const [name, headers, status, challenge] of table) {
    for (const target of [TEAM, '/_latchkey/download/team/plan.txt']) {
      const answer = await site.ask('GET', `${target}?api_key=${key}`, { headers });
      t.equal(answer.status, status, `${name}: ${target}`);
      t.equal(answer.headers['www-authenticate'], challenge, `${name}: ${target}`);
    }
  }
});

t.test('a revoked key is refused by the next request: 200 alternations, zero late', async (t) => {
  const site = await siteWithFiles(t);
  // This process writes to the store as the CLI does; the authorizer is another one.
  const store = openSqliteStore(`${site.dataFolder}/latchkey.db`);
  t.teardown(() => store.close());
  const made = newApiKey();
  const key: ApiKeyRecord = {
    id: made.id,
    hash: made.hash,
    user: principal('user:ci'),
    scope: { action: 'read', path: path('/team/') },
    createdAt: Date.now(),
    expiresAt: undefined,
    lastUsedAt: undefined,
    note: '',
  };
  const headers = { 'X-Api-Key': made.text };
  const download = '/_latchkey/download/team/plan.txt';
  let late = 0;
  for (let i = 0; i < ALTERNATIONS; i++) {
    const target = i % 2 === 0 ? TEAM : download;
    await store.credentials.addApiKey(key);
    if ((await site.ask('GET', target, { headers })).status !== 200) late += 1;
    await store.credentials.removeApiKey(key.id);
    if ((await site.ask('GET', target, { headers })).status !== 401) late += 1;
  }
  t.equal(late, 0);

  const seen: number[] = [];
  for (let i = 0; i < BY_CLI; i++) {
    const { id, key: text } = await created(site, 'ci');
    seen.push((await site.ask('GET', TEAM, { headers: { 'X-Api-Key': text } })).status);
    t.equal((await site.cli('key', 'revoke', id)).code, 0);
    seen.push((await site.ask('GET', TEAM, { headers: { 'X-Api-Key': text } })).status);
  }
  t.same(seen, Array.from({ length: BY_CLI }, () => [200, 401]).flat(), 'and by the command line');
});

t.test('the last use is listed when the services have stopped, and the key is written nowhere', async (t) => {
  const site = await siteWithFiles(t);
  const read = await created(site, 'ci', '--action', 'write');
  const written = await created(site, 'ci', '--action', 'write');
  const unused = await created(site, 'ci');
  const begun = Date.now();
  for (const headers of [{ 'X-Api-Key': read.key }, { Authorization: basic('ci', read.key) }]) {
    t.equal((await site.ask('GET', TEAM, { headers })).status, 200);
  }
  const bad = newApiKey().text;
  const texts: string[] = [];
  for (const target of [TEAM, '/_latchkey/download/team/plan.txt', '/_latchkey/api/v1/grants?path=/team/']) {
    for (const headers of [{ 'X-Api-Key': bad }, { Authorization: basic('ci', bad) }]) {
      const page = await site.ask('GET', target, { headers: { ...headers, Accept: 'text/html' } });
      texts.push(page.bytes.toString('latin1'));
    }
  }
  // Of an upload both services take note, and the later counts.
  const put = { headers: { Authorization: `Bearer ${written.key}` }, body: 'new' };
  t.equal((await site.ask('PUT', TEAM, put)).status, 204);
  await stopped(site.process);

  const { keys } = JSON.parse((await site.cli('key', 'list', '--json')).stdout) as {
    keys: { id: string; lastUsedAt?: string }[];
  };
  const lastUse = (id: string) => keys.find((key) => key.id === id)?.lastUsedAt;
  for (const { id } of [read, written]) {
    const at = Date.parse(lastUse(id) ?? '');
    t.ok(at >= begun && at <= Date.now(), `${lastUse(id)} is when it was used`);
  }
  t.equal(lastUse(unused.id), undefined);
  t.match((await site.cli('key', 'list')).stdout, / {2}never$/m);

  const files = readdirSync(site.dataFolder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(`${entry.parentPath}/${entry.name}`, 'latin1'));
  for (const key of [read.key, written.key, bad]) {
    const forms = [key.slice(3), Buffer.from(`ci:${key}`).toString('base64').slice(0, -4)];
    for (const text of [...files, ...texts, site.said()]) {
      t.notOk(
        forms.some((form) => text.includes(form)),
        'no file, no answer and no log has it',
      );
    }
  }
});
