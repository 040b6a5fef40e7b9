/** The three statuses, and that nginx serves as it always does, only after a fresh decision. */

import { readFileSync } from 'node:fs';
import t from 'tap';
import { startSite, tokenFor } from './running-site.js';

const FILE = '/files/users/alice/plan.txt';
const BYTES = '0123456789';
const HOUR_S = 3600;

t.test('through a real nginx', async (t) => {
  const site = await startSite(t, { LATCHKEY_TOKEN_COOKIE: 'access', LATCHKEY_ADMINS: 'user:root' });
  const alice = site.token('alice');
  const bob = site.token('bob');
  t.equal((await site.ask('PUT', FILE, { token: alice, body: BYTES })).status, 201);

  t.test('the owner gets the file, a stranger 401 with a challenge, another user 403', async (t) => {
    const own = await site.ask('GET', FILE, { token: alice });
    t.same([own.status, own.body.toString()], [200, BYTES]);
    const nobody = await site.ask('GET', FILE);
    t.same([nobody.status, nobody.headers['www-authenticate']], [401, 'Bearer realm="latchkey"']);
    t.equal((await site.ask('GET', FILE, { token: bob })).status, 403);
    const missing = await site.ask('GET', '/files/users/alice/none', { token: bob });
    t.equal(missing.status, 403, 'whether it is there or not');
  });

  t.test('no kind of bad token is a credential, and none is a 5xx', async (t) => {
    const now = Math.floor(Date.now() / 1000);
    const secret = readFileSync(`${site.dataFolder}/secret`, 'utf8').trim();
    const [head, claims] = alice.split('.');
    const bad = {
      'of another key': tokenFor('another-secret-another-secret-another', 'alice'),
      expired: tokenFor(secret, 'alice', { exp: now - 1 }),
      'not yet valid': tokenFor(secret, 'alice', { nbf: now + HOUR_S }),
      'without a signature': `${head}.${claims}.`,
      'with alg none': `${Buffer.from('{"alg":"none"}').toString('base64url')}.${claims}.`,
      'of an empty subject': tokenFor(secret, ''),
      'of three dots': '...',
      empty: '',
      'of 7 KB': 'a'.repeat(7000),
    };
    for (const [name, token] of Object.entries(bad)) {
      const { status } = await site.ask('GET', FILE, { headers: { Authorization: `Bearer ${token}` } });
      t.equal(status, 401, name);
    }
  });

  t.test('the token may come in the configured cookie', async (t) => {
    const cookie = (name: string) => ({ headers: { Cookie: `x=1; ${name}=${alice}; y=2` } });
    t.equal((await site.ask('GET', FILE, cookie('access'))).status, 200);
    t.equal((await site.ask('GET', FILE, cookie('other'))).status, 401);
  });

  t.test(
    'Range, If-None-Match, If-Modified-Since and HEAD are nginx’s own, after a fresh decision',
    async (t) => {
      const whole = await site.ask('GET', FILE, { token: alice });
      const etag = whole.headers.etag ?? '';
      const modified = whole.headers['last-modified'] ?? '';
      const conditional = [
        [{ Range: 'bytes=2-4' }, 206, '234'],
        [{ Range: 'bytes=20-' }, 416, undefined],
        [{ 'If-None-Match': etag }, 304, ''],
        [{ 'If-Modified-Since': modified }, 304, ''],
        [{ 'If-None-Match': '"other"' }, 200, BYTES],
      ] as const;
      t.equal((await site.cli('grant', 'user:bob', 'read', '/users/alice/plan.txt')).code, 0);
      for (const [headers, status, text] of conditional) {
        const got = await site.ask('GET', FILE, { token: bob, headers });
        t.equal(got.status, status, JSON.stringify(headers));
        if (text !== undefined) t.equal(got.body.toString(), text);
      }
      const head = await site.ask('HEAD', FILE, { token: bob });
      t.same([head.status, head.headers['content-length'], head.body.length], [200, '10', 0]);
      t.equal((await site.cli('revoke', 'user:bob', '/users/alice/plan.txt')).code, 0);
      for (const [headers] of conditional) {
        t.equal(
          (await site.ask('GET', FILE, { token: bob, headers })).status,
          403,
          'refused after the revoke',
        );
      }
      t.equal((await site.ask('HEAD', FILE, { token: bob })).status, 403);
    },
  );

  t.test('the entity tag that an upload answers with is the one that nginx gives', async (t) => {
    const put = await site.ask('PUT', FILE, { token: alice, body: BYTES });
    const got = await site.ask('GET', FILE, { token: alice });
    t.same([put.status, put.headers.etag], [204, got.headers.etag]);
    const stale = { 'If-Match': '"0-0"' };
    t.equal((await site.ask('PUT', FILE, { token: alice, body: 'x', headers: stale })).status, 412);
    const create = { 'If-None-Match': '*' };
    t.equal((await site.ask('PUT', FILE, { token: alice, body: 'x', headers: create })).status, 412);
    const fresh = { 'If-Match': got.headers.etag ?? '' };
    t.equal((await site.ask('PUT', FILE, { token: alice, body: BYTES, headers: fresh })).status, 204);
  });

  t.test('what users have uploaded is served where it can do nothing', async (t) => {
    const { headers } = await site.ask('GET', FILE, { token: alice });
    t.equal(headers['x-content-type-options'], 'nosniff');
    t.match(headers['content-security-policy'], /^sandbox; default-src 'none'/);
    t.equal(headers['cache-control'], 'private, no-cache');
  });

  t.test('an upload may carry grants, for which it needs manage', async (t) => {
    const headers = { 'X-Latchkey-Grants': 'user:bob read' };
    const shared = '/files/users/alice/shared.txt';
    t.equal((await site.ask('PUT', shared, { token: alice, body: 'a', headers })).status, 201);
    t.equal((await site.ask('GET', shared, { token: bob })).body.toString(), 'a');
    t.equal((await site.cli('grant', 'user:bob', 'write', '/drop/')).code, 0);
    t.equal((await site.ask('PUT', '/files/drop/x', { token: bob, body: 'a', headers })).status, 403);
    t.equal((await site.ask('PUT', '/files/drop/x', { token: bob, body: 'a' })).status, 201);
  });

  t.test('deleting takes the allows with it', async (t) => {
    const gone = '/files/users/alice/gone.txt';
    const headers = { 'X-Latchkey-Grants': 'user:bob read' };
    t.equal((await site.ask('PUT', gone, { token: alice, body: 'a', headers })).status, 201);
    t.equal((await site.ask('DELETE', gone, { token: bob })).status, 403);
    t.equal((await site.ask('DELETE', gone, { token: alice })).status, 204);
    t.equal((await site.ask('DELETE', gone, { token: alice })).status, 404);
    t.equal((await site.ask('PUT', gone, { token: alice, body: 'b' })).status, 201);
    t.equal((await site.ask('GET', gone, { token: bob })).status, 403);
  });

  t.test('the log tells who was told what, and never a query', async (t) => {
    await site.ask('GET', `${FILE}?token=hush-hush`, { token: bob });
    const log = readFileSync(`${site.dataFolder}/run/access.log`, 'utf8').trim();
    const last = JSON.parse(log.split('\n').at(-1) ?? '') as Record<string, unknown>;
    t.match(last, {
      uri: FILE,
      status: 403,
      decision: 'forbidden',
      principal: 'user:bob',
      grant: 'no-grant',
    });
    t.notOk(log.includes('hush-hush'));
  });
});
