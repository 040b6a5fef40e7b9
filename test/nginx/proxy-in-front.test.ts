/**
 * A proxy that signs people in stands before nginx, and proves itself by a secret or by its address. Whom it names
 * is the visitor; nobody else can name one, not past it and not through it.
 */

import { readFileSync } from 'node:fs';
import t, { type Test } from 'tap';
import { AccessLog, linesOf } from './access-log.js';
import { pastedSite } from './pasted-site.js';
import { type Answer, exchange, requestBytes, startSite } from './running-site.js';
import { forgeries, frontProxy, type HeaderNames, type People } from './sign-in-proxy.js';

const SECRET = 'what the proxy proves itself with: 32 bytes';
const PROXY_ADDRESS = '127.0.0.2';
const OAUTH2_PROXY = { user: 'X-Auth-Request-User', groups: 'X-Auth-Request-Groups' };
const AUTHELIA = { user: 'Remote-User', groups: 'Remote-Groups' };
const AUTHENTIK = { user: 'X-authentik-username', groups: 'X-authentik-groups' };

const people = (between: string): People => ({
  alice: ['alice', ['eng', 'staff'].join(between)],
  odd: ['张 伟 O’Neil', [' eng ', '', 'Ops & Co', ''].join(between)],
  nameless: ['', 'ops'],
  control: ['a\u0085b', 'ops'],
  long: ['x'.repeat(300), 'ops'],
  'no-groups': ['bob', ''],
});

/** Who of them is whom, and what the file of eng and the file of ops are answered with. */
const EXPECTED: readonly (readonly [cookie: string, principal: string, eng: number, ops: number])[] = [
  ['alice', 'user:alice', 200, 403],
  ['odd', 'user:%E5%BC%A0%20%E4%BC%9F%20O%E2%80%99Neil', 200, 403],
  ['nameless', 'anyone', 401, 401],
  ['control', 'anyone', 401, 401],
  ['long', 'anyone', 401, 401],
  ['no-groups', 'user:bob', 403, 403],
  ['unknown', 'anyone', 401, 401],
];

interface Scene {
  readonly names: HeaderNames;
  /** Without the proxy, and through it. */
  direct(lines: string): Promise<Seen>;
  through(cookie: string, lines?: string): Promise<Seen>;
  ask(port: 'direct' | 'through', method: string, target: string, lines: string): Promise<Answer>;
}

interface Seen {
  readonly principal: string;
  readonly eng: number;
  readonly ops: number;
}

interface Fronted {
  readonly port: number;
  readonly mount: string;
  readonly log: string;
  cli(...words: readonly string[]): Promise<unknown>;
  token(user: string): string;
}

async function sceneOf(t: Test, site: Fronted, names: HeaderNames, between: string, secret?: string) {
  const put = (path: string) =>
    exchange(
      site.port,
      requestBytes('PUT', `${site.mount}${path}`, { token: site.token('root'), body: 'x' }),
    );
  for (const path of ['eng/a', 'ops/a']) t.equal((await put(path)).status, 201);
  for (const group of ['eng', 'ops']) await site.cli('grant', `group:${group}`, 'write', `/${group}/`);
  const front = await frontProxy(t, {
    names,
    people: people(between),
    sitePort: site.port,
    address: PROXY_ADDRESS,
    ...(secret !== undefined && { secret }),
  });
  const logged = await AccessLog.from(site.log, site.mount, (mark) =>
    exchange(site.port, requestBytes('GET', mark, {})),
  );
  let asked = 0;
  const ask = (port: 'direct' | 'through', method: string, target: string, lines: string) => {
    asked += 1;
    const head = `${method} ${target} HTTP/1.1\r\nHost: site\r\nConnection: close\r\n${lines}`;
    return exchange(port === 'direct' ? site.port : front, Buffer.from(`${head}\r\n\r\n`));
  };
  const files = [`${site.mount}eng/a`, `${site.mount}ops/a`];
  const seen = async (port: 'direct' | 'through', lines: string): Promise<Seen> => {
    const eng = (await ask(port, 'GET', `${site.mount}eng/a`, lines)).status;
    const ops = (await ask(port, 'GET', `${site.mount}ops/a`, lines)).status;
    // Each of nginx's workers writes when it comes to it: ours may stand before those of earlier requests.
    const ours = (await logged.next(asked)).filter(({ uri }) => files.includes(uri));
    const principals = new Set(ours.map(({ principal }) => principal));
    asked = 0;
    return { principal: [...principals].join(), eng, ops };
  };
  const scene: Scene = {
    names,
    ask,
    direct: (lines) => seen('direct', lines),
    through: (cookie, lines = 'X-Nothing: x') => seen('through', `Cookie: who=${cookie}\r\n${lines}`),
  };
  return scene;
}

async function namesItsPeople(t: Test, { through, ask }: Scene, mount: string): Promise<void> {
  for (const [cookie, principal, eng, ops] of EXPECTED) {
    t.same(await through(cookie), { principal, eng, ops }, cookie);
  }
  const cookie = 'Cookie: who=alice\r\nContent-Length: 0';
  t.equal((await ask('through', 'PUT', `${mount}eng/b`, cookie)).status, 201, 'an upload');
  t.equal((await ask('through', 'PUT', `${mount}ops/b`, cookie)).status, 403);
  const api = '/_latchkey/api/v1/grants?path=';
  t.equal((await ask('through', 'GET', `${api}/users/alice/`, 'Cookie: who=alice')).status, 200, 'the API');
  t.equal((await ask('through', 'GET', `${api}/ops/`, 'Cookie: who=alice')).status, 403);
  const download = '/_latchkey/download/';
  t.equal((await ask('through', 'GET', `${download}eng/a`, 'Cookie: who=alice')).status, 200, 'a download');
  t.equal((await ask('through', 'GET', `${download}ops/a`, 'Cookie: who=alice')).status, 403);
}

async function letsNobodyForge(t: Test, { names, direct, through, ask }: Scene): Promise<void> {
  const anyone = { principal: 'anyone', eng: 401, ops: 401 };
  const alice = { principal: 'user:alice', eng: 200, ops: 403 };
  for (const lines of forgeries(names)) {
    t.same(await direct(lines), anyone, `past the proxy: ${lines}`);
    t.same(await through('unknown', lines), anyone, `through it, signed out: ${lines}`);
    t.same(await through('alice', lines), alice, `through it, signed in: ${lines}`);
    for (const target of ['/_latchkey/download/ops/a', '/_latchkey/api/v1/grants?path=/ops/']) {
      t.equal((await ask('direct', 'GET', target, lines)).status, 401, `${target}: ${lines}`);
      const signedIn = `Cookie: who=alice\r\n${lines}`;
      t.equal((await ask('through', 'GET', target, signedIn)).status, 403, `${target}: ${lines}`);
    }
  }
}

t.test('oauth2-proxy, which proves itself by the secret', async (t) => {
  const site = await startSite(t, {
    LATCHKEY_ADMINS: 'user:root',
    LATCHKEY_PROXY_USER_HEADER: OAUTH2_PROXY.user,
    LATCHKEY_PROXY_GROUPS_HEADER: OAUTH2_PROXY.groups,
    LATCHKEY_PROXY_SECRET: SECRET,
  });
  const log = `${site.dataFolder}/run/access.log`;
  const scene = await sceneOf(t, { ...site, mount: '/files/', log }, OAUTH2_PROXY, ',', SECRET);
  await t.test('whom it names is the visitor', (t) => namesItsPeople(t, scene, '/files/'));
  await t.test('nobody else can name one', (t) => letsNobodyForge(t, scene));
  await t.test('the secret is in no log', async (t) => {
    t.notOk(readFileSync(log, 'utf8').includes(SECRET) || site.said().includes(SECRET));
  });
  await t.test('whoever has the secret is the proxy, and nothing less than all of it', async (t) => {
    const proof = (secret: string) => `X-Auth-Request-User: root\r\nX-Latchkey-Proxy-Secret: ${secret}`;
    t.equal((await scene.direct(proof(SECRET))).principal, 'user:root');
    for (const secret of [
      SECRET.slice(1),
      SECRET.slice(0, -1),
      `${SECRET}x`,
      SECRET.toUpperCase(),
      '',
      'é',
    ]) {
      t.equal((await scene.direct(proof(secret))).principal, 'anyone', secret);
    }
    const token = `Authorization: Bearer ${site.token('bob')}\r\n${proof(SECRET)}`;
    t.equal((await scene.direct(token)).principal, 'user:bob', 'a token goes before it');
    const bad = `Authorization: Bearer a.b.c\r\n${proof(SECRET)}`;
    t.equal((await scene.direct(bad)).principal, 'user:root', 'one that is none does not');
  });
});

t.test('Authelia, which is known by its address', async (t) => {
  const site = await startSite(t, {
    LATCHKEY_ADMINS: 'user:root',
    LATCHKEY_PROXY_USER_HEADER: AUTHELIA.user,
    LATCHKEY_PROXY_GROUPS_HEADER: AUTHELIA.groups,
    LATCHKEY_PROXY_ADDRESSES: PROXY_ADDRESS,
  });
  const log = `${site.dataFolder}/run/access.log`;
  const scene = await sceneOf(t, { ...site, mount: '/files/', log }, AUTHELIA, ',');
  await t.test('whom it names is the visitor', (t) => namesItsPeople(t, scene, '/files/'));
  await t.test('nobody else can name one', (t) => letsNobodyForge(t, scene));
});

t.test('authentik, by its address and the secret, where real_ip rewrites the client’s address', async (t) => {
  const site = await pastedSite(t, {
    settings: {
      LATCHKEY_ADMINS: 'user:root',
      LATCHKEY_PROXY_USER_HEADER: AUTHENTIK.user,
      LATCHKEY_PROXY_GROUPS_HEADER: AUTHENTIK.groups,
      LATCHKEY_PROXY_GROUPS_SEPARATOR: '|',
      LATCHKEY_PROXY_ADDRESSES: `${PROXY_ADDRESS},10.0.0.0/8`,
      LATCHKEY_PROXY_SECRET: SECRET,
    },
    http: ({ folder, port }, { http, server }) => `${http}
    server {
        listen 127.0.0.1:${port};
        set_real_ip_from ${PROXY_ADDRESS};
        real_ip_header X-Forwarded-For;
        access_log ${folder}/access.log latchkey;
${server}
    }`,
  });
  const log = `${site.folder}/access.log`;
  const cli = (...words: readonly string[]) => site.cli(words.join(' '));
  const scene = await sceneOf(t, { ...site, cli, mount: '/media/', log }, AUTHENTIK, '|', SECRET);
  await t.test('whom it names is the visitor', (t) => namesItsPeople(t, scene, '/media/'));
  await t.test('nobody else can name one', (t) => letsNobodyForge(t, scene));
  await t.test('the secret alone does not do, from elsewhere', async (t) => {
    const lines = `X-authentik-username: root\r\nX-Latchkey-Proxy-Secret: ${SECRET}`;
    t.equal((await scene.direct(lines)).principal, 'anyone');
  });
  await t.test('the address in the log is the visitor’s', async (t) => {
    await scene.through('alice');
    t.equal(linesOf(log).at(-1)?.address, '203.0.113.9');
  });
});

t.test('not configured, the headers are nothing, whatever comes with them', async (t) => {
  const site = await startSite(t, { LATCHKEY_ADMINS: 'user:root' });
  const log = `${site.dataFolder}/run/access.log`;
  const scene = await sceneOf(t, { ...site, mount: '/files/', log }, AUTHELIA, ',', SECRET);
  for (const lines of [...forgeries(AUTHELIA), `Remote-User: root\r\nX-Latchkey-Proxy-Secret: ${SECRET}`]) {
    t.equal((await scene.direct(lines)).principal, 'anyone', lines);
  }
  t.equal((await scene.through('alice')).principal, 'anyone');
});
