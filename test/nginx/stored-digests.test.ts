/**
 * Stored digests behind a real nginx: each way in gets one, nobody waits for it, a service that is killed before it
 * goes on with it, and whoever downloads is told it.
 */

import { createHash } from 'node:crypto';
import { chownSync, statSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { childrenOf } from '../commands/processes.js';
import { FORM_HEADERS, form } from '../http/asking-files.js';
import { BYTES, metadata, UPLOADS, VERSION } from '../http/tus-client.js';
import { path } from '../storage/given.js';
import { until } from './running-site.js';
import { sharedSite } from './shared-links.js';

const STORED_MS = 60_000;
const sha256 = (text: string, encoding: 'hex' | 'base64' = 'hex') =>
  createHash('sha256').update(text).digest(encoding);

const site = await sharedSite(t, { LATCHKEY_STORE_DIGESTS: 'yes' });
const token = site.token('root');
const put = (on: string, body: string, headers = {}) =>
  site.ask('PUT', `/files${on}`, { token, body, headers });
const now = async (on: string) => (await site.store.digests.digestsOf([path(on)])).get(path(on))?.sha256;
const stored = (on: string) =>
  until(
    () => now(on),
    (digest) => digest !== undefined,
    STORED_MS,
  );
const download = (on: string, headers: Readonly<Record<string, string>>, method = 'GET') =>
  site.ask(method, `/_latchkey/download${on}`, { token, headers });
const onDisk = (name: string) => `${site.dataFolder}/store/files${name}`;
const WANTED = { 'Want-Repr-Digest': 'sha-512=5, sha-256=1' };

t.test('each way in gets the digest of its bytes', async (t) => {
  const link = await site.share('/asked/', {}, { kind: 'upload' });
  const json = { 'Content-Type': 'application/json' };
  const copied = (to: string) => JSON.stringify({ from: '/in/put', to });
  const ways: Readonly<Record<string, () => Promise<{ status: number }>>> = {
    '/in/put': () => put('/in/put', '/in/put'),
    '/in/form': () => {
      const body = form({ name: 'f', filename: 'form', text: '/in/form' });
      return site.ask('POST', '/files/in/', { token, headers: FORM_HEADERS, body });
    },
    '/asked/form': () => {
      const body = form({ name: 'f', filename: 'form', text: '/asked/form' });
      return site.ask('POST', `${link.url}/`, { headers: FORM_HEADERS, body });
    },
    '/asked/put': () => site.ask('PUT', `${link.url}/put`, { body: '/asked/put' }),
    '/in/resumed': () => {
      const about = {
        'Upload-Metadata': metadata({ path: '/in/resumed' }),
        'Upload-Length': String('/in/resumed'.length),
      };
      const headers = { ...VERSION, ...BYTES, ...about };
      return site.ask('POST', UPLOADS, { token, headers, body: '/in/resumed' });
    },
  };
  for (const [on, send] of Object.entries(ways)) t.equal((await send()).status, 201, on);
  for (const on of Object.keys(ways)) t.equal(await stored(on), sha256(on), on);
  await site.ask('POST', '/_latchkey/api/v1/files/copy', { token, headers: json, body: copied('/in/copy') });
  t.equal(await now('/in/copy'), sha256('/in/put'), 'a copy has it with its commit');
  t.match(await site.cli('mv', '/in/form', '/in/moved'), { code: 0 });
  t.equal(await now('/in/moved'), sha256('/in/form'));
  await site.cli('rm', '/in/moved');
  const { entries } = JSON.parse((await site.cli('trash', 'list', '--json')).stdout);
  t.match(await site.cli('trash', 'restore', entries[0].id), { code: 0 });
  t.equal(await now('/in/moved'), sha256('/in/form'), 'the trash has kept it');
});

t.test('one that was verified at the upload is there with the answer', async (t) => {
  const headers = { 'Repr-Digest': `sha-256=:${sha256('text', 'base64')}:` };
  t.equal((await put('/in/verified', 'text', headers)).status, 201);
  t.equal(await now('/in/verified'), sha256('text'));
});

t.test('whoever downloads is told it, of the whole file, and only where it is stored', async (t) => {
  const digest = `sha-256=:${sha256('/in/put', 'base64')}:`;
  for (const method of ['GET', 'HEAD']) {
    t.match(await download('/in/put', WANTED, method), { status: 200, headers: { 'repr-digest': digest } });
  }
  const part = await download('/in/put', { ...WANTED, Range: 'bytes=0-2' });
  t.match(part, { status: 206, headers: { 'repr-digest': digest } });
  t.equal(part.body.toString(), '/in');
  for (const wanted of ['', 'sha-512=1', 'sha-256=0', '"', 'sha-256="x"']) {
    const answer = await download('/in/put', wanted === '' ? {} : { 'Want-Repr-Digest': wanted });
    t.equal(answer.status, 200, wanted);
    t.notOk('repr-digest' in answer.headers, wanted);
  }
  const missing = await download('/in/none', WANTED);
  t.strictSame([missing.status, 'repr-digest' in missing.headers], [404, false]);
  const refused = await site.ask('GET', '/_latchkey/download/in/put', { headers: WANTED });
  t.strictSame([refused.status, 'repr-digest' in refused.headers], [401, false]);
  writeFileSync(onDisk('/in/copy'), 'past Latchkey');
  t.notOk('repr-digest' in (await download('/in/copy', WANTED)).headers, 'it is not what is there');
});

t.test('it is listed to whoever may read the file', async (t) => {
  const listed = await site.ask('GET', '/_latchkey/api/v1/files?path=/in/', { token });
  const { entries } = JSON.parse(listed.body.toString()) as { entries: { name: string; sha256?: string }[] };
  const found = Object.fromEntries(entries.map((entry) => [entry.name, entry.sha256]));
  t.match(found, { put: sha256('/in/put'), resumed: sha256('/in/resumed'), verified: sha256('text') });
});

t.test('a service that is killed, and what was adopted meanwhile: the next start goes on', async (t) => {
  const family = childrenOf(site.process.pid ?? 0);
  const service = family.find(({ words }) => words.includes('files'));
  if (service === undefined) throw new Error(`no files service among ${JSON.stringify(family)}`);
  writeFileSync(onDisk('/in/adopted'), 'adopted');
  const { uid, gid } = statSync(onDisk('/in/put'));
  chownSync(onDisk('/in/adopted'), uid, gid);
  t.match(await site.cli('adopt', '/in/'), { code: 0 });
  t.equal((await put('/in/late', 'late')).status, 201);
  process.kill(service.pid, 'SIGKILL');
  t.equal(await stored('/in/late'), sha256('late'));
  t.equal(await stored('/in/adopted'), sha256('adopted'));
  t.match(await site.cli('fsck', '--digests'), { stdout: /\ndigests computed and compared: 8\n/ });
});
