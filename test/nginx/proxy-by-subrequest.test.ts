/**
 * One nginx with two servers: the outer one asks the proxy that signs people in by its own auth_request, and passes
 * on whom it names to the inner one, over a unix socket. These are the lines of docs/credentials.md.
 */

import t from 'tap';
import { AccessLog, type LogLine } from './access-log.js';
import { pastedSite } from './pasted-site.js';
import { askedProxy, forgeries, type People } from './sign-in-proxy.js';

const NAMES = { user: 'X-Auth-Request-User', groups: 'X-Auth-Request-Groups' };
const PEOPLE: People = {
  alice: ['alice', 'eng,staff'],
  odd: ['张 伟', 'eng'],
  nameless: ['', 'ops'],
  'no-groups': ['bob', ''],
};

t.test('two servers of one nginx, and oauth2-proxy asked by the outer one', async (t) => {
  const asked = await askedProxy(t, NAMES, PEOPLE);
  const site = await pastedSite(t, {
    settings: {
      LATCHKEY_ADMINS: 'user:root',
      LATCHKEY_PROXY_USER_HEADER: NAMES.user,
      LATCHKEY_PROXY_GROUPS_HEADER: NAMES.groups,
      LATCHKEY_PROXY_ADDRESSES: 'unix:',
    },
    http: ({ folder, port }, { http, server }) => `${http}
    server {
        listen 127.0.0.1:${port};
        access_log off;
        client_max_body_size 0;
        location /oauth2/ {
            proxy_pass              http://127.0.0.1:${asked};
            proxy_set_header        Host      $http_host;
            proxy_set_header        X-Real-IP $remote_addr;
        }
        location = /oauth2/auth {
            internal;
            proxy_pass              http://127.0.0.1:${asked};
            proxy_pass_request_body off;
            proxy_set_header        Content-Length  "";
            proxy_set_header        Host            $http_host;
            proxy_set_header        X-Real-IP       $remote_addr;
            proxy_set_header        X-Forwarded-Uri $request_uri;
            proxy_intercept_errors  on;
            error_page              401 = @nobody;
        }
        location @nobody { return 204; }
        location / {
            auth_request            /oauth2/auth;
            auth_request_set        $signed_in_user   $upstream_http_x_auth_request_user;
            auth_request_set        $signed_in_groups $upstream_http_x_auth_request_groups;
            auth_request_set        $renewed_cookie   $upstream_http_set_cookie;
            add_header              Set-Cookie            $renewed_cookie;
            proxy_set_header        X-Auth-Request-User   $signed_in_user;
            proxy_set_header        X-Auth-Request-Groups $signed_in_groups;
            proxy_set_header        X-Forwarded-For       $remote_addr;
            proxy_set_header        Host                  $http_host;
            proxy_http_version      1.1;
            proxy_request_buffering off;
            proxy_pass              http://unix:${folder}/inner.sock;
        }
    }
    server {
        listen unix:${folder}/inner.sock;
        set_real_ip_from unix:;
        real_ip_header   X-Forwarded-For;
        access_log       ${folder}/access.log latchkey;
${server}
    }`,
  });
  const root = site.token('root');
  for (const path of ['eng/a', 'ops/a', 'pub/a']) {
    t.equal((await site.ask('PUT', `/media/${path}`, { token: root, body: 'x' })).status, 201);
  }
  for (const group of ['eng', 'ops']) await site.cli(`grant group:${group} write /${group}/`);
  await site.cli('grant anyone read /pub/');
  const log = await AccessLog.from(`${site.folder}/access.log`, '/media/', (mark) => site.ask('GET', mark));
  let logged: readonly LogLine[] = [];
  let sent = 0;
  const ask: typeof site.ask = (...words) => {
    sent += 1;
    return site.ask(...words);
  };
  const seen = async (cookie: string, lines = 'X-Nothing: x') => {
    const statuses: number[] = [];
    for (const path of ['/media/eng/a', '/_latchkey/download/ops/a', '/media/pub/a']) {
      const headers = { Cookie: `who=${cookie}\r\n${lines}` };
      statuses.push((await ask('GET', path, { headers })).status);
    }
    // Those of earlier requests may stand behind ours: each of nginx's workers writes when it comes to it.
    logged = (await log.next(sent)).filter(({ uri }) => uri.endsWith('/a'));
    sent = 0;
    return [...new Set(logged.map(({ principal }) => principal)), ...statuses];
  };

  await t.test('whom the proxy names is the visitor', async (t) => {
    t.same(await seen('alice'), ['user:alice', 200, 403, 200]);
    t.same(await seen('odd'), ['user:%E5%BC%A0%20%E4%BC%9F', 200, 403, 200]);
    t.same(await seen('no-groups'), ['user:bob', 403, 403, 200]);
    t.same(await seen('nameless'), ['anyone', 401, 401, 200]);
    t.same(await seen('unknown'), ['anyone', 401, 401, 200], 'a stranger reaches what anyone may read');
    t.equal(logged.at(-1)?.address, '127.0.0.1', 'the visitor’s address, not the socket');
    const headers = { Cookie: 'who=alice' };
    t.equal((await ask('PUT', '/media/eng/b', { headers, body: 'x' })).status, 201);
    t.equal((await ask('PUT', '/media/ops/b', { headers, body: 'x' })).status, 403);
    t.equal((await ask('GET', '/_latchkey/api/v1/grants?path=/users/alice/', { headers })).status, 200);
  });

  await t.test('no header of a client names one', async (t) => {
    for (const lines of forgeries(NAMES)) {
      t.same(await seen('unknown', lines), ['anyone', 401, 401, 200], `signed out: ${lines}`);
      t.same(await seen('alice', lines), ['user:alice', 200, 403, 200], `signed in: ${lines}`);
    }
  });
});
