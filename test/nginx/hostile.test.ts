/**
 * Nothing leaks: every hostile request, as a stranger, as a signed-in stranger, and against what lies beside
 * the files. Not one is answered with a success: a part of a file, or its headers alone, would be a leak too.
 */

import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import t, { type Test } from 'tap';
import { HOSTILE_HEADERS } from './hostile-headers.js';
import { HOSTILE, type Hostile } from './hostile-requests.js';
import { startSite } from './running-site.js';

const AT_LEAST = 100;
const MARK = randomBytes(16).toString('hex');
/** What nginx and the authorizer refuse with. */
const REFUSALS = [400, 401, 403, 404, 405];
/** By name, the others: HTTP/0.9 has no status; an unknown transfer coding is 501, by RFC 9112 §6.1. */
const OTHERWISE: Readonly<Record<string, number>> = {
  'HTTP/0.9': 0,
  'header "Transfer-Encoding: chunked, identity"': 501,
};

t.ok(HOSTILE.length >= AT_LEAST, `the table has ${HOSTILE.length} requests`);

/** Every map of nginx.conf that may be off, on. */
const ALL_ON = {
  LATCHKEY_TOKEN_COOKIE: 'access',
  LATCHKEY_PROXY_USER_HEADER: 'Remote-User',
  LATCHKEY_PROXY_GROUPS_HEADER: 'Remote-Groups',
  LATCHKEY_PROXY_SECRET: 'what the proxy proves itself with: 32 bytes',
  LATCHKEY_CORS_ORIGINS: 'https://app.example',
  LATCHKEY_HIDE_FORBIDDEN: 'yes',
};

t.test('no hostile request gets a byte of a private file, nor a 5xx', async (t) => {
  await getNothing(t, {}, [...HOSTILE, ...HOSTILE_HEADERS]);
});

t.test('nor does one where everything is configured that may be', async (t) => {
  await getNothing(t, ALL_ON, HOSTILE_HEADERS);
});

async function getNothing(
  t: Test,
  settings: Readonly<Record<string, string>>,
  requests: readonly Hostile[],
): Promise<void> {
  const site = await startSite(t, { LATCHKEY_ADMINS: 'user:root', ...settings });
  const root = site.token('root');
  t.equal((await site.ask('PUT', '/files/vault/secret.txt', { token: root, body: MARK })).status, 201);
  t.equal((await site.ask('PUT', '/files/pub/a', { token: root, body: 'public' })).status, 201);
  t.equal((await site.cli('grant', 'anyone', 'read', '/pub/')).code, 0);
  const secret = readFileSync(`${site.dataFolder}/secret`, 'utf8').trim();
  const stranger = site.token('mallory');
  t.equal((await site.ask('GET', '/files/pub/a')).body.toString(), 'public', 'what is public is served');
  const owned = await site.ask('GET', '/files/vault/secret.txt', { token: root });
  t.equal(owned.body.toString(), MARK, 'what is private is served to who may');

  for (const { name, bytes } of requests) {
    for (const sent of [bytes, asStranger(bytes, stranger)]) {
      const answer = await site.raw(sent);
      // All that came, not the body alone: a leak may hide in a header, or behind what looks like the end.
      const text = answer.bytes.toString('latin1');
      t.notOk(text.includes(MARK), `${name}: no byte of the file`);
      t.notOk(
        text.includes(secret) || text.includes('SQLite format'),
        `${name}: nothing of what lies beside it`,
      );
      t.notMatch(text, /^HTTP\/1\.[01] (?:2|3|50[^1])/m, `${name}: no success, nor a 5xx, anywhere in it`);
      const expected = OTHERWISE[name] === undefined ? REFUSALS : [OTHERWISE[name]];
      t.ok(expected.includes(answer.status), `${name}: ${answer.status} is a refusal`);
    }
  }
  const after = await site.ask('GET', '/files/vault/secret.txt', { token: root });
  t.equal(after.body.toString(), MARK, 'and the file is as it was');
}

/** The same with a valid token of somebody without a grant, unless it brings an Authorization of its own. */
function asStranger(bytes: Buffer, token: string): Buffer {
  const text = bytes.toString('latin1');
  if (/^authorization:/im.test(text)) return bytes;
  return Buffer.from(
    text.replace(/(HTTP\/1\.[01])\r\n/, `$1\r\nAuthorization: Bearer ${token}\r\n`),
    'latin1',
  );
}
