/**
 * Who may write in one folder writes nowhere else, and whoever may not write leaves nothing behind: not by a
 * path, a form's file name, a grant in a header, or a request hidden in the body of another one.
 */

import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import t from 'tap';
import { must } from './must.js';
import { requestBytes, type Site, startSite } from './running-site.js';

const MARK = randomBytes(16).toString('hex');
const VAULT = '/files/vault/secret.txt';

/** Each is PUT and DELETEd by mallory, who may write below /pub/ and nowhere else. */
const TARGETS: readonly string[] = [
  VAULT,
  '/files/pub/../vault/secret.txt',
  '/files/pub/%2e%2e/vault/secret.txt',
  '/files/pub/..%2fvault%2fsecret.txt',
  '/files/pub/%252e%252e%252fvault',
  '/files/pub//../vault/secret.txt',
  '/files/pub/..%5cvault%5csecret.txt',
  '/files/pub/../../secret',
  '/files/pub/../../../secret',
  '/files/pub/%2e%2e/%2e%2e/latchkey.db',
  '/files/pub/x%2f..%2f..%2f..%2fsecret',
  '/files/pub/%00',
  '/files/pub/a%0d%0aX-Latchkey-Grants:%20anyone%20read',
  '/files/pub/%c0%ae%c0%ae/vault/secret.txt',
  '/files/pub/%ff',
  '/files/pub/',
  '/files/pub',
  '/files/',
  '/files/new-at-the-root',
  '/_latchkey/write/files/vault/secret.txt',
  '/_latchkey/write/files/pub/a',
  '/_latchkey/serve/files/vault/secret.txt',
  '/_latchkey/download/vault/secret.txt',
  `/files/pub/${'x'.repeat(256)}`,
  `/files/pub/${'%C3%A9'.repeat(128)}`,
  `/files/pub/${'a/'.repeat(2048)}z`,
];

/** Names of files in a form that is posted to /files/pub/. */
const FORM_NAMES: readonly string[] = [
  '../vault/secret.txt',
  '..',
  '.',
  '/etc/passwd',
  '../../secret',
  '..\\vault\\secret.txt',
  'a/../../vault/secret.txt',
  'x'.repeat(256),
  '',
];

const given = await scene(t);

t.test('a writer of one folder changes nothing outside of it', async (t) => {
  const { site, mallory } = given;
  const before = tree(site);
  for (const target of TARGETS) {
    for (const method of ['PUT', 'DELETE']) {
      const body = method === 'PUT' ? 'hostile' : '';
      const { status, bytes } = await site.ask(method, target, { token: mallory, body });
      if (target !== '/files/pub/%252e%252e%252fvault')
        t.ok(status >= 400 && status < 500, `${method} ${target.slice(0, 60)}: ${status} is a refusal`);
      t.notOk(bytes.includes(MARK), 'and shows nothing');
    }
  }
  t.strictSame(tree(site), before, 'no file has come, gone or changed');
});

t.test('the name of a file in a form leads nowhere else', async (t) => {
  const { site, mallory } = given;
  const before = tree(site);
  for (const name of FORM_NAMES) {
    const headers = { 'Content-Type': 'multipart/form-data; boundary=xx' };
    const { status } = await site.ask('POST', '/files/pub/', { token: mallory, headers, body: form(name) });
    t.ok(status < 500, `${JSON.stringify(name.slice(0, 40))}: ${status} is no 5xx`);
    const outside = tree(site).filter(([path]) => !path.startsWith('pub/'));
    t.strictSame(
      outside,
      before.filter(([path]) => !path.startsWith('pub/')),
      'and outside of the folder nothing has changed',
    );
  }
});

t.test('who may write may not grant, by a header, a form or the API', async (t) => {
  const { site, mallory } = given;
  const headers = { 'X-Latchkey-Grants': 'anyone read, user:mallory manage' };
  t.equal((await site.ask('PUT', '/files/pub/b', { token: mallory, body: 'x', headers })).status, 403);
  const json = { 'Content-Type': 'application/json' };
  for (const path of ['/vault/secret.txt', '/vault/', '/pub/', '/']) {
    const body = JSON.stringify({ principal: 'user:mallory', path, action: 'read' });
    const put = await site.ask('PUT', '/_latchkey/api/v1/grants', { token: mallory, headers: json, body });
    t.equal(put.status, 403, `no grant on ${path}`);
    t.equal((await site.ask('PUT', '/_latchkey/api/v1/grants', { headers: json, body })).status, 401);
  }
  t.equal((await site.ask('GET', VAULT, { token: mallory })).status, 403);
});

t.test('a request in the body of a refused upload is a body', async (t) => {
  const { site, root, mallory } = given;
  const before = tree(site);
  const hidden = requestBytes('PUT', '/_latchkey/write/files/vault/secret.txt', { token: root, body: 'x' });
  const refused = [
    ['PUT', VAULT, {}, 403],
    ['PUT', '/files/pub/a', { 'If-None-Match': '*' }, 412],
    ['PUT', '/files/pub/a', { 'Content-Range': 'bytes 0-1/9' }, 400],
    ['DELETE', '/files/pub/none', {}, 404],
    ['GET', VAULT, {}, 403],
  ] as const;
  for (const [method, target, headers, status] of refused) {
    for (let i = 0; i < 5; i++) {
      const got = await site.ask(method, target, { token: mallory, headers, body: hidden });
      t.equal(got.status, status, `${method} ${target} is refused`);
    }
    // The services' kept connections are in order: the next requests get their own answers.
    t.equal((await site.ask('DELETE', '/files/pub/none', { token: mallory })).status, 404);
    t.equal((await site.ask('GET', VAULT, { token: root })).body.toString(), MARK);
  }
  t.strictSame(tree(site), before, 'nothing that it asked for was done');
});

t.test('on one connection, each request is judged by itself', async (t) => {
  const { site, root } = given;
  const line = (target: string, more = '') => `GET ${target} HTTP/1.1\r\nHost: a\r\n${more}\r\n`;
  const owner = `Authorization: Bearer ${root}\r\n`;
  const close = 'Connection: close\r\n';
  const statuses = async (text: string) => {
    const { bytes } = await site.raw(text);
    const all = bytes.toString('latin1');
    const lines = [...all.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status));
    return { statuses: lines, marks: all.split(MARK).length - 1 };
  };
  t.strictSame(await statuses(line(VAULT, owner) + line(VAULT, close)), { statuses: [200, 401], marks: 1 });
  t.strictSame(await statuses(line('/files/pub/a') + line(VAULT, close)), { statuses: [200, 401], marks: 0 });
  const both = line(VAULT) + line(VAULT, owner) + line(VAULT, close);
  t.strictSame(await statuses(both), { statuses: [401, 200, 401], marks: 1 });
});

async function scene(t: Parameters<typeof startSite>[0]) {
  const site = await startSite(t, { LATCHKEY_ADMINS: 'user:root' });
  const root = site.token('root');
  must((await site.ask('PUT', VAULT, { token: root, body: MARK })).status, 201);
  must((await site.ask('PUT', '/files/pub/a', { token: root, body: 'public' })).status, 201);
  must((await site.cli('grant', 'anyone', 'read', '/pub/')).code, 0);
  must((await site.cli('grant', 'user:mallory', 'write', '/pub/')).code, 0);
  return { site, root, mallory: site.token('mallory') };
}

/** All files of the store with what is in them, and the names beside it that do not change by themselves. */
function tree(site: Site): readonly (readonly [string, string])[] {
  const base = `${site.dataFolder}/store/files`;
  const files = readdirSync(base, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => `${entry.parentPath}/${entry.name}`)
    .map((path) => [path.slice(base.length + 1), readFileSync(path, 'latin1')] as const);
  const beside = ['.', 'store', 'partial'].map(
    (folder) => [`${folder}:`, readdirSync(`${site.dataFolder}/${folder}`).sort().join(' ')] as const,
  );
  return [...files, ...beside].sort(([a], [b]) => (a < b ? -1 : 1));
}

function form(name: string): string {
  const disposition = `Content-Disposition: form-data; name="file"; filename="${name}"`;
  return `--xx\r\n${disposition}\r\nContent-Type: text/plain\r\n\r\nhostile\r\n--xx--\r\n`;
}
