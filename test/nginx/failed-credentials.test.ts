/**
 * Failed credentials through a real nginx: 429 with a time to wait, by address and by user; and a flood of bad tokens
 * that costs nobody else anything. Addresses are the visitors', as nginx's real_ip settings say.
 */

import { Agent, request } from 'node:http';
import SQLite from 'better-sqlite3';
import t, { type Test } from 'tap';
import { newApiKey } from '../../src/credentials/api-key-text.js';
import { failureName } from '../../src/credentials/joined-failures.js';
import { basic } from '../credentials/presenting.js';
import { must } from './must.js';
import { type PastedSite, pastedSite } from './pasted-site.js';
import { form } from './refused.js';
import { startSite, until } from './running-site.js';

const ADDRESS_MAX = 20;
const USER_MAX = 5;
const SETTINGS = {
  LATCHKEY_FAILURES_MAX: String(ADDRESS_MAX),
  LATCHKEY_USER_FAILURES_MAX: String(USER_MAX),
  LATCHKEY_ADMINS: 'user:root',
};
const LIMIT_MS = 30_000;
const FLOOD = 3_000;
const CONNECTIONS = 16;
const FILE = '/media/team/plan.txt';
const PUBLIC = '/media/pub/plan.txt';

type Headers = Readonly<Record<string, string>>;

/** Behind a load balancer on this machine, which names the visitor in X-Forwarded-For. */
async function balancedSite(t: Test): Promise<PastedSite> {
  const site = await pastedSite(t, {
    settings: SETTINGS,
    http: ({ port }, { http, server }) => `${http}
    server {
        listen 127.0.0.1:${port};
        access_log off;
        set_real_ip_from 127.0.0.1;
        real_ip_header   X-Forwarded-For;
${server}
    }`,
  });
  const token = site.token('root');
  for (const target of [FILE, PUBLIC]) {
    must((await site.ask('PUT', target, { token, body: 'x' })).status, 201);
  }
  must(await site.cli('grant authenticated read /team/'), 0);
  must(await site.cli('grant anyone read /pub/'), 0);
  return site;
}

function asking(t: Test, port: number) {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  t.teardown(() => agent.destroy());
  return (path: string, headers: Headers) =>
    new Promise<number>((resolve, reject) => {
      request({ host: '127.0.0.1', port, agent, path, headers }, (answer) => {
        answer.resume().on('end', () => resolve(answer.statusCode ?? 0));
      })
        .on('error', reject)
        .end();
    });
}

const from = (address: string, token: string): Headers => ({
  'X-Forwarded-For': address,
  Authorization: `Bearer ${token}`,
});

function counted(statuses: readonly number[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const status of statuses) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

/** Each test has addresses of its own. */
const site = await balancedSite(t);

t.test('a flood of bad tokens from one address costs nobody else anything', async (t) => {
  const ask = asking(t, site.port);
  const flooder = '198.51.100.1';
  const [alice, bad] = [site.token('alice'), `${site.token('mallory')}x`];
  t.equal(await ask(FILE, from(flooder, alice)), 200, 'alice is in, from the same office');
  const flood: Promise<number>[] = [];
  const good: Promise<number>[] = [];
  const fresh: Promise<number>[] = [];
  const open: Promise<number>[] = [];
  for (let i = 0; i < FLOOD; i++) {
    flood.push(ask(FILE, from(flooder, `${bad}${i}`)));
    if (i % 30 !== 0) continue;
    good.push(ask(FILE, from(flooder, alice)));
    fresh.push(ask(FILE, from(`192.0.2.${i % 250}`, site.token(`user-${i}`))));
    open.push(ask(PUBLIC, from(flooder, bad)));
  }
  const all = await Promise.all([flood, good, fresh, open].map((each) => Promise.all(each)));
  const [flooded = [], ...others] = all.map(counted);
  t.same(
    others,
    [{ 200: 100 }, { 200: 100 }, { 200: 100 }],
    'known ones, new ones from elsewhere, public files',
  );
  const { 401: refused = 0, 429: limited = 0, ...rest } = flooded as Readonly<Record<string, number>>;
  t.same([rest, refused + limited], [{}, FLOOD]);
  t.ok(refused <= ADDRESS_MAX, `${refused} were looked at`);

  const waiting = await site.ask('GET', FILE, { headers: from(flooder, site.token('new')) });
  t.same([form(waiting), waiting.headers['retry-after']], ['429 json', '60'], 'a new one from there waits');
  t.equal(
    (await site.ask('GET', FILE, { headers: { 'X-Forwarded-For': flooder } })).status,
    401,
    'without any: 401',
  );
  t.equal((await site.ask('PUT', FILE, { headers: from(flooder, bad), body: 'x' })).status, 429);
});

t.test(
  'failures that name one user are limited from everywhere, and keep no key of that user out',
  async (t) => {
    const made = await site.ask('GET', FILE, {
      headers: { Authorization: basic('alice', newApiKey().text) },
    });
    t.equal(made.status, 401);
    const statuses: number[] = [];
    for (let i = 1; i < USER_MAX + 3; i++) {
      const headers = {
        'X-Forwarded-For': `203.0.113.${i}`,
        Authorization: basic('alice', newApiKey().text),
      };
      statuses.push((await site.ask('GET', FILE, { headers })).status);
    }
    t.same(counted(statuses), { 401: USER_MAX - 1, 429: 3 });
    const bob = { 'X-Forwarded-For': '203.0.113.1', Authorization: basic('bob', newApiKey().text) };
    t.equal((await site.ask('GET', FILE, { headers: bob })).status, 401, 'another user is another');
  },
);

t.test('the files service counts as the authorizer does', async (t) => {
  for (const target of ['/_latchkey/download/team/plan.txt', '/_latchkey/api/v1/grants?path=/team/']) {
    const address = target.includes('api') ? '198.51.100.7' : '198.51.100.8';
    const statuses: number[] = [];
    for (let i = 0; i < ADDRESS_MAX + 2; i++) {
      const answer = await site.ask('GET', target, { headers: from(address, `x.y.${i}`) });
      statuses.push(answer.status);
      if (answer.status === 429) t.same([form(answer), answer.headers['retry-after']], ['429 json', '60']);
    }
    t.same(counted(statuses), { 401: ADDRESS_MAX, 429: 2 }, target);
  }
});

t.test('what the authorizer has counted closes the files service with its first failure', async (t) => {
  const address = '198.51.100.9';
  const download = '/_latchkey/download/team/plan.txt';
  const ask = async (target: string, token: string) =>
    (await site.ask('GET', target, { headers: from(address, token) })).status;
  for (let i = 0; i < ADDRESS_MAX; i++) t.equal(await ask(FILE, `x.y.${i}`), 401);
  const told = async () => {
    const db = new SQLite(`${site.folder}/data/latchkey.db-counts`, { readonly: true });
    const sql = 'SELECT failures FROM failure_counts WHERE name = ?';
    const failures = db.prepare<[string], number>(sql).pluck().get(failureName(address));
    db.close();
    return failures ?? 0;
  };
  // Nobody may have told anything yet: then there is no such file.
  await until(
    () => told().catch(() => 0),
    (failures) => failures >= ADDRESS_MAX,
    LIMIT_MS,
  );
  let users = 0;
  const askAnew = () => ask(download, site.token(`new-${++users}`));
  t.equal(await askAnew(), 200, 'it has nothing to tell, and so has heard nothing');
  t.equal(await ask(download, 'x.y.z'), 401);
  await until(askAnew, (status) => status === 429, LIMIT_MS);
});

t.test('without real_ip settings no header of a client makes another address of it', async (t) => {
  const site = await startSite(t, SETTINGS);
  const statuses: number[] = [];
  for (let i = 0; i < ADDRESS_MAX + 5; i++) {
    const headers = {
      ...from(`192.0.2.${i}`, 'x.y.z'),
      'X-Real-IP': `192.0.2.${i}`,
      Forwarded: `for=192.0.2.${i}`,
      'X-Latchkey-Address': `192.0.2.${i}`,
    };
    statuses.push((await site.ask('GET', '/files/a', { headers })).status);
  }
  t.same(counted(statuses), { 401: ADDRESS_MAX, 429: 5 });
});
