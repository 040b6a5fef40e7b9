/**
 * File requests through a real nginx: what strangers send arrives whole, under names that overwrite nothing, and
 * strangers see nothing of the folder, whatever they ask for.
 */

import { readdirSync, readFileSync } from 'node:fs';
import t from 'tap';
import { path } from '../acl/given.js';
import { FORM_HEADERS, form } from '../http/asking-files.js';
import { partialsIn } from '../uploads/given.js';
import type { Answer } from './running-site.js';
import { sharedSite } from './shared-links.js';

const PAGE = { Accept: 'text/html' };
const UPLOAD = { kind: 'upload' } as const;

const site = await sharedSite(t);
const inFolder = (folder: string) => readdirSync(`${site.dataFolder}/store/files/${folder}`).sort();
const textOf = (file: string) => readFileSync(`${site.dataFolder}/store/files/${file}`, 'utf8');
const filesOf = ({ body }: Answer) => JSON.parse(body.toString()) as unknown;

t.test('the files of a form arrive, are nobody’s, and only the maker may read them', async (t) => {
  const link = await site.share('/form/', {}, UPLOAD);
  const body = form(
    { name: 'files', filename: 'plan.pdf', text: 'the plan' },
    { name: 'note', text: 'a field that means nothing' },
    { name: 'other', filename: 'Über uns.txt', text: '' },
  );
  const answer = await site.ask('POST', `${link.url}/`, { headers: FORM_HEADERS, body });
  t.equal(answer.status, 201);
  t.strictSame(filesOf(answer), {
    files: [
      { name: 'plan.pdf', bytes: 8 },
      { name: 'Über uns.txt', bytes: 0 },
    ],
  });
  t.strictSame(inFolder('form'), ['plan.pdf', 'Über uns.txt'].sort());
  t.equal(textOf('form/plan.pdf'), 'the plan');
  t.equal((await site.store.files.file(path('/form/plan.pdf')))?.owner, undefined);
  t.strictSame(await site.store.acl.grantsOn([path('/form/plan.pdf'), path('/form/')]), []);
  t.equal((await site.ask('GET', '/files/form/plan.pdf')).status, 401);
  const asAdmin = await site.ask('GET', '/files/form/plan.pdf', { token: site.token('root') });
  t.equal(asAdmin.body.toString(), 'the plan');
  t.equal(await site.store.linkCounts.uploads(link.id), 2);
  t.strictSame(partialsIn(site.dataFolder), []);
});

t.test('curl -T sends one file, with or without a length', async (t) => {
  const link = await site.share('/put/', {}, UPLOAD);
  const put = await site.ask('PUT', `${link.url}/a%20b.txt`, { body: 'whole' });
  t.strictSame([put.status, filesOf(put)], [201, { files: [{ name: 'a b.txt', bytes: 5 }] }]);
  const chunked = await site.raw(
    `PUT ${link.url}/chunks HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n`,
  );
  t.strictSame([chunked.status, filesOf(chunked)], [201, { files: [{ name: 'chunks', bytes: 5 }] }]);
  t.strictSame([textOf('put/a b.txt'), textOf('put/chunks')], ['whole', 'abcde']);
  t.notOk(put.headers.location, 'nobody can fetch it by the link');
});

t.test('what is there is never overwritten: the next one gets a number before its ending', async (t) => {
  await site.put('/names/plan.pdf', 'theirs');
  const link = await site.share('/names/', {}, UPLOAD);
  const one = await site.ask('PUT', `${link.url}/plan.pdf`, { body: 'one' });
  t.strictSame(filesOf(one), { files: [{ name: 'plan (2).pdf', bytes: 3 }] });
  const twice = { name: 'f', filename: 'plan.pdf', text: 'two' };
  const two = await site.ask('POST', `${link.url}/`, { headers: FORM_HEADERS, body: form(twice, twice) });
  t.match(filesOf(two), { files: [{ name: 'plan (3).pdf' }, { name: 'plan (4).pdf' }] });
  t.equal(textOf('names/plan.pdf'), 'theirs');
  const racing = await Promise.all(
    Array.from({ length: 10 }, (_, i) => site.ask('PUT', `${link.url}/r`, { body: `racer ${i}` })),
  );
  const names = racing.map((answer) => (filesOf(answer) as { files: { name: string }[] }).files[0]?.name);
  t.strictSame(
    [...names].sort(),
    ['r', ...Array.from({ length: 9 }, (_, i) => `r (${i + 2})`)].sort(),
    'each of ten at once has one of its own',
  );
  t.strictSame(
    names.map((name) => textOf(`names/${name}`)),
    racing.map((_, i) => `racer ${i}`),
    'with its own bytes',
  );
});

t.test('a stranger cannot tell what is in the folder', async (t) => {
  await site.put('/secret-folder/there.txt', 'secret text');
  await site.put('/secret-folder/sub/there.txt', 'secret text');
  await site.put('/beside.txt', 'secret text');
  const link = await site.share('/secret-folder/', { contact: 'Ann, room 5' }, UPLOAD);
  const shown = ({ status, headers, body }: Answer) => {
    const { date: _, ...rest } = headers;
    return { status, headers: rest, body: body.toString().replace(/<code>[0-9a-f]{32}<\/code>/, '') };
  };
  for (const headers of [{}, PAGE, { Range: 'bytes=0-3' }]) {
    for (const method of ['GET', 'HEAD']) {
      const ask = async (below: string) => shown(await site.ask(method, link.url + below, { headers }));
      const absent = await ask('/absent.txt');
      t.equal(absent.status, 404);
      for (const below of [
        '/there.txt',
        '/sub',
        '/sub/',
        '/sub/there.txt',
        '/sub/absent.txt',
        '/there.txt/',
        '/there.txt?format=',
      ]) {
        t.strictSame(await ask(below), absent, `${method} ${below}`);
      }
    }
  }
  for (const [method, below, status] of [
    ['GET', '/../beside.txt', 404],
    ['GET', '/%2e%2e/beside.txt', 404],
    ['PUT', '/../beside.txt', 404],
    ['PUT', '/sub/x.txt', 400],
    ['PUT', '/%2e%2e%2fx.txt', 404],
    ['PUT', '/', 400],
    ['PUT', '', 400],
    ['POST', '/there.txt', 400],
    ['DELETE', '/there.txt', 405],
  ] as const) {
    const body = method === 'POST' ? form({ name: 'f', filename: 'a', text: 'x' }) : 'x';
    const options = method === 'GET' ? {} : { headers: method === 'POST' ? FORM_HEADERS : {}, body };
    const answer = await site.ask(method, link.url + below, options);
    t.equal(answer.status, status, `${method} ${below}`);
    t.notMatch(answer.bytes.toString(), /secret/, 'it says nothing');
  }
  const page = await site.get(`${link.url}/`, PAGE);
  t.equal(page.status, 200);
  t.match(page.body.toString(), /Ann, room 5/);
  t.notMatch(page.bytes.toString(), /secret|there/);
  t.strictSame(inFolder('secret-folder'), ['sub', 'there.txt']);
  t.strictSame(inFolder('secret-folder/sub'), ['there.txt']);
  t.equal(textOf('beside.txt'), 'secret text');
});

t.test('hostile names are treated as by the form of somebody who may write', async (t) => {
  const link = await site.share('/hostile/', {}, UPLOAD);
  for (const filename of [
    '.htaccess',
    '../up.txt',
    '../../../../etc/passwd',
    '/etc/hosts',
    'C:\\\\fakepath\\\\a.txt',
    'sub/',
    '.',
    '..',
    'nul\0.txt',
    'bell\x07.txt',
    'line\tfeed.txt',
    'Cafe\u0301.txt',
    '\u202Egpj.exe',
    'zero\u200bwidth',
    'x'.repeat(255),
    'x'.repeat(256),
    '%2e%2e%2fup',
    '',
    ' ',
  ]) {
    const body = form({ name: 'f', filename, text: 'hostile' });
    const theirs = await site.ask('POST', '/files/compared/', {
      headers: FORM_HEADERS,
      body,
      token: site.token('root'),
    });
    const ours = await site.ask('POST', `${link.url}/`, { headers: FORM_HEADERS, body });
    t.equal(ours.status, theirs.status, `${theirs.status} ${JSON.stringify(filename.slice(0, 40))}`);
    t.strictSame(inFolder('hostile'), inFolder('compared'));
  }
  t.ok(inFolder('hostile').includes('Caf\u00e9.txt'), 'a new name is normalised');
  const folders = form({ name: 'f', filename: 'a/b/c.txt', text: 'x' });
  const refused = await site.ask('POST', `${link.url}/`, { headers: FORM_HEADERS, body: folders });
  t.match([refused.status, refused.body.toString()], [400, /without folders/], 'strangers make none');
  const decomposed = await site.ask('PUT', `${link.url}/e%CC%81`, { body: 'x' });
  t.match(filesOf(decomposed), { files: [{ name: '\u00e9' }] }, 'in a URL, too');
});

t.test('the page has a form without scripts, and says what may be sent', async (t) => {
  const terms = {
    contact: '<b>Ann</b>',
    upload: { filesMax: 3, bytesMax: 5_000_000, endings: ['.pdf', '.txt'], filesExpireSeconds: 30 * 86_400 },
  };
  const link = await site.share('/page/', terms, UPLOAD);
  const page = await site.get(`${link.url}/`, PAGE);
  const text = page.body.toString();
  t.match(text, /<form method="post" enctype="multipart\/form-data">/);
  t.match(text, /<input [^>]*type="file" required multiple accept=".pdf,.txt">/);
  t.match(text, /Up to 3 files \(\.pdf, \.txt\), each 5\.0\u00a0MB at the most/);
  t.match(text, /&lt;b&gt;Ann&lt;\/b&gt;/);
  t.match(text, /Each is kept for 30\u00a0days from when it has arrived\./);
  t.notMatch(text, /<script|<b>Ann/);
  t.match(page.headers['content-security-policy'], /default-src 'none'.*form-action 'self'/);
  t.equal(page.headers['cache-control'], 'no-store');
  t.strictSame(filesOf(await site.get(`${link.url}/?format=json`)), {
    room: 3,
    bytesMax: 5_000_000,
    endings: ['.pdf', '.txt'],
    filesExpireSeconds: 30 * 86_400,
  });
  const sent = await site.ask('POST', `${link.url}/`, {
    headers: { ...FORM_HEADERS, ...PAGE },
    body: form({ name: 'f', filename: '<i>.txt', text: 'x' }),
  });
  t.equal(sent.status, 201);
  t.match(sent.body.toString(), /<h1>Thank you.*&lt;i&gt;\.txt.*Send more/s);
  const refused = await site.ask('POST', `${link.url}/`, {
    headers: { ...FORM_HEADERS, ...PAGE },
    body: form({ name: 'f', filename: 'a.exe', text: 'x' }),
  });
  t.equal(refused.status, 400);
  t.match(refused.body.toString(), /role="alert".*a\.exe.*<form /s, 'the form again, with what was wrong');
  const slash = await site.get(link.url, PAGE);
  t.equal(slash.status, 302);
});

t.test('a link that shows files takes none', async (t) => {
  await site.put('/shown/there.txt', 'there');
  const link = await site.share('/shown/');
  const put = await site.ask('PUT', `${link.url}/there.txt`, { body: 'x' });
  t.strictSame([put.status, put.headers.allow], [405, 'GET, HEAD']);
  const body = form({ name: 'f', filename: 'x', text: 'x' });
  t.equal((await site.ask('POST', `${link.url}/`, { headers: FORM_HEADERS, body })).status, 405);
  t.equal((await site.ask('PUT', `/s/${'A'.repeat(44)}/x`, { body: 'x' })).status, 404);
  t.strictSame([inFolder('shown'), textOf('shown/there.txt')], [['there.txt'], 'there']);
});

t.test('the command line makes one, whose folder need not be there', async (t) => {
  const words = ['--upload', '--files', '1', '--bytes', '10', '--ending', '.txt'];
  const { code, stdout, stderr } = await site.cli('link', 'create', '/made/', ...words);
  t.equal(code, 0);
  t.notMatch(stderr, /there is no folder/);
  const url = stdout.trim();
  t.strictSame(filesOf(await site.get(`${url}?format=json`)), { room: 1, bytesMax: 10, endings: ['.txt'] });
  t.equal((await site.ask('PUT', `${url}a.txt`, { body: 'x' })).status, 201);
  t.equal((await site.ask('PUT', `${url}b.txt`, { body: 'x' })).status, 410);
  t.strictSame(inFolder('made'), ['a.txt']);
  const none = await site.cli('link', 'create', '/nowhere/');
  t.match(
    none.stderr,
    /there is no folder \/nowhere\//,
    'a link that shows it opens nothing until it is there',
  );
});
