/**
 * A site that has a Basic dialog of its own (`auth_basic`) before everything: it stays before the private files,
 * and both must say yes. It is asked first, so that nobody without its password learns what Latchkey says.
 */

import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import t, { type Test } from 'tap';
import { findNginx } from '../../src/host/nginx-program.js';
import { start } from '../commands/program.js';
import { freePort } from './free-port.js';
import { exchange, requestBytes, type Site, startSite } from './running-site.js';

const PRESS = '/files/press/x';
const PRIVATE = '/files/users/alice/x';

t.test('the dialog of the site comes first, then the decision', async (t) => {
  const site = await startSite(t, { LATCHKEY_TOKEN_COOKIE: 'token' });
  const port = await withDialog(t, site);
  const alice = site.token('alice');
  for (const target of [PRESS, PRIVATE]) {
    await site.cli('grant', 'user:alice', 'write', '/');
    t.equal((await site.ask('PUT', target, { token: alice, body: 'x' })).status, 201);
  }
  await site.cli('grant', 'anyone', 'read', '/press/');
  const basic = (pair: string) => ({ Authorization: `Basic ${Buffer.from(pair).toString('base64')}` });
  const password = basic('site:open');
  const dialog = 'Basic realm="the site"';
  const ours = 'Bearer realm="latchkey", error="invalid_token"';
  const table = [
    ['nobody', PRESS, {}, 401, dialog],
    ['nobody', PRIVATE, {}, 401, dialog],
    ['another password', PRESS, { headers: basic('site:other') }, 401, dialog],
    ['a token, which takes the place of the password', PRESS, { token: alice }, 401, dialog],
    ['the password', PRESS, { headers: password }, 200, undefined],
    ['the password', PRIVATE, { headers: password }, 401, ours],
    [
      'the password and a cookie',
      PRIVATE,
      { headers: { ...password, Cookie: `token=${alice}` } },
      200,
      undefined,
    ],
    ['a cookie alone', PRIVATE, { headers: { Cookie: `token=${alice}` } }, 401, dialog],
  ] as const;
  for (const [who, target, options, status, challenge] of table) {
    const answer = await exchange(port, requestBytes('GET', target, options));
    t.same([answer.status, answer.headers['www-authenticate']], [status, challenge], `${who}: ${target}`);
  }
});

t.test('where it is switched off in each location, only the decision counts', async (t) => {
  const site = await startSite(t);
  const port = await withDialog(t, site, (text) =>
    text.replaceAll(/^ *location .*\{$/gm, '$& auth_basic off;'),
  );
  const token = site.token('alice');
  const seen = async (method: string, target: string, options: Parameters<typeof requestBytes>[2]) =>
    (await exchange(port, requestBytes(method, target, options))).status;
  t.equal(await seen('PUT', PRIVATE, { token, body: 'x' }), 201);
  t.equal(await seen('GET', PRIVATE, { token }), 200);
  t.equal(await seen('GET', PRIVATE.replace('/files', '/_latchkey/download'), { token }), 200);
  t.equal(await seen('GET', '/_latchkey/api/v1/grants?path=/users/alice/x', { token }), 200);
  t.equal(await seen('GET', PRIVATE, {}), 401);
});

/** Starts another nginx for the same services, whose server has the dialog. */
async function withDialog(
  t: Test,
  { dataFolder, port }: Site,
  edited = (text: string) => text,
): Promise<number> {
  const other = await freePort();
  const { program } = findNginx('nginx');
  const run = `${dataFolder}/run`;
  writeFileSync(`${run}/passwords`, 'site:{PLAIN}open\n');
  const dialog = `auth_basic "the site"; auth_basic_user_file ${run}/passwords;`;
  const configuration = readFileSync(`${run}/nginx.conf`, 'utf8')
    .replace(`127.0.0.1:${port};`, `127.0.0.1:${other}; ${dialog}`)
    .replace('run/nginx.pid', 'run/other.pid');
  writeFileSync(`${run}/other.conf`, edited(configuration));
  const args = ['-p', dataFolder, '-e', 'stderr', '-c', 'run/other.conf'];
  execFileSync(program, ['-t', ...args], { stdio: 'pipe', cwd: dataFolder });
  const serving = [program, ...args, '-g', 'daemon off; error_log stderr notice;'] as const;
  await start(t, serving, /start worker process \d/, { cwd: dataFolder });
  return other;
}
