/**
 * What a browser sends by itself (a cookie, Basic, what a proxy makes of its own cookie) changes something only when
 * our own site asked. Tokens and keys in headers count whoever asks: no page of another site can send those.
 */

import t, { type Test } from 'tap';
import { basic } from '../credentials/presenting.js';
import { type Site, startSite } from './running-site.js';

const FILE = '/files/users/alice/plan.txt';
const GRANTS = '/_latchkey/api/v1/grants';
const PROXY_SECRET = 'what the proxy proves itself with: 32 bytes';
const PUBLIC = 'https://files.example';
const SETTINGS = {
  LATCHKEY_TOKEN_COOKIE: 'access',
  LATCHKEY_PROXY_USER_HEADER: 'Remote-User',
  LATCHKEY_PROXY_SECRET: PROXY_SECRET,
};

type Headers = Readonly<Record<string, string>>;

/** Headers of one request, as the browser of a site at http://HOST sends them, and whether our own site made it. */
interface Case {
  readonly host: string;
  readonly sent: Headers;
  readonly own: boolean;
}

const from = (host: string, own: boolean, sent: Headers): Case => ({ host, own, sent });
const origin = (host: string, own: boolean, value: string) => from(host, own, { Origin: value });

/** Where nothing is configured, the host that the browser names is ours. */
const BY_HOST: readonly Case[] = [
  from('localhost', true, {}),
  from('localhost', true, { 'Sec-Fetch-Site': 'same-origin' }),
  from('localhost', true, { 'Sec-Fetch-Site': 'none' }),
  from('localhost', false, { 'Sec-Fetch-Site': 'same-site' }),
  from('localhost', false, { 'Sec-Fetch-Site': 'cross-site' }),
  from('localhost', false, { 'Sec-Fetch-Site': 'Same-Origin' }),
  from('localhost', false, { 'Sec-Fetch-Site': 'same-origin, cross-site' }),
  from('localhost', false, { 'Sec-Fetch-Site': 'anything' }),
  from('localhost', false, { 'Sec-Fetch-Site': 'cross-site', Origin: 'http://localhost' }),
  from('localhost', true, { 'Sec-Fetch-Site': 'same-origin', Origin: 'null' }),
  origin('localhost', true, 'http://localhost'),
  origin('localhost', true, 'HTTP://LOCALHOST'),
  origin('LOCALHOST', true, 'http://localhost'),
  origin('localhost', true, 'http://localhost:80'),
  origin('localhost', false, 'null'),
  origin('localhost', false, ''),
  origin('localhost', false, 'localhost'),
  origin('localhost', false, 'http://localhost:8080'),
  origin('localhost:8080', true, 'http://localhost:8080'),
  origin('localhost:8080', false, 'http://localhost'),
  origin('localhost', false, 'http://localhost.evil.example'),
  origin('localhost', false, 'http://evil.example'),
  origin('localhost', false, 'http://evil.example@localhost:1'),
  origin('localhost', false, 'http://localhost, http://evil.example'),
  origin('localhost', false, 'file://'),
  origin('localhost', false, 'capacitor://localhost'),
  origin('localhost', false, 'data:text/html,x'),
  origin('[::1]:8080', true, 'http://[::1]:8080'),
  origin('[::1]:8080', false, 'http://[::2]:8080'),
  origin('xn--bcher-kva.example', true, 'http://xn--bcher-kva.example'),
  origin('xn--bcher-kva.example', false, 'http://bucher.example'),
  from('localhost', false, { Origin: 'http://evil.example', 'X-Latchkey-Host': 'evil.example' }),
  from('localhost', false, { Origin: 'http://evil.example', 'X-Forwarded-Host': 'evil.example' }),
];

/** Where LATCHKEY_PUBLIC_URL is configured, that is ours whatever a proxy before us made of the host. */
const BY_PUBLIC_URL: readonly Case[] = [
  origin('files.example', true, PUBLIC),
  origin('internal:8080', true, PUBLIC),
  origin('files.example', true, 'HTTPS://FILES.EXAMPLE'),
  origin('files.example', false, 'http://files.example'),
  origin('files.example', false, 'https://files.example:8443'),
  origin('files.example:8443', false, 'https://files.example.evil.example'),
  origin('internal:8080', true, 'http://internal:8080'),
  origin('internal:8080', false, 'http://internal'),
  origin('internal:8080', false, 'null'),
  from('internal:8080', false, { 'Sec-Fetch-Site': 'same-site', Origin: PUBLIC }),
];

async function credentialsOf(site: Site): Promise<Readonly<Record<'ambient' | 'plain', readonly Headers[]>>> {
  const { stdout } = await site.cli('key', 'create', 'alice', '--action', 'manage');
  const key = stdout.trim();
  const token = site.token('alice');
  return {
    ambient: [
      { Cookie: `access=${token}` },
      { Authorization: basic('alice', key) },
      { 'Remote-User': 'alice', 'X-Latchkey-Proxy-Secret': PROXY_SECRET },
      { 'X-Api-Key': 'lk_no', Cookie: `access=${token}` },
      { Authorization: 'Bearer x.y.z', 'Remote-User': 'alice', 'X-Latchkey-Proxy-Secret': PROXY_SECRET },
    ],
    plain: [
      { Authorization: `Bearer ${token}` },
      { Authorization: `Bearer ${key}` },
      { 'X-Api-Key': key },
      { Authorization: `Bearer ${token}`, Cookie: `access=${token}` },
    ],
  };
}

const GRANT = JSON.stringify({ principal: 'user:bob', action: 'read', path: '/users/alice/' });
const FORM = '--xx\r\nContent-Disposition: form-data; name="f"; filename="f.txt"\r\n\r\nx\r\n--xx--\r\n';

/** What may change something, and what may be answered with when it is let through. */
const CHANGES: readonly (readonly [string, string, Headers, string | undefined, readonly number[]])[] = [
  ['PUT', FILE, {}, 'x', [201, 204]],
  ['POST', '/files/users/alice/', { 'Content-Type': 'multipart/form-data; boundary=xx' }, FORM, [200, 201]],
  ['DELETE', `${FILE}.none`, {}, undefined, [404]],
  ['PUT', GRANTS, { 'Content-Type': 'application/json' }, GRANT, [200]],
  ['DELETE', `${GRANTS}?principal=user:bob&path=/users/alice/`, {}, undefined, [200]],
  ['GET', `${GRANTS}?path=/users/alice/`, {}, undefined, [200]],
];

async function askAs(
  site: Site,
  method: string,
  target: string,
  { host, sent }: Case,
  more: Headers,
  body?: string,
) {
  const headers = { ...sent, ...more, ...(body !== undefined && { 'Content-Length': String(body.length) }) };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const head = `${method} ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n${lines.join('')}\r\n`;
  return site.raw(Buffer.from(head + (body ?? ''), 'latin1'));
}

async function judges(t: Test, site: Site, cases: readonly Case[]): Promise<void> {
  const { ambient, plain } = await credentialsOf(site);
  for (const one of cases) {
    for (const [method, target, headers, body, statuses] of CHANGES) {
      for (const credential of ambient) {
        const answer = await askAs(site, method, target, one, { ...headers, ...credential }, body);
        const crossed = answer.status === 403 && answer.body.includes('urn:latchkey:problem:cross-site');
        const text = `${method} ${target} with ${Object.keys(credential)}: ${JSON.stringify(one)}`;
        t.equal(crossed, !one.own, `${answer.status} ${text}`);
        if (one.own) t.ok(statuses.includes(answer.status), `${answer.status} ${text}`);
      }
    }
    for (const credential of plain) {
      const answer = await askAs(site, 'PUT', FILE, one, credential, 'x');
      t.ok(
        [201, 204].includes(answer.status),
        `${answer.status} ${Object.keys(credential)}: ${JSON.stringify(one)}`,
      );
    }
    for (const credential of ambient) {
      const answer = await askAs(site, 'GET', FILE, one, credential);
      t.equal(answer.status, 200, 'to read is to change nothing');
    }
  }
}

t.test('our own site is the host that the browser names', async (t) => {
  await judges(t, await startSite(t, SETTINGS), BY_HOST);
});

t.test('our own site is LATCHKEY_PUBLIC_URL', async (t) => {
  await judges(t, await startSite(t, { ...SETTINGS, LATCHKEY_PUBLIC_URL: PUBLIC }), BY_PUBLIC_URL);
});
