/** Nothing leaks: every hostile request, as a stranger, as a signed-in stranger, and against what lies beside the files. */

import { readFileSync } from 'node:fs';
import t from 'tap';
import { HOSTILE } from './hostile-requests.js';
import { startSite } from './running-site.js';

const AT_LEAST = 100;
const MARK = 'the-private-bytes-of-the-vault';

t.ok(HOSTILE.length >= AT_LEAST, `the table has ${HOSTILE.length} requests`);

t.test('no hostile request gets a byte of a private file, nor a 5xx', async (t) => {
  const site = await startSite(t, { LATCHKEY_ADMINS: 'user:root' });
  const root = site.token('root');
  t.equal((await site.ask('PUT', '/files/vault/secret.txt', { token: root, body: MARK })).status, 201);
  t.equal((await site.ask('PUT', '/files/pub/a', { token: root, body: 'public' })).status, 201);
  t.equal((await site.cli('grant', 'anyone', 'read', '/pub/')).code, 0);
  const secret = readFileSync(`${site.dataFolder}/secret`, 'utf8').trim();
  const stranger = site.token('mallory');
  t.equal((await site.ask('GET', '/files/pub/a')).body.toString(), 'public', 'what is public is served');
  const owned = await site.ask('GET', '/files/vault/secret.txt', { token: root });
  t.equal(owned.body.toString(), MARK, 'what is private is served to who may');

  for (const { name, bytes } of HOSTILE) {
    for (const sent of [bytes, asStranger(bytes, stranger)]) {
      const { status, body } = await site.raw(sent);
      const text = body.toString('latin1');
      t.notOk(text.includes(MARK), `${name}: no byte of the file`);
      t.notOk(
        text.includes(secret) || text.includes('SQLite format'),
        `${name}: nothing of what lies beside it`,
      );
      // RFC 9112 §6.1: a transfer coding that is not understood is 501, which nginx answers by itself.
      const own = name.includes('identity') ? 501 : 499;
      t.ok(status <= own, `${name}: ${status} is no 5xx`);
    }
  }
  const after = await site.ask('GET', '/files/vault/secret.txt', { token: root });
  t.equal(after.body.toString(), MARK, 'and the file is as it was');
});

/** The same with a valid token of somebody without a grant, unless it brings an Authorization of its own. */
function asStranger(bytes: Buffer, token: string): Buffer {
  const text = bytes.toString('latin1');
  if (/^authorization:/im.test(text)) return bytes;
  return Buffer.from(
    text.replace(/(HTTP\/1\.[01])\r\n/, `$1\r\nAuthorization: Bearer ${token}\r\n`),
    'latin1',
  );
}
