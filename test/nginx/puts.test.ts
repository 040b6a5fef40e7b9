/**
 * An upload is answered the same, and leaves the same, whichever way its bytes come: written by nginx to a file of its
 * own, or streamed through the files service where there is no nginx.
 */

import { existsSync, readFileSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { partialsIn, rawIn } from '../uploads/given.js';
import { BYTES_MAX, PUT_CASES, type PutCase } from './put-cases.js';
import { requestBytes, type Site, startSite, until } from './running-site.js';

const LEFT_MS = 20_000;

for (const args of [[], ['--no-nginx']]) {
  t.test(`uploads by PUT: up ${args}`, async (t) => {
    const env = { LATCHKEY_ADMINS: 'user:alice', LATCHKEY_UPLOAD_BYTES_MAX: String(BYTES_MAX) };
    const site = await startSite(t, env, args);
    await site.cli('grant', 'user:writer', 'write', '/put/');
    for (const [i, one] of PUT_CASES.entries()) await isAnswered(t, site, `/put/${i}`, one);
    // nginx removes its own name for a file just after it has answered.
    const left = () => turn().then(() => [...partialsIn(site.dataFolder), ...rawIn(site.dataFolder)]);
    t.strictSame(await until(left, (names) => names.length === 0, LEFT_MS), [], 'nothing is left over');
  });
}

async function isAnswered(t: Test, site: Site, base: string, one: PutCase): Promise<void> {
  const before = one.before;
  if (before !== undefined) {
    const made = await site.ask('PUT', `/files${base}`, { token: site.token('alice'), body: before });
    t.equal(made.status, 201);
  }
  const answer = await site.raw(bytesOf(site, `/files${base}${one.ends ?? ''}`, one));
  t.equal(answer.status, one.status, one.name);
  if (one.code !== undefined) {
    t.match(JSON.parse(answer.body.toString()), { type: `urn:latchkey:problem:${one.code}` }, one.code);
  }
  for (const [name, value] of Object.entries(one.answers ?? {})) t.equal(answer.headers[name], value, name);
  const file = `${site.dataFolder}/store/files${base}`;
  const stands = one.status < 300 ? (one.body ?? '') : before;
  if (stands === undefined) t.notOk(existsSync(file), 'there is no file');
  else t.ok(readFileSync(file).equals(Buffer.from(stands)), `${stands.length} bytes stand`);
  if (one.status < 300) await hasItsTag(t, site, `/files${base}`, answer.headers.etag);
}

async function hasItsTag(t: Test, site: Site, target: string, tag: string | undefined): Promise<void> {
  const { headers } = await site.ask('HEAD', target, { token: site.token('alice') });
  // Without nginx the gateway has tags of its own.
  if (headers.server === 'nginx') t.equal(headers.etag, tag, 'the entity tag is the one that nginx gives it');
}

function bytesOf(site: Site, target: string, { as = 'alice', headers = {}, body = '', length }: PutCase) {
  const token = 'Authorization' in headers ? undefined : site.token(as);
  if (length === 'said') return requestBytes('PUT', target, { token, headers, body });
  if (length === 'none') return requestBytes('PUT', target, { token, headers });
  const head = requestBytes('PUT', target, {
    token,
    headers: { ...headers, 'Transfer-Encoding': 'chunked' },
  });
  const bytes = Buffer.from(body);
  const chunk = [Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')];
  return Buffer.concat([head, ...(bytes.length > 0 ? chunk : []), Buffer.from('0\r\n\r\n')]);
}
