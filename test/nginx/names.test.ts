/**
 * Odd but legitimate names, of files and of folders, are uploaded through nginx and come back byte for byte, at
 * their URL and as a download under their own name; a stranger gets none of them.
 */

import { writeFileSync } from 'node:fs';
import { parse } from 'content-disposition';
import t from 'tap';
import { encodeResourcePath } from '../../src/acl/resource-path.js';
import { ODD_NAMES, OLD_NAMES } from './odd-names.js';
import { startSite } from './running-site.js';

const AT_LEAST = 40;

t.ok(ODD_NAMES.length >= AT_LEAST, `the table has ${ODD_NAMES.length} names`);

const site = await startSite(t, { LATCHKEY_ADMINS: 'user:root' });

t.test('each name is uploaded, served, downloaded under its name, and refused to a stranger', async (t) => {
  const token = site.token('alice');
  for (const [i, name] of ODD_NAMES.entries()) {
    const path = encodeResourcePath(`/users/alice/${name}`);
    const bytes = Buffer.from(`bytes of number ${i}: ${name}`);
    const put = await site.ask('PUT', `/files${path}`, { token, body: bytes });
    t.equal(put.status, 201, `${JSON.stringify(name)} is uploaded`);
    t.equal(put.headers.location, `/files${path}`, 'at its own URL');
    const got = await site.ask('GET', `/files${path}`, { token });
    t.same([got.status, got.body], [200, bytes], 'comes back byte for byte');
    const download = await site.ask('GET', `/_latchkey/download${path}`, { token });
    t.same([download.status, download.body], [200, bytes], 'as a download too');
    t.equal(nameIn(download.headers['content-disposition']), name, 'under its own name');
    t.equal((await site.ask('GET', `/files${path}`)).status, 401, 'not to a stranger');
    const refused = await site.ask('GET', `/_latchkey/download${path}`);
    t.equal(refused.status, 401, 'nor as a download');
    t.notOk(refused.bytes.includes(bytes), 'of which nothing is shown');
  }
  for (const [i, name] of ODD_NAMES.entries()) {
    const got = await site.ask('GET', `/files${encodeResourcePath(`/users/alice/${name}`)}`, { token });
    t.equal(got.body.toString(), `bytes of number ${i}: ${name}`, 'no name took another one’s place');
  }
});

t.test('each name does for a folder too, and a grant on the folder reaches into it', async (t) => {
  const token = site.token('alice');
  const bob = site.token('bob');
  const headers = { 'Content-Type': 'application/json' };
  for (const [i, name] of ODD_NAMES.entries()) {
    const folder = `/users/alice/in/${name}/`;
    const url = `/files${encodeResourcePath(folder)}in%20it`;
    const body = `in folder ${i}`;
    t.equal((await site.ask('PUT', url, { token, body })).status, 201, JSON.stringify(name));
    t.equal((await site.ask('GET', url, { token: bob })).status, 403);
    const grant = JSON.stringify({ principal: 'user:bob', path: folder, action: 'read' });
    const put = await site.ask('PUT', '/_latchkey/api/v1/grants', { token, headers, body: grant });
    t.equal(put.status, 200, 'its owner grants it');
    t.equal((await site.ask('GET', url, { token: bob })).body.toString(), body);
  }
});

t.test(
  'what is there with a name that nothing new gets is served, and removed; nothing new gets it',
  async (t) => {
    const token = site.token('root');
    await site.ask('PUT', '/files/old/new', { token, body: 'its folder is the service’s own' });
    for (const name of OLD_NAMES) {
      const path = encodeResourcePath(`/old/${name}`);
      writeFileSync(`${site.dataFolder}/store/files/old/${name}`, `old ${name}`);
      const got = await site.ask('GET', `/files${path}`, { token });
      t.same([got.status, got.body.toString()], [200, `old ${name}`], JSON.stringify(name));
      const download = await site.ask('GET', `/_latchkey/download${path}`, { token });
      t.equal(nameIn(download.headers['content-disposition']), name, 'under its own name');
      t.equal((await site.ask('DELETE', `/files${path}`, { token })).status, 204);
      const put = await site.ask('PUT', `/files${path}`, { token, body: 'new' });
      if (put.status === 201) t.equal(put.headers.location, '/files/old/Caf%C3%A9.txt', 'composed');
      else t.match([put.status, put.body.toString()], [400, /it holds U\+[0-9A-F]{4,6},/]);
    }
  },
);

t.test('a name in a form is composed (NFC), and the answer says where it is', async (t) => {
  const token = site.token('alice');
  const body = form('Cafe\u0301 1.txt', 'in a form');
  const headers = { 'Content-Type': 'multipart/form-data; boundary=xx' };
  const posted = await site.ask('POST', '/files/users/alice/', { token, body, headers });
  t.equal(posted.status, 201);
  const [file] = (JSON.parse(posted.body.toString()) as { files: { path: string; url: string }[] }).files;
  t.equal(file?.path, '/users/alice/Caf\u00e9 1.txt');
  t.equal((await site.ask('GET', file?.url ?? '', { token })).body.toString(), 'in a form');
});

function nameIn(header: string | undefined): string | undefined {
  // What nginx passes on is bytes; the header's own charset is in filename*.
  return header === undefined ? undefined : parse(header).parameters.filename;
}

function form(name: string, text: string): string {
  const disposition = `Content-Disposition: form-data; name="file"; filename="${name}"`;
  return `--xx\r\n${disposition}\r\nContent-Type: text/plain\r\n\r\n${text}\r\n--xx--\r\n`;
}
