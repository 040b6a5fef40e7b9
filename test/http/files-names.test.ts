/**
 * Names on their way in and out: a form's are composed (NFC), a download goes out under the file's own name
 * (RFC 6266, RFC 8187), and where it leads is written so that nginx reads the path that was judged.
 */

import { parse } from 'content-disposition';
import t from 'tap';
import { encodeResourcePath } from '../../src/acl/resource-path.js';
import { namesIn } from '../uploads/given.js';
import { DOWNLOAD, FORM_HEADERS, form, WRITE } from './asking-files.js';
import { filesScene } from './files-scene.js';

const HOME = `${WRITE}/users/alice/`;

t.test('a name in a form is composed before it is judged, and stored so', async (t) => {
  const given = await filesScene(t);
  await given.grant('user:alice deny write /users/alice/Caf\u00e9');
  const cases = [
    ['Cafe\u0301.txt', 'Caf\u00e9.txt', 201],
    ['A\u030a', '\u00c5', 201],
    ['\u1100\u1161', '\uac00', 201],
    ['\ufb01', '\ufb01', 201], // a ligature is another character, not another way to write it
    ['Cafe\u0301', 'Caf\u00e9', 403],
  ] as const;
  for (const [sent, stored, status] of cases) {
    const body = form({ name: 'f', filename: sent, text: 'x' });
    const posted = await given.ask('POST', HOME, { as: 'alice', headers: FORM_HEADERS, body });
    t.equal(posted.status, status, JSON.stringify(stored));
    t.equal(namesIn(given.folder).includes(`users/alice/${stored}`), status === 201);
  }
});

t.test('two names of a form that are one when they are composed are a conflict', async (t) => {
  const given = await filesScene(t);
  const parts = ['Cafe\u0301', 'Caf\u00e9'].map((filename) => ({ name: 'f', filename, text: 'x' }));
  const posted = await given.ask('POST', HOME, { as: 'alice', headers: FORM_HEADERS, body: form(...parts) });
  t.equal(posted.status, 409);
  t.strictSame(namesIn(given.folder), []);
});

t.test('a form may send an encoded name, and no path of the machine that it came from', async (t) => {
  const given = await filesScene(t);
  const disposition = (parameters: string) =>
    `--xx\r\nContent-Disposition: form-data; name="f"; ${parameters}\r\n\r\nx\r\n--xx--\r\n`;
  const cases = [
    ['filename="C:\\fakepath\\plan.pdf"', undefined],
    ['filename="/home/alice/other.pdf"', undefined],
    [`filename*=UTF-8''%E5%BC%A0%E4%BC%9F.doc`, '张伟.doc'],
  ] as const;
  for (const [parameters, stored] of cases) {
    const body = disposition(parameters);
    const { status } = await given.ask('POST', HOME, { as: 'alice', headers: FORM_HEADERS, body });
    t.equal(status, stored === undefined ? 400 : 201);
    t.strictSame(namesIn(given.folder).slice(2), stored === undefined ? [] : [`users/alice/${stored}`]);
  }
});

/** The name, and its header where that is worth reading. */
const DOWNLOADS: readonly (readonly [name: string, header?: string])[] = [
  ['plan.pdf', 'attachment; filename=plan.pdf'],
  ['two words.txt', 'attachment; filename="two words.txt"'],
  ['"quoted"', 'attachment; filename="\\"quoted\\""'],
  ['résumé.pdf'],
  ['€ rates.txt', `attachment; filename="? rates.txt"; filename*=UTF-8''%E2%82%AC%20rates.txt`],
  ['张伟.doc', `attachment; filename="??.doc"; filename*=UTF-8''%E5%BC%A0%E4%BC%9F.doc`],
  ['😀.png'],
  ['مرحبا.pdf'],
  ['100%.txt'],
  ['%41'],
  ["it's (1)*.txt"],
  ['a;b=c,d.txt'],
  ['trailing '],
  ['..a'],
  ['\u202eabc'],
];

t.test('a download carries its own name, and the path that was judged', async (t) => {
  const given = await filesScene(t);
  for (const [name, header] of DOWNLOADS) {
    const path = encodeResourcePath(`/users/alice/${name}`);
    const { status, headers, text } = await given.ask('GET', `${DOWNLOAD}${path}`, { as: 'alice' });
    t.strictSame([status, text], [200, ''], JSON.stringify(name));
    const disposition = headers['content-disposition'] ?? '';
    t.match(disposition, /^[\x20-\x7e]+$/, 'nothing but ASCII, whatever the name');
    const { type, parameters } = parse(disposition);
    t.strictSame([type, parameters.filename], ['attachment', name]);
    if (header !== undefined) t.equal(disposition, header);
    t.equal(headers['x-accel-redirect'], `/_latchkey/serve/files${path}`);
    const inline = await given.ask('GET', `${DOWNLOAD}${path}?inline`, { as: 'alice' });
    t.equal(parse(inline.headers['content-disposition'] ?? '').type, 'inline');
  }
});
