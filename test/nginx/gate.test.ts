/**
 * The three statuses, and that nginx serves as it always does, only after a fresh decision; what every answer
 * with a user's bytes carries; and what the log tells of it.
 */

import { readFileSync } from 'node:fs';
import t from 'tap';
import { AccessLog } from './access-log.js';
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
    const [head, claims, signature] = alice.split('.');
    const claimsOf = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const bad = {
      'without exp': tokenFor(secret, 'alice', { exp: undefined }),
      'of an exp that is text': `${head}.${claimsOf({ sub: 'alice', exp: '9999999999' })}.${signature}`,
      'of other claims, signed as before': `${head}.${claimsOf({ sub: 'root', exp: now + HOUR_S })}.${signature}`,
      'of a subject with a control character': tokenFor(secret, 'a\u0001b'),
      'of a subject of 300 bytes': tokenFor(secret, 'x'.repeat(300)),
      'with more behind it': `${alice} ${alice}`,
      'with a fourth part': `${alice}.x`,
      'of bytes outside ASCII': 'é.é.é',
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
      const { status, headers } = await site.ask('GET', FILE, {
        headers: { Authorization: `Bearer ${token}` },
      });
      t.equal(status, 401, name);
      t.equal(headers['www-authenticate'], 'Bearer realm="latchkey", error="invalid_token"');
    }
    const lines = [alice, `Token ${alice}`, `Bearer${alice}`, `Bearer: ${alice}`, `Basic ${alice}`, 'Bearer'];
    for (const line of [...lines, `Bearer ${alice},Bearer ${alice}`, `Bearer "${alice}"`]) {
      const { status } = await site.ask('GET', FILE, { headers: { Authorization: line } });
      t.equal(status, 401, `Authorization: ${line.replaceAll(alice, '…')}`);
    }
    const huge = await site.ask('GET', FILE, { token: 'a'.repeat(40_000) });
    t.equal(huge.status, 400, 'and one that is larger than nginx takes is the client’s fault');
    const lower = await site.ask('GET', FILE, { headers: { authorization: `bearer  ${alice}` } });
    t.equal(lower.status, 200, 'while the scheme has no case (RFC 9110 §11.1)');
  });

  t.test('the token may come in the configured cookie', async (t) => {
    const cookie = (name: string) => ({ headers: { Cookie: `x=1; ${name}=${alice}; y=2` } });
    t.equal((await site.ask('GET', FILE, cookie('access'))).status, 200);
    t.equal((await site.ask('GET', FILE, cookie('other'))).status, 401);
    for (const value of ['', '%', '%ff', 'a.b.c', '"', `${alice}x`, 'a'.repeat(6000)]) {
      const { status } = await site.ask('GET', FILE, { headers: { Cookie: `access=${value}` } });
      t.equal(status, 401, `and ${JSON.stringify(value.slice(0, 12))} in it is no credential`);
    }
    const both = { headers: { Cookie: `access=${alice}` }, token: bob };
    t.equal((await site.ask('GET', FILE, both)).status, 403, 'a Bearer token goes before the cookie');
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
    const download = '/_latchkey/download/users/alice/plan.txt';
    const asked = [
      [FILE, alice, 200],
      [download, alice, 200],
      [`${download}?inline`, alice, 200],
      [FILE, bob, 403],
      [FILE, undefined, 401],
      [`${FILE}.none`, alice, 404],
    ] as const;
    for (const [target, token, expected] of asked) {
      const { status, headers } = await site.ask('GET', target, { token });
      const text = `in the ${status} of ${target}`;
      t.equal(status, expected, text);
      t.equal(headers['x-content-type-options'], 'nosniff', text);
      t.match(headers['content-security-policy'], /^sandbox allow-same-origin; default-src 'none'/, text);
      t.equal(headers['cache-control'], 'private, no-cache', text);
      t.equal(headers['cross-origin-resource-policy'], 'same-origin', text);
      t.equal(headers['referrer-policy'], 'no-referrer', text);
      const ours = Object.keys(headers).filter((name) => /^x-(?:latchkey|accel)-/.test(name));
      t.same(ours, [], `nothing of what nginx and the services tell each other, ${text}`);
    }
    const grants = '/_latchkey/api/v1/grants?path=/users/alice/';
    for (const [method, target] of [
      ['GET', grants],
      ['PUT', FILE],
    ] as const) {
      const { status, headers } = await site.ask(method, target, { token: alice, body: BYTES });
      t.equal(Math.floor(status / 100), 2, `${method} ${target}`);
      t.notOk(
        Object.keys(headers).some((name) => name.startsWith('x-latchkey-')),
        'nor in other answers',
      );
    }
  });

  t.test('a download, too, is decided afresh: after the revoke no part of it is served', async (t) => {
    const download = '/_latchkey/download/users/alice/plan.txt';
    const { headers } = await site.ask('GET', download, { token: alice });
    const conditional = [{ Range: 'bytes=2-4' }, { 'If-None-Match': headers.etag ?? '' }, {}];
    const statuses = async () => {
      const all: number[] = [];
      for (const each of conditional)
        all.push((await site.ask('GET', download, { token: bob, headers: each })).status);
      return all;
    };
    t.equal((await site.cli('grant', 'user:bob', 'read', '/users/alice/plan.txt')).code, 0);
    t.same(await statuses(), [206, 304, 200]);
    t.equal((await site.cli('revoke', 'user:bob', '/users/alice/plan.txt')).code, 0);
    t.same(await statuses(), [403, 403, 403]);
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
    const file = `${site.dataFolder}/run/access.log`;
    const log = await AccessLog.from(file, '/files/', (mark) => site.ask('GET', mark));
    await site.ask('GET', `${FILE}?token=hush-hush`, { token: bob });
    t.match(await log.next(1), [
      {
        uri: FILE,
        status: 403,
        decision: 'forbidden',
        principal: 'user:bob',
        grant: 'no-grant',
      },
    ]);
    t.equal((await site.cli('grant', 'user:bob', 'read', '/users/alice/plan.txt')).code, 0);
    const { grants } = JSON.parse((await site.cli('acl', '/users/alice/plan.txt', '--json')).stdout) as {
      grants: { id: number; principal: string }[];
    };
    const granted = grants.find(({ principal }) => principal === 'user:bob');
    const expected = [
      [bob, 200, 'allow', 'user:bob', String(granted?.id)],
      [alice, 200, 'allow', 'user:alice', 'home'],
      [site.token('root'), 200, 'allow', 'user:root', 'administrator'],
      [undefined, 401, 'unauthenticated', 'anyone', 'no-grant'],
      [site.token('张 伟'), 403, 'forbidden', 'user:%E5%BC%A0%20%E4%BC%9F', 'no-grant'],
    ] as const;
    for (const [token] of expected) {
      await site.ask('GET', `${FILE}?secret=hush-hush`, { token });
      await site.ask('GET', `${FILE}.none?secret=hush-hush`, { token });
      await site.ask('GET', `/_latchkey/download/users/alice/plan.txt?secret=hush-hush`, { token });
    }
    const told = (await log.next(3 * expected.length))
      .filter(({ uri }) => uri !== `${FILE}.none`)
      .map(({ status, decision, principal, grant }) => [status, decision, principal, grant]);
    // The plain URL is judged by the authorizer, the download by the files service: the log tells the same.
    t.same(sorted(told), sorted(expected.flatMap(([, ...rest]) => [rest, rest])));
    const whole = readFileSync(file, 'utf8');
    t.notOk(whole.includes('hush-hush'), 'no query in the log');
    t.notOk(site.said().includes('hush-hush'), 'nor in what nginx and the services write');
    t.notOk(whole.includes(bob) || site.said().includes(bob), 'and no token in either');
  });
});

/** Two workers of nginx write their lines in either order. */
function sorted(rows: readonly unknown[]): readonly string[] {
  return rows.map((row) => JSON.stringify(row)).sort();
}
