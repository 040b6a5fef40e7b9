/**
 * What a file request takes and what not: sizes, endings, and how many, exactly, whoever sends at once. What is
 * refused leaves nothing, and counts for nothing.
 */

import { existsSync, readdirSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import t, { type Test } from 'tap';
import type { UploadTerms } from '../../src/acl/share-link.js';
import { FORM_HEADERS, form } from '../http/asking-files.js';
import { partialsIn, path } from '../uploads/given.js';
import { PDF } from '../uploads/sample-files.js';
import { NAVIGATION } from './refused.js';
import { type MadeLink, sharedSite } from './shared-links.js';

const NO_LIMIT: UploadTerms = { filesMax: undefined, bytesMax: undefined, endings: [] };
const UPLOAD_BYTES_MAX = 100_000;

const site = await sharedSite(t, { LATCHKEY_UPLOAD_BYTES_MAX: String(UPLOAD_BYTES_MAX) });
let folders = 0;

/** A request into a folder of its own. */
async function requested(upload: Partial<UploadTerms>) {
  folders += 1;
  const link = await site.share(
    `/in-${folders}/`,
    { upload: { ...NO_LIMIT, ...upload } },
    { kind: 'upload' },
  );
  return { link, folder: `${site.dataFolder}/store/files/in-${folders}` };
}

const put = (link: MadeLink, name: string, body: string | Buffer) =>
  site.ask('PUT', `${link.url}/${name}`, { body });
const post = (link: MadeLink, names: readonly string[], text = 'x', headers = {}) =>
  site.ask('POST', `${link.url}/`, {
    headers: { ...FORM_HEADERS, ...headers },
    body: form(...names.map((filename) => ({ name: 'f', filename, text }))),
  });

async function nothingLeft(t: Test, link: MadeLink, folder: string): Promise<void> {
  const partials = partialsIn(site.dataFolder);
  const files = existsSync(folder) ? readdirSync(folder) : [];
  t.strictSame([files, partials, await site.store.linkCounts.uploads(link.id)], [[], [], 0]);
}

t.test('a file may be as large as the link says, and not a byte larger', async (t) => {
  const { link, folder } = await requested({ bytesMax: 1_000 });
  const chunked = (bytes: number) =>
    `PUT ${link.url}/a HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n${bytes.toString(16)}\r\n${'x'.repeat(bytes)}\r\n0\r\n\r\n`;
  for (const [name, answer] of [
    ['with a length', await put(link, 'a', 'x'.repeat(1_001))],
    ['in chunks', await site.raw(chunked(1_001))],
    ['in a form', await post(link, ['a'], 'x'.repeat(1_001))],
    ['larger than the service takes', await put(link, 'a', 'x'.repeat(UPLOAD_BYTES_MAX + 1))],
    ['a form larger than that', await post(link, ['a'], 'x'.repeat(UPLOAD_BYTES_MAX + 1))],
  ] as const) {
    t.equal(answer.status, 413, name);
    await nothingLeft(t, link, folder);
  }
  t.equal((await post(link, ['a', 'b', 'c'], 'x'.repeat(1_000))).status, 201, 'each of three');
  t.equal((await site.raw(chunked(1_000))).status, 201);
});

t.test('what comes expires when the link says, from when it is there', async (t) => {
  const { link, folder } = await requested({ filesExpireSeconds: 3_600 });
  const begunAt = Date.now();
  t.equal((await put(link, 'a', 'x')).status, 201);
  t.equal((await post(link, ['b', 'a'])).status, 201);
  const on = (name: string) => path(`/${folder.split('/').at(-1)}/${name}`);
  const names = ['a', 'b', 'a (2)'].map(on);
  const expiries = await site.store.expiries.expiriesOf(names);
  t.equal(expiries.size, names.length);
  for (const expiresAt of expiries.values()) {
    t.ok(expiresAt >= begunAt + 3_600_000 && expiresAt <= Date.now() + 3_600_000);
  }
  // A sender names no other time.
  t.equal((await post(link, ['c'], 'x', { 'x-latchkey-expires': 'never' })).status, 201);
  t.equal((await site.store.expiries.expiriesOf([on('c')])).size, 1);
  const forEver = await requested({});
  t.equal((await put(forEver.link, 'a', 'x')).status, 201);
  t.equal((await site.store.expiries.expired(Number.MAX_SAFE_INTEGER, 99)).length, names.length + 1);
});

t.test('of a form all files are taken or none', async (t) => {
  const { link, folder } = await requested({ bytesMax: 1_000, endings: ['.txt'], filesMax: 3 });
  for (const [names, status] of [
    [['a.txt', 'b.exe'], 400],
    [['a.txt', '..'], 400],
    [['a.txt', 'b.txt', 'c.txt', 'd.txt'], 413],
    [[], 400],
  ] as const) {
    t.equal((await post(link, names)).status, status, names.join(' '));
    await nothingLeft(t, link, folder);
  }
  const body = form(
    { name: 'f', filename: 'a.txt', text: 'x' },
    { name: 'f', filename: 'b.txt', text: 'x'.repeat(1_001) },
  );
  t.equal((await site.ask('POST', `${link.url}/`, { headers: FORM_HEADERS, body })).status, 413);
  await nothingLeft(t, link, folder);
  const cut = await site.ask('POST', `${link.url}/`, {
    headers: FORM_HEADERS,
    body: form({ name: 'f', filename: 'a.txt', text: 'x' }).replace('--xx--\r\n', ''),
  });
  t.equal(cut.status, 400, 'one that breaks off');
  await nothingLeft(t, link, folder);
  t.equal((await post(link, ['a.txt', 'b.TXT', 'c.txt'])).status, 201);
});

t.test('a name ends as the link says, in whatever case', async (t) => {
  const { link, folder } = await requested({ endings: ['.pdf', '.tar.gz'] });
  for (const name of ['a.exe', 'a.pdf.exe', 'a.gz', 'pdf', '.pdf', 'a.pdf%20']) {
    const answer = await put(link, name, 'x');
    t.equal(answer.status, 400, name);
    t.match(answer.body.toString(), /\.pdf, \.tar\.gz/, 'it says which');
  }
  await nothingLeft(t, link, folder);
  for (const name of ['a.pdf', 'A.PDF', 'a.tar.gz', 'a.tar.gz']) {
    const named = name.endsWith('gz') ? gzipSync('x') : PDF;
    t.equal((await put(link, name, named)).status, 201, name);
  }
  t.strictSame(readdirSync(folder).sort(), ['A.PDF', 'a (2).tar.gz', 'a.pdf', 'a.tar.gz']);
});

t.test('there may be so many files, and then the request has ended', async (t) => {
  const { link, folder } = await requested({ filesMax: 2 });
  t.equal((await put(link, 'a', 'x')).status, 201);
  t.match((await site.get(`${link.url}/`, { Accept: 'text/html' })).body.toString(), /One file/);
  t.equal((await post(link, ['b', 'c'])).status, 413, 'more than there is room for');
  const last = await post(link, ['b'], 'x', { Accept: 'text/html' });
  t.equal(last.status, 201);
  t.notMatch(last.body.toString(), /Send more/);
  for (const answer of [
    await put(link, 'c', 'x'),
    await post(link, ['c']),
    await site.get(`${link.url}/`, { Accept: 'text/html' }),
  ]) {
    t.equal(answer.status, 410);
    t.match(answer.body.toString(), /has all the files/);
  }
  t.strictSame(readdirSync(folder).sort(), ['a', 'b']);
});

t.test('of ten who race for the last file exactly one gets it', async (t) => {
  for (let round = 0; round < 5; round++) {
    const { link, folder } = await requested({ filesMax: 3 });
    t.equal((await post(link, ['a', 'b'])).status, 201);
    const racing = Array.from({ length: 10 }, (_, i) =>
      i % 2 === 0 ? put(link, `r${i}`, `racer ${i}`) : post(link, [`r${i}`], `racer ${i}`),
    );
    const statuses = (await Promise.all(racing)).map(({ status }) => status);
    t.equal(statuses.filter((status) => status === 201).length, 1, statuses.join(' '));
    t.strictSame(
      statuses.filter((status) => ![201, 410, 503].includes(status)),
      [],
      'the others hear that it is full, or may be',
    );
    t.equal(readdirSync(folder).length, 3);
    t.equal(await site.store.linkCounts.uploads(link.id), 3);
    t.strictSame(partialsIn(site.dataFolder), []);
  }
});

t.test('who gives up makes room for the next', async (t) => {
  const { link } = await requested({ filesMax: 1, bytesMax: 10 });
  for (let i = 0; i < 5; i++) t.equal((await post(link, ['a'], 'x'.repeat(11))).status, 413);
  t.equal((await put(link, 'a', 'x')).status, 201);
});

t.test('a folder that is full says so, and not how full, nor whose', async (t) => {
  const { link, folder } = await requested({});
  const saidBefore = site.said().length;
  const full = path(`/in-${folders}/`);
  await site.store.quotas.setQuota({ subject: full, bytesMax: 5, filesMax: undefined });
  for (const answer of [await put(link, 'a', 'x'.repeat(6)), await post(link, ['a'], 'x'.repeat(6))]) {
    t.equal(answer.status, 507);
    t.match(answer.body.toString(), /There is no room for this; ask whoever sent you the link/);
    t.notMatch(answer.body.toString(), /quota|bytes|in-\d/);
    await nothingLeft(t, link, folder);
  }
  const page = await post(link, ['a'], 'x'.repeat(6), NAVIGATION);
  t.match([page.status, page.headers['content-type']], [507, /^text\/html/], 'people get a page');
  t.match(
    page.body.toString(),
    /<form[\s\S]*There is no room for this|There is no room for this[\s\S]*<form/,
  );
  t.equal((await put(link, 'a', 'x'.repeat(5))).status, 201);
  t.notMatch(site.said().slice(saidBefore), /QuotaExceeded/, 'nor is it a failure of ours');
});
