/** `latchkey up --no-nginx` answers links as nginx does: one table, through both. */

import t from 'tap';
import { hashPassword } from '../../src/links/password.js';
import { principal } from '../acl/given.js';
import { NAVIGATION } from './refused.js';
import type { Answer } from './running-site.js';
import { cookiesOf, type MadeLink, type SharedSite, sharedSite } from './shared-links.js';

const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' };
const SETTINGS = {
  LATCHKEY_LOGIN_URL: '/login',
  LATCHKEY_TOKEN_COOKIE: 'access',
  LATCHKEY_CORS_ORIGINS: 'https://app.example',
};
/** Of the connection, of the moment, or of this one answer. */
const IGNORED = [
  'date',
  'server',
  'connection',
  'keep-alive',
  'etag',
  'last-modified',
  'transfer-encoding',
  'accept-ranges',
  'content-length',
];

async function answersOf(site: SharedSite): Promise<Readonly<Record<string, unknown>>> {
  await site.put('/team/plan ü.txt', '0123456789');
  await site.put('/team/sub/in.html', '<p>');
  const made: Record<string, MadeLink> = {
    file: await site.share('/team/plan ü.txt'),
    folder: await site.share('/team/', { disposition: 'inline' }),
    locked: await site.share('/team/', { passwordHash: await hashPassword('right') }),
    once: await site.share('/team/', { downloadsMax: 1 }),
    ended: await site.share('/team/', { expiresAt: Date.now() - 1 }),
    elsewhere: await site.share('/team/', { addresses: ['10.0.0.0/8'] }),
    personal: await site.share('/team/', { recipients: [principal('user:bob')] }),
    unknown: { id: 'A'.repeat(12), token: 'A'.repeat(44), url: `/s/${'A'.repeat(44)}` },
  };
  const all: Record<string, unknown> = {};
  const note = async (name: string, method: string, below: string, headers = {}, body?: string) => {
    for (const prefix of ['', '/_latchkey']) {
      const target = `${prefix}${made[name]?.url}${below}`;
      const answer = await site.ask(method, target, { headers, ...(body !== undefined && { body }) });
      all[`${method} ${prefix} ${name} ${below} ${JSON.stringify(headers)}`] = told(answer, made);
    }
  };
  for (const name of Object.keys(made)) {
    for (const below of [
      '',
      '/',
      '/plan%20%C3%BC.txt',
      '/sub',
      '/sub/',
      '/sub/in.html',
      '/none',
      '/?format=json',
    ]) {
      await note(name, 'GET', below);
      await note(name, 'GET', below, NAVIGATION);
    }
    for (const method of ['HEAD', 'PUT', 'DELETE']) await note(name, method, '/plan%20%C3%BC.txt');
    await note(name, 'GET', '/plan%20%C3%BC.txt', { Range: 'bytes=1-2' });
    await note(name, 'GET', '/plan%20%C3%BC.txt', { Origin: 'https://app.example' });
    await note(name, 'GET', '/plan%20%C3%BC.txt', { 'User-Agent': 'Twitterbot/1.0' });
    await note(name, 'GET', '/plan%20%C3%BC.txt', {
      'X-Latchkey-Address': '10.0.0.1',
      'X-Latchkey-Peer': '10.0.0.1',
    });
    await note(name, 'GET', '/', { 'X-Latchkey-Request-Uri': '/evil/', 'X-Latchkey-Scheme': 'https' });
    await note(name, 'POST', '/sub/', FORM, 'password=wrong');
    await note(name, 'POST', '/sub/', { ...FORM, 'X-Latchkey-Scheme': 'https' }, 'password=right');
    await note(name, 'POST', '/', { ...FORM, Origin: 'http://evil.example' }, 'password=right');
    if (name === 'unknown') continue; // one guess more would have to wait, or not, by how fast the machine is
    await note(name, 'POST', '/', { ...FORM, Origin: 'http://localhost' }, 'password=right');
    await note(name, 'POST', '/', { ...FORM, 'X-Forwarded-Proto': 'https' }, 'password=right');
  }
  return all;
}

/** All that it says, with what is another in each site taken out. */
function told(answer: Answer, made: Readonly<Record<string, MadeLink>>): unknown {
  const mask = (text: string) => {
    let masked = text;
    for (const [name, { id, token }] of Object.entries(made)) {
      masked = masked.replaceAll(token, `<${name}>`).replaceAll(id, `<id of ${name}>`);
    }
    return masked
      .replace(/(latchkey-(?:password|lease|share-[^=]*)=)[^;]*/, '$1…')
      .replace(/Max-Age=\d+/, 'Max-Age=N')
      .replace(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d[^<"]*/g, '…')
      .replace(/<code>[0-9a-f]*<\/code>|<p><small>Request .*<\/p>\n/g, '');
  };
  const headers = Object.entries(answer.headers)
    .filter(([name]) => !IGNORED.includes(name))
    .map(([name, value]) => [name, mask(value.replace('; charset=utf-8', ''))])
    .sort();
  // What nginx says by itself is of its own making.
  const own = answer.body.includes('<center>nginx') ? '' : mask(answer.body.toString());
  return { status: answer.status, headers, body: own, cookies: mask(cookiesOf(answer)).split('=')[0] };
}

t.test('the two fronts say the same', async (t) => {
  let byNginx: Readonly<Record<string, unknown>> = {};
  await t.test('nginx', async (t) => {
    byNginx = await answersOf(await sharedSite(t, SETTINGS));
    t.ok(Object.keys(byNginx).length > 300);
  });
  await t.test('the gateway', async (t) => {
    const byGateway = await answersOf(await sharedSite(t, SETTINGS, ['--no-nginx']));
    for (const [request, answer] of Object.entries(byNginx)) t.same(byGateway[request], answer, request);
  });
});
