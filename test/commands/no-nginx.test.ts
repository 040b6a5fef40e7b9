/** `latchkey up --no-nginx`: the same URLs with the same answers, and a word that it is for development. */

import t from 'tap';
import { startSite } from '../nginx/running-site.js';

const FILE = '/files/users/alice/my plan (1) ü.txt';
const URL_PATH = '/files/users/alice/my%20plan%20(1)%20%C3%BC.txt';
const DOWNLOAD = URL_PATH.replace('/files/', '/_latchkey/download/');
const BYTES = '0123456789';

t.test('without nginx', async (t) => {
  const site = await startSite(t, { LATCHKEY_NGINX: '/nonexistent' }, ['--no-nginx']);
  const alice = site.token('alice');
  const bob = site.token('bob');

  t.test('it says that it is for development', async (t) => {
    const told =
      'latchkey: --no-nginx is for development: every byte passes through Node, and nothing is hardened\n';
    t.ok(site.said().includes(told));
  });

  t.test('it uploads, serves and refuses', async (t) => {
    t.equal((await site.ask('PUT', URL_PATH, { body: BYTES })).status, 401);
    t.equal((await site.ask('PUT', URL_PATH, { token: bob, body: BYTES })).status, 403);
    t.equal((await site.ask('PUT', URL_PATH, { token: alice, body: BYTES })).status, 201);
    const own = await site.ask('GET', URL_PATH, { token: alice });
    t.same(
      [own.status, own.body.toString(), own.headers['content-type']],
      [200, BYTES, 'text/plain; charset=utf-8'],
    );
    t.equal(own.headers['x-content-type-options'], 'nosniff');
    t.match(own.headers['content-security-policy'], /^sandbox allow-same-origin;/);
    const stranger = await site.ask('GET', URL_PATH);
    t.same([stranger.status, stranger.headers['www-authenticate']], [401, 'Bearer realm="latchkey"']);
    t.equal((await site.ask('GET', URL_PATH, { token: bob })).status, 403);
    t.equal((await site.cli('grant', 'user:bob', 'read', FILE.slice('/files'.length))).code, 0);
    t.equal((await site.ask('GET', URL_PATH, { token: bob })).body.toString(), BYTES);
    t.equal((await site.cli('revoke', 'user:bob', FILE.slice('/files'.length))).code, 0);
    t.equal((await site.ask('GET', URL_PATH, { token: bob })).status, 403, 'after the revoke');
  });

  t.test('it knows Range, validators and HEAD', async (t) => {
    const { headers } = await site.ask('GET', URL_PATH, { token: alice });
    const modified = headers['last-modified'] ?? '';
    const asked = [
      [{ Range: 'bytes=2-4' }, 206, '234'],
      [{ Range: 'bytes=20-' }, 416, undefined],
      [{ 'If-Modified-Since': modified }, 304, ''],
    ] as const;
    for (const [sent, status, text] of asked) {
      const got = await site.ask('GET', URL_PATH, { token: alice, headers: sent });
      t.equal(got.status, status, JSON.stringify(sent));
      if (text !== undefined) t.equal(got.body.toString(), text);
    }
    const head = await site.ask('HEAD', URL_PATH, { token: alice });
    t.same([head.status, head.headers['content-length'], head.body.length], [200, '10', 0]);
  });

  t.test('a download has the name of the file', async (t) => {
    const saved = await site.ask('GET', DOWNLOAD, { token: alice });
    t.same([saved.status, saved.body.toString()], [200, BYTES]);
    t.match(
      saved.headers['content-disposition'],
      /^attachment; .*filename\*=utf-8''my%20plan%20%281%29%20%c3%bc\.txt/i,
    );
    t.match(
      (await site.ask('GET', `${DOWNLOAD}?inline`, { token: alice })).headers['content-disposition'],
      /^inline/,
    );
    t.equal((await site.ask('GET', DOWNLOAD, { token: bob })).status, 403);
    t.equal((await site.ask('GET', DOWNLOAD)).status, 401);
  });

  t.test('what is missing, a folder, and what is no URL of ours are 404', async (t) => {
    const missing = [
      '/',
      '/none',
      '/files',
      '/files/users/alice/none',
      '/files/users/alice/',
      '/_latchkey/authorize',
    ];
    for (const target of missing)
      t.equal((await site.ask('GET', target, { token: alice })).status, 404, target);
    const hostile = [
      '/files/users/alice/../bob/x',
      '/files/users/alice/%2e%2e/bob/x',
      '/files//users/alice/x',
    ];
    for (const target of hostile)
      t.equal((await site.ask('GET', target, { token: alice })).status, 403, target);
  });

  t.test('it deletes, and answers the API', async (t) => {
    const grants = '/_latchkey/api/v1/grants?path=/users/alice/';
    t.equal((await site.ask('GET', grants, { token: alice })).status, 200);
    t.equal((await site.ask('GET', grants, { token: bob })).status, 403);
    t.equal((await site.ask('DELETE', URL_PATH, { token: bob })).status, 403);
    t.equal((await site.ask('DELETE', URL_PATH, { token: alice })).status, 204);
    t.equal((await site.ask('GET', URL_PATH, { token: alice })).status, 404);
  });
});
