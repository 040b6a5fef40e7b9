/**
 * Pages of other sites may read the files when their origin is configured, by exactly its name, and not otherwise:
 * the question before (Fetch standard, CORS-preflight), the file, a part of it, and a refusal.
 */

import t from 'tap';
import { times } from './refused.js';
import { type Answer, startSite } from './running-site.js';

const FILE = '/files/users/alice/plan.txt';
const DOWNLOAD = '/_latchkey/download/users/alice/plan.txt';
const APP = 'https://app.example';
const LONG = `https://${'a'.repeat(60)}.${'b'.repeat(60)}.example:8443`;
const LOCAL = 'http://[::1]:3000';
const ALLOWED = [APP, LONG, LOCAL];

const FOREIGN = [
  'null',
  'https://evil.example',
  'https://app.example.evil.example',
  'https://evil-app.example',
  'https://evilapp.example',
  'https://sub.app.example',
  'https://appxexample',
  'https://app.example:8443',
  'https://app.example:443',
  'https://app.example/',
  'https://app.example.',
  'http://app.example',
  'HTTPS://APP.EXAMPLE',
  'https://app.example https://evil.example',
  'https://evil.example https://app.example',
  ' ',
  '*',
  'http://[::2]:3000',
];

/** The headers by which a browser lets a page read, but Vary. */
function permission({ headers }: Answer) {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('access-control-')));
}

const asked = (method: string, origin: string) => ({
  Origin: origin,
  'Access-Control-Request-Method': method,
  'Access-Control-Request-Headers': 'authorization, range',
});

t.test('with origins that are configured', async (t) => {
  const site = await startSite(t, { LATCHKEY_CORS_ORIGINS: ALLOWED.join(',') });
  const [token, bob] = [site.token('alice'), site.token('bob')];
  t.equal((await site.ask('PUT', FILE, { token, body: '0123456789' })).status, 201);

  t.test('their pages may ask and read, with a credential', async (t) => {
    for (const origin of ALLOWED) {
      const readable = {
        'access-control-allow-origin': origin,
        'access-control-allow-credentials': 'true',
        'access-control-expose-headers': 'Content-Range, ETag, Content-Disposition',
      };
      for (const target of [FILE, DOWNLOAD, `${DOWNLOAD}?inline`]) {
        const preflight = await site.ask('OPTIONS', target, { headers: asked('GET', origin) });
        t.same([preflight.status, preflight.body.length], [204, 0], target);
        t.same(permission(preflight), {
          'access-control-allow-origin': origin,
          'access-control-allow-credentials': 'true',
          'access-control-allow-methods': 'GET, HEAD',
          'access-control-allow-headers':
            'Authorization, X-Api-Key, Range, If-None-Match, If-Modified-Since, If-Range',
          'access-control-max-age': '600',
        });
        const answers: readonly (readonly [Promise<Answer>, number])[] = [
          [site.ask('GET', target, { token, headers: { Origin: origin } }), 200],
          [site.ask('HEAD', target, { token, headers: { Origin: origin } }), 200],
          [site.ask('GET', target, { token, headers: { Origin: origin, Range: 'bytes=2-4' } }), 206],
          [site.ask('GET', target, { headers: { Origin: origin } }), 401],
          [site.ask('GET', target, { token: bob, headers: { Origin: origin } }), 403],
          [site.ask('GET', target.replace('plan', 'none'), { token, headers: { Origin: origin } }), 404],
        ];
        for (const [answering, status] of answers) {
          const answer = await answering;
          const text = `${status} of ${target} to ${origin}`;
          t.equal(answer.status, status, text);
          t.same(permission(answer), readable, text);
          for (const name of Object.keys(readable)) t.equal(times(answer, name), 1, text);
          t.match(answer.headers.vary, /Origin/, text);
        }
      }
    }
  });

  t.test('what is there is not told by the question', async (t) => {
    const missing = await site.ask('OPTIONS', '/files/none', { headers: asked('GET', APP) });
    t.equal(missing.status, 204);
    t.notMatch(missing.bytes.toString('latin1'), 'X-Latchkey');
  });

  t.test('others may not, however alike their names', async (t) => {
    for (const origin of FOREIGN) {
      for (const target of [FILE, DOWNLOAD]) {
        const text = `${target} to ${origin}`;
        const preflight = await site.ask('OPTIONS', target, { headers: asked('GET', origin) });
        t.ok([401, 404, 405].includes(preflight.status), `${preflight.status}: ${text}`);
        t.same(permission(preflight), {}, text);
        const got = await site.ask('GET', target, { token, headers: { Origin: origin } });
        t.same([got.status, permission(got)], [200, {}], text);
        t.match(got.headers.vary, /Origin/, `a cache must not mix the two up: ${text}`);
      }
    }
    const without = await site.ask('GET', FILE, { token });
    t.same([permission(without), without.headers.vary], [{}, 'Origin']);
  });

  t.test('they may only read: an upload is asked about like any request', async (t) => {
    for (const method of ['PUT', 'DELETE']) {
      const preflight = await site.ask('OPTIONS', FILE, { headers: asked(method, APP) });
      t.equal(
        preflight.headers['access-control-allow-methods'],
        'GET, HEAD',
        'which a browser takes for a no',
      );
    }
    const api = '/_latchkey/api/v1/grants?path=/users/alice/';
    t.same(permission(await site.ask('GET', api, { token, headers: { Origin: APP } })), {}, 'nor the API');
    const preflight = await site.ask('OPTIONS', api, { token, headers: asked('GET', APP) });
    t.same([preflight.status, permission(preflight)], [405, {}]);
  });
});

t.test('without any that is configured, nothing is said of it', async (t) => {
  const site = await startSite(t);
  const token = site.token('alice');
  t.equal((await site.ask('PUT', FILE, { token, body: 'x' })).status, 201);
  for (const origin of [...ALLOWED, ...FOREIGN]) {
    for (const target of [FILE, DOWNLOAD]) {
      for (const method of ['GET', 'OPTIONS']) {
        const answer = await site.ask(method, target, { token, headers: asked('GET', origin) });
        t.same(
          [permission(answer), answer.headers.vary],
          [{}, undefined],
          `${method} ${target} to ${origin}`,
        );
        t.equal(answer.status, method === 'GET' ? 200 : 405, `${method} ${target} to ${origin}`);
      }
    }
  }
});
