/** A token is in no log, whatever came of the request: not in nginx's, not in a service's, at the loudest level. */

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import Database from 'better-sqlite3';
import t from 'tap';
import { hashPassword } from '../../src/links/password.js';
import { principal } from '../acl/given.js';
import { childrenOf } from '../commands/processes.js';
import { NAVIGATION } from './refused.js';
import { hasSaid, until } from './running-site.js';
import { type MadeLink, type SharedSite, sharedSite } from './shared-links.js';

const WAIT_MS = 20_000;
const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' };

t.test('no log holds a token', async (t) => {
  const site = await sharedSite(t, { LATCHKEY_LOG_LEVEL: 'trace', LATCHKEY_LOGIN_URL: '/login' });
  await site.put('/team/sub/plan.txt', '0123456789');
  await site.put('/team/plan.txt', '0123456789');
  const made: MadeLink[] = [];
  const share = async (...about: Parameters<typeof site.share>) => {
    const link = await site.share(...about);
    made.push(link);
    return link.url;
  };
  const now = Date.now();
  const file = await share('/team/plan.txt');
  const folder = await share('/team/');
  const locked = await share('/team/', { passwordHash: await hashPassword('right') });
  const used = await share('/team/plan.txt', { downloadsMax: 0 });
  const ended = await share('/team/', { expiresAt: now - 1 });
  const early = await share('/team/', { notBefore: now + 1_000_000 });
  const elsewhere = await share('/team/', { addresses: ['10.0.0.0/8'] });
  const personal = await share('/team/', { recipients: [principal('user:bob')] });
  const broken = await share('/team/');
  breakRow(site, made.at(-1)?.id ?? '');

  const seen = new Set<number>();
  const ask = async (method: string, target: string, headers = {}, body?: string) => {
    for (const prefix of ['', '/_latchkey', '//x/..', '/_latchkey/x/..']) {
      const asked = { headers, ...(body !== undefined && { body }) };
      seen.add((await site.ask(method, prefix + target, asked)).status);
    }
  };
  for (const url of [file, folder, locked, used, ended, early, elsewhere, personal, broken]) {
    for (const below of [
      '',
      '/',
      '/plan.txt',
      '/sub/',
      '/sub',
      '/none.txt',
      '/%0a',
      '/a%0ab/c',
      '/x%00',
      '/%ff',
      '/..',
      '?a=b',
    ]) {
      await ask('GET', url + below);
      await ask('GET', url + below, NAVIGATION);
    }
    for (const method of ['HEAD', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE', 'CONNECT', 'BREW']) {
      await ask(method, `${url}/plan.txt`);
    }
    await ask('POST', `${url}/`, FORM, 'password=wrong');
    await ask('POST', `${url}/`, FORM, 'password=right');
    await ask('POST', `${url}/`, FORM, 'x'.repeat(3_000));
    await ask('POST', `${url}/`, { ...FORM, 'Content-Encoding': 'gzip' }, 'x');
    await ask('POST', `${url}/`, { 'Content-Type': 'text/plain' }, 'x');
    await ask('POST', `${url}/`, { ...FORM, Origin: 'https://evil.example' }, 'x');
    await ask('GET', `${url}/plan.txt`, { Range: 'bytes=2-4' });
    await ask('GET', `${url}/plan.txt`, { Range: 'bytes=90-' });
    await ask('GET', `${url}/plan.txt`, { 'If-None-Match': '*' });
    await ask('GET', `${url}/plan.txt`, { 'If-Match': '"x"' });
    await ask('GET', `${url}/${'a'.repeat(4_000)}`);
    await ask('GET', `${url}/${'a'.repeat(9_000)}`);
    await ask('GET', `${url}/plan.txt`, { Cookie: 'a'.repeat(40_000) });
    // What nginx refuses while it still reads the headers is logged, too.
    for (const host of ['a b', '', '[', `${'h'.repeat(300)}/`]) {
      seen.add(
        (await site.raw(`GET ${url}/plan.txt HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)).status,
      );
    }
    for (const bytes of [
      `GET ${url} HTTP/1.1\r\n\r\n`,
      `GET ${url}/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: x\r\nConnection: close\r\n\r\n`,
      `GET ${url} HTTP/9.9\r\n\r\n`,
      `GET ${url}\r\n\r\n`,
    ]) {
      seen.add((await site.raw(bytes)).status);
    }
    await hangUp(
      site.port,
      `POST ${url}/ HTTP/1.1\r\nHost: a\r\n${Object.entries(FORM).map((h) => h.join(': '))}\r\nContent-Length: 500\r\n\r\nx`,
    );
  }
  for (let i = 0; i < 8; i++) await ask('POST', `${locked}/`, FORM, 'password=wrong');
  // Too much for nginx, which then reads on for some seconds.
  seen.add(
    (await site.ask('POST', `${file}/`, { headers: { ...FORM, 'Content-Length': '99999999999999' } })).status,
  );
  killFiles(site);
  seen.add((await site.get(`${folder}/`)).status);
  await until(
    () => site.get(`${folder}/`),
    ({ status }) => status === 200,
    WAIT_MS,
  );
  const all = [200, 206, 302, 303, 304, 400, 401, 403, 404, 405, 410, 412, 413, 415, 416, 429, 503, 414, 501];
  t.same(
    all.filter((status) => !seen.has(status)),
    [],
    'every kind of answer was given',
  );

  const logs = new Map([['what the processes said', site.said()]]);
  for (const name of readdirSync(`${site.dataFolder}/run`)) {
    const path = `${site.dataFolder}/run/${name}`;
    if (statSync(path).isFile()) logs.set(name, readFileSync(path, 'latin1'));
  }
  t.ok((logs.get('access.log')?.split('\n').length ?? 0) > 1_000, 'requests were logged');
  t.match(logs.get('access.log'), '"uri":"/_latchkey/s/-/plan.txt"', 'without the token');
  t.match(logs.get('access.log'), `"grant":"share-link:${made[0]?.id}"`, 'by the public id');
  t.ok(await hasSaid(site, '"level":50'), 'something was worth an error');
  for (const [name, text] of logs) {
    for (const { token } of made) {
      t.notOk(text.includes(token), `${name} has no token`);
      t.notOk(text.includes(token.slice(12)), `${name} has no token's secret`);
      t.notOk(text.includes([...Buffer.from(token.slice(12, 24))].join(',')), `${name} has none as bytes`);
    }
  }
});

function breakRow(site: SharedSite, id: string): void {
  const db = new Database(`${site.dataFolder}/latchkey.db`);
  db.prepare("UPDATE share_links SET terms = '{' WHERE id = ?").run(id);
  db.close();
}

function killFiles(site: SharedSite): void {
  const found = childrenOf(site.process.pid ?? 0).find(({ words }) => words.includes('files'));
  if (found === undefined) throw new Error('there is no files service');
  process.kill(found.pid, 'SIGKILL');
}

/** Sends the beginning of a request and goes away. */
function hangUp(port: number, bytes: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes, () => socket.destroy()));
    socket.once('error', reject);
    socket.once('close', () => resolve());
  });
}
