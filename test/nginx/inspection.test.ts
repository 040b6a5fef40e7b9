/**
 * Types and a scan through a real nginx: each way in goes through both, whatever it says of itself, and a service that
 * is killed while it scans leaves nothing.
 */

import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import t from 'tap';
import { isAlive } from '../commands/processes.js';
import { FORM_HEADERS, form, shortFolder } from '../http/asking-files.js';
import { BYTES, metadata, UPLOADS, VERSION } from '../http/tus-client.js';
import { partialsIn } from '../uploads/given.js';
import { DOCX, GIF, HTML, JPEG, PDF, PNG, SVG, ZIP } from '../uploads/sample-files.js';
import { hasSaid, until } from './running-site.js';
import { sharedSite } from './shared-links.js';

const UPLOAD = { kind: 'upload' } as const;
const LEFT_MS = 30_000;

const scanner = shortFolder(t);
const program = `${scanner}/scan`;
// It looks into the file, as clamdscan does. `hang` tells where it is, so that the test need not guess.
writeFileSync(
  program,
  `#!/bin/sh
if grep -q virus "$1"; then echo "$1: Eicar-Test FOUND"; exit 1; fi
if grep -q crash "$1"; then kill -SEGV $$; fi
if grep -q hang "$1"; then echo $$ > ${scanner}/hangs; exec sleep 1000; fi
exit 0
`,
);
chmodSync(program, 0o755);

const site = await sharedSite(t, {
  LATCHKEY_UPLOAD_TYPES: 'image/*, application/pdf, text/plain',
  LATCHKEY_UPLOAD_TYPES_REFUSED: 'image/svg+xml',
  LATCHKEY_SCAN_COMMAND: program,
  LATCHKEY_SCAN_TIMEOUT: '5s',
});
const token = site.token('root');
const put = (name: string, body: string | Buffer) =>
  site.ask('PUT', `/files/in/${name}`, { token, body, headers: { 'Content-Type': 'image/png' } });
const stored = (name: string) => `${site.dataFolder}/store/files/${name}`;
const left = () => turn().then(() => partialsIn(site.dataFolder));

t.test('the bytes and the ending say what it is, and no header', async (t) => {
  const cases: readonly (readonly [name: string, body: Buffer | string, status: number])[] = [
    ['a.png', PNG, 201],
    ['b.jpg', JPEG, 201],
    ['c.pdf', PDF, 201],
    ['d', GIF, 201],
    ['e.txt', 'text', 201],
    ['empty.txt', '', 201],
    ['page.jpg', HTML, 415],
    ['page.html', 'plain', 415],
    ['gif.html', GIF, 415],
    ['picture.svg', SVG, 415],
    ['picture.png', SVG, 415],
    ['a.zip', ZIP, 415],
    ['a.docx', DOCX, 415],
    ['a.pdf', DOCX, 415],
  ];
  for (const [name, body, status] of cases) {
    const answer = await put(name, body);
    t.equal(answer.status, status, `${name}: ${answer.body}`);
    if (status === 415) t.match(answer.body.toString(), /problem:type-refused.*not taken here/);
    t.equal(existsSync(stored(`in/${name}`)), status === 201);
  }
  t.strictSame(await left(), []);
});

t.test('each way in is scanned', async (t) => {
  const link = await site.share('/asked/', {}, UPLOAD);
  const files = (...texts: readonly string[]) =>
    form(...texts.map((text, i) => ({ name: 'f', filename: `${i}.txt`, text })));
  const send = (text: string) => ({
    put: () => put('x.txt', text),
    form: () => site.ask('POST', '/files/form/', { token, headers: FORM_HEADERS, body: files('fine', text) }),
    'file request': () => site.ask('POST', `${link.url}/`, { headers: FORM_HEADERS, body: files(text) }),
    'file request by PUT': () => site.ask('PUT', `${link.url}/y.txt`, { body: text }),
    resumable: () => {
      const headers = {
        ...VERSION,
        ...BYTES,
        'Upload-Metadata': metadata({ path: '/in/resumed.txt' }),
        'Upload-Length': String(text.length),
      };
      return site.ask('POST', UPLOADS, { token, headers, body: text });
    },
  });
  for (const [text, status, code] of [
    ['a virus', 422, 'scan-refused'],
    ['crash', 503, 'scan-unavailable'],
  ] as const) {
    for (const [way, ask] of Object.entries(send(text))) {
      const answer = await ask();
      t.equal(answer.status, status, `${way}: ${text}`);
      t.match(JSON.parse(answer.body.toString()), { type: `urn:latchkey:problem:${code}` });
      t.notMatch(answer.body.toString(), /Eicar|partial/, 'what the scan says is for the log');
    }
  }
  for (const name of ['in/x.txt', 'in/resumed.txt', 'form', 'asked']) t.notOk(existsSync(stored(name)), name);
  t.ok(await hasSaid(site, /Eicar-Test FOUND.*the scan refused an upload/));
  writeFileSync(stored('in/old.txt'), 'an old virus');
  const copy = JSON.stringify({ from: '/in/old.txt', to: '/in/new.txt' });
  const headers = { 'Content-Type': 'application/json' };
  const copied = await site.ask('POST', '/_latchkey/api/v1/files/copy', { token, headers, body: copy });
  t.equal(copied.status, 422, 'a copy');
  t.match(
    await site.cli('cp', '/in/old.txt', '/in/new.txt'),
    { code: 1, stderr: /scan of this site/ },
    'by the CLI',
  );
  for (const [way, ask] of Object.entries(send('fine'))) t.equal((await ask()).status, 201, way);
  t.strictSame(await left(), []);
});

t.test('a file request that asks for an ending gets what it stands for', async (t) => {
  const upload = { filesMax: undefined, bytesMax: undefined, endings: ['.pdf', '.jpg'] };
  const link = await site.share('/endings/', { upload }, UPLOAD);
  const send = (name: string, body: Buffer | string) => site.ask('PUT', `${link.url}/${name}`, { body });
  t.equal((await send('a.pdf', 'text')).status, 415);
  t.equal((await send('a.pdf', PNG)).status, 415);
  t.equal((await send('a.jpg', PNG)).status, 201, 'a picture is a picture');
  t.equal((await send('a.pdf', PDF)).status, 201);
  t.strictSame(readdirSync(stored('endings')), ['a.jpg', 'a.pdf']);
});

t.test('one that hangs is ended, and a service that is killed meanwhile leaves nothing', async (t) => {
  const late = await put('late.txt', 'hang');
  t.equal(late.status, 503);
  const hung = Number(readFileSync(`${scanner}/hangs`, 'utf8'));
  // Killed, it goes when the service has heard so.
  const lives = () => turn().then(() => isAlive(hung));
  t.equal(await until(lives, (alive) => !alive, LEFT_MS), false, 'it is gone');
  writeFileSync(`${scanner}/hangs`, '');
  const killed = put('killed.txt', 'hang');
  const scans = () => turn().then(() => readFileSync(`${scanner}/hangs`, 'utf8'));
  const pid = Number(await until(scans, (text) => text !== '', LEFT_MS));
  const service = readFileSync(`/proc/${pid}/status`, 'utf8').match(/^PPid:\s+(\d+)$/m)?.[1];
  t.equal((await left()).length, 1);
  process.kill(Number(service), 'SIGKILL');
  t.match((await killed).status, 503);
  t.strictSame(await until(left, (names) => names.length === 0, LEFT_MS), [], 'the next one sweeps it');
  process.kill(pid, 'SIGKILL');
  const again = async () => (await put('killed.txt', 'fine')).status;
  t.notOk(existsSync(stored('in/killed.txt')), 'nothing is visible');
  t.equal(await until(again, (status) => status === 201, LEFT_MS), 201, 'and it serves again');
});
