/**
 * Signed URLs through a real nginx: what they open, for whom, what is said when they have ended, and that one that is
 * taken back opens nothing from when the command returns.
 */

import { EventEmitter, once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Agent, get } from 'node:http';
import t, { type Test } from 'tap';
import { must } from './must.js';
import { form } from './refused.js';
import { type Site, startSite, until } from './running-site.js';

const FILE = '/files/team/plan.pdf';
const CLIENTS = 100;
const FUZZED = 20_000;
const NOTICED_MS = 30_000;

interface Signed {
  readonly url: string;
  readonly cookie: string;
  readonly id: string;
  readonly keyId: string;
}

async function prepared(t: Test, env: Readonly<Record<string, string>> = {}): Promise<Site> {
  const site = await startSite(t, { LATCHKEY_ADMINS: 'user:root', ...env });
  const token = site.token('root');
  for (const [name, body] of [
    ['plan.pdf', '0123456789'],
    ['other.pdf', 'other'],
    ['sub/deep.txt', 'deep'],
  ]) {
    must((await site.ask('PUT', `/files/team/${name}`, { token, body: body ?? '' })).status, 201);
  }
  must((await site.ask('PUT', '/files/elsewhere.txt', { token, body: 'elsewhere' })).status, 201);
  return site;
}

async function signed(site: Site, ...words: readonly string[]): Promise<Signed> {
  const { code, stdout, stderr } = await site.cli('link', 'sign', ...words, '--json');
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Signed;
}

const status = async (site: Site, target: string, options = {}, method = 'GET') =>
  (await site.ask(method, target, options)).status;

/** Of all that ask for no settings of their own. */
const site = await prepared(t);

t.test('a signed URL opens its file for whoever has it, and nothing else', async (t) => {
  const { url } = await signed(site, '/team/plan.pdf');
  const query = url.slice(url.indexOf('?'));
  const whole = await site.ask('GET', url);
  t.same([whole.status, whole.body.toString(), whole.headers['set-cookie']], [200, '0123456789', undefined]);
  const part = await site.ask('GET', url, { headers: { Range: 'bytes=2-4' } });
  t.same([part.status, part.body.toString()], [206, '234']);
  const head = await site.ask('HEAD', url);
  t.same([head.status, head.headers['content-length']], [200, '10']);
  const etag = whole.headers.etag ?? '';
  t.equal(await status(site, url, { headers: { 'If-None-Match': etag } }), 304);
  t.equal(await status(site, FILE), 401, 'the file without it');
  t.equal(await status(site, FILE, { token: site.token('eve') }), 403);
  t.equal(await status(site, url, { token: site.token('eve') }), 200, 'either may allow');
  t.equal(await status(site, url, { token: 'rubbish' }), 200);
  for (const other of [
    '/files/team/other.pdf',
    '/files/team/sub/deep.txt',
    '/files/elsewhere.txt',
    '/files/team/',
  ]) {
    t.equal(await status(site, other + query), 401, other);
  }
  for (const method of ['PUT', 'POST', 'DELETE']) {
    t.equal(await status(site, url, { body: 'x' }, method), 401, method);
  }
  for (const [with_, expected] of [
    [`${url}&page=2`, 200],
    [`${FILE}?page=2&${query.slice(1)}`, 200],
    [`${FILE}?lk=&${query.slice(1)}`, 401],
    [`${url}&lk=x`, 401],
    [`${url}&lk`, 200],
    [`${FILE}?LK=${query.slice(4)}`, 401],
    [`${FILE}?%6ck=${query.slice(4)}`, 401],
    [`${FILE}?x${query.slice(1)}`, 401],
    [`${FILE}?x=1;${query.slice(1)}`, 401],
    [`${url}.`, 401],
    [`${url}%20`, 401],
    [`${url}=`, 401],
  ] as const) {
    t.equal(await status(site, with_), expected, with_.slice(FILE.length));
    const download = with_.replace('/files/', '/_latchkey/download/');
    t.equal(await status(site, download), expected, `the download ${with_.slice(FILE.length)}`);
  }
});

t.test('a folder’s opens all below it, and nothing above', async (t) => {
  const { url } = await signed(site, '/team/sub/deep.txt', '--folder', '/team/');
  const query = url.slice(url.indexOf('?'));
  for (const [target, expected] of [
    [url, 200],
    [FILE + query, 200],
    [`/files/team/none${query}`, 404],
    [`/files/elsewhere.txt${query}`, 401],
    [`/files/team/../elsewhere.txt${query}`, 401],
    [`/files/team%2f..%2felsewhere.txt${query}`, 401],
    [`/files/teams/plan.pdf${query}`, 401],
  ] as const) {
    t.equal(await status(site, target), expected, target.slice(0, target.indexOf('?')));
  }
});

t.test('one that has ended is 410 for whoever may not have the file otherwise', async (t) => {
  const { url, id } = await signed(site, '/team/plan.pdf');
  await site.cli('link', 'revoke', '--signed', id);
  const browser = { Accept: 'text/html', 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'document' };
  t.equal(form(await site.ask('GET', url)), '410 json');
  const page = await site.ask('GET', url, { headers: browser });
  t.equal(form(page), '410 page');
  t.match(page.body.toString(), /ended/);
  t.equal(page.headers['referrer-policy'], 'no-referrer');
  t.equal(form(await site.ask('GET', url, { token: site.token('eve') })), '410 json');
  t.equal(await status(site, url, { token: site.token('root') }), 200, 'and the file for those who may');
  const short = await signed(site, '/team/plan.pdf', '--for', '1s');
  t.equal(
    await until(
      () => status(site, short.url),
      (now) => now !== 200,
      NOTICED_MS,
    ),
    410,
    'expired',
  );
  const download = (await signed(site, '/team/plan.pdf')).url.replace(
    '/files/',
    '/_latchkey/download/files/',
  );
  t.equal(form(await site.ask('GET', url.replace('/files/', '/_latchkey/download/'))), '410 json');
  t.equal(await status(site, download.replace('/download/files/', '/download/')), 200, 'a download likewise');
});

t.test(`of ${FUZZED} mutated URLs not one is accepted`, async (t) => {
  const { url } = await signed(site, '/team/plan.pdf', '--folder', '/team/');
  const [target = '', token = ''] = url.split('?lk=');
  const agent = new Agent({ keepAlive: true, maxSockets: 32 });
  t.teardown(() => agent.destroy());
  const alphabet = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~=+%';
  let seed = 20_261_125;
  const random = (below: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return Math.floor((seed / 2 ** 31) * below);
  };
  const mutated = () => {
    let text = token;
    for (let edits = 1 + random(3); edits > 0; edits--) {
      const at = random(text.length);
      const letter = alphabet[random(alphabet.length)] ?? '';
      const cut = random(3);
      text = text.slice(0, at) + (cut === 0 ? '' : letter) + text.slice(at + (cut === 1 ? 0 : 1));
    }
    return text;
  };
  const seen: Record<number, number> = {};
  let asked = 0;
  const worker = async () => {
    while (asked < FUZZED) {
      const text = mutated();
      if (text === token) continue;
      asked += 1;
      const got = await statusOver(agent, site.port, `${target}?lk=${text}`);
      if (got !== 401) t.fail(`${got}: ${text}`);
      seen[got] = (seen[got] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: 32 }, worker));
  t.same(seen, { 401: FUZZED });
  t.equal(await statusOver(agent, site.port, url), 200, 'while the link itself opens');
});

t.test('keys are exchanged while the services run', async (t) => {
  const old = await signed(site, '/team/plan.pdf');
  t.equal((await site.cli('secret', 'rotate', '--links')).code, 0);
  const fresh = await signed(site, '/team/plan.pdf');
  t.not(fresh.keyId, old.keyId);
  t.equal(
    await until(
      () => status(site, fresh.url),
      (now) => now === 200,
      NOTICED_MS,
    ),
    200,
  );
  t.equal(await status(site, old.url), 200, 'the one before goes on');
  t.equal((await site.cli('secret', 'drop', '--links', old.keyId)).code, 0);
  t.equal(
    await until(
      () => status(site, old.url),
      (now) => now !== 200,
      NOTICED_MS,
    ),
    401,
    'until it is dropped: nobody knows then that it was a link',
  );
  t.equal(await status(site, fresh.url), 200);
});

for (const [how, words] of [
  ['by its id', ({ id }: Signed) => ['--signed', id]],
  ['by the URL itself', ({ url }: Signed) => ['--signed', url]],
  ['by its path', () => ['--signed-path', '/team/plan.pdf']],
  // The key signs nothing that counts for a minute: this comes last.
  ['by its key', ({ keyId }: Signed) => ['--key', keyId]],
] as const) {
  t.test(
    `${CLIENTS} clients loop over a link that is revoked ${how}: none begins a success later`,
    async (t) => {
      const link = await signed(site, '/team/plan.pdf');
      const agent = new Agent({ keepAlive: true, maxSockets: CLIENTS });
      t.teardown(() => agent.destroy());
      let revokedAt = Number.POSITIVE_INFINITY;
      const begun = new EventEmitter();
      let before = 0;
      let late = 0;
      let refused = 0;
      const client = async () => {
        for (let after = 0; after < 3; ) {
          const startedAt = performance.now();
          const got = await statusOver(agent, site.port, link.url);
          if (got === 200 && startedAt <= revokedAt) before += 1;
          else if (got === 200) late += 1;
          else if (got === 410) refused += 1;
          else throw new Error(`answered ${got}`);
          if (before === CLIENTS) begun.emit('all');
          if (startedAt > revokedAt) after += 1;
        }
      };
      const clients = Array.from({ length: CLIENTS }, client);
      await once(begun, 'all');
      const { code } = await site.cli('link', 'revoke', ...words(link));
      revokedAt = performance.now();
      await Promise.all(clients);
      t.equal(code, 0);
      t.ok(before >= CLIENTS, `${before} before`);
      t.equal(late, 0);
      t.ok(refused >= 3 * CLIENTS, `${refused} refused`);
    },
  );
}

t.test('no log has a token', async (t) => {
  const site = await prepared(t, { LATCHKEY_LOG_LEVEL: 'trace' });
  const { url, id, cookie } = await signed(site, '/team/plan.pdf', '--folder', '/team/');
  const token = url.slice(url.indexOf('lk=') + 3);
  const secret = token.split('.').at(-1) ?? '';
  const asks = async () => {
    await site.ask('GET', url);
    await site.ask('GET', FILE, { headers: { Cookie: cookie.split(';')[0] ?? '' } });
    await site.ask('GET', url.replace('plan.pdf', 'none.pdf'));
    await site.ask('PUT', url, { body: 'x' });
    await site.ask('GET', url.replace('/files/', '/_latchkey/download/'));
    await site.ask('GET', url.replace('team/', 'team/%00'));
    await site.ask('GET', `/nothing?lk=${token}`);
  };
  await asks();
  await site.cli('link', 'revoke', '--signed', id);
  await asks();
  const log = readFileSync(`${site.dataFolder}/run/access.log`, 'utf8');
  t.match(log, `signed-url:${id}`, 'the access log says by which link');
  t.notOk(log.includes(secret));
  t.notOk(site.said().includes(secret));
});

function statusOver(agent: Agent, port: number, path: string, headers = {}): Promise<number> {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path, agent, headers }, (answer) => {
      answer.resume();
      answer.on('end', () => resolve(answer.statusCode ?? 0));
    }).on('error', reject);
  });
}
