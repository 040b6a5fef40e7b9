/** What nginx has to pass on of an upload whose path, or whose metadata, is as long as either may be. */

import t from 'tap';
import { locationOf } from '../http/tus-client.js';
import { startSite } from './running-site.js';
import { fileOf, tusAt } from './tus-site.js';

const ALICE = { as: 'alice' };
/** Three bytes in UTF-8, nine in a URL. */
const FOLDERS = Array.from({ length: 15 }, (_, i) => `${'\u8def'.repeat(84)}${i % 10}`).join('/');
const PATH = `/users/alice/${FOLDERS}/plan`;

t.test('an upload with a long path and long metadata is carried on, and is told of', async (t) => {
  const site = await startSite(t, { LATCHKEY_TOKEN_COOKIE: 'access' });
  const tus = tusAt(site);
  for (const texts of [
    { path: '/users/alice/plan', note: 'x'.repeat(5900) },
    { path: PATH, note: 'x'.repeat(900) },
  ]) {
    const at = locationOf(await tus.create(texts, { ...ALICE, length: 6 }));
    t.match(await tus.head(at, ALICE), { status: 200, headers: { 'upload-offset': '0' } });
    t.equal((await tus.patch(at, 0, { ...ALICE, body: 'abc' })).status, 204);
    t.match(await tus.patch(at, 3, { ...ALICE, body: 'def' }), {
      status: 204,
      headers: { 'upload-offset': '6' },
    });
    t.match(await tus.head(at, ALICE), { status: 200, headers: { 'upload-offset': '6' } });
    t.equal(fileOf(site, texts.path).toString(), 'abcdef');
  }
  // nginx takes no longer line of a request than 8 KiB.
  const shorter = `/users/alice/${FOLDERS.slice(0, 8 * 86)}put`;
  const url = `/files${encodeURI(shorter)}`;
  const put = await site.ask('PUT', url, { token: site.token('alice'), body: 'abc' });
  t.equal(put.status, 201);
  t.equal(put.headers.location, url);
  const download = url.replace('/files/', '/_latchkey/download/');
  const got = await site.ask('GET', download, { token: site.token('alice') });
  t.match({ status: got.status, text: got.body.toString() }, { status: 200, text: 'abc' });
});
