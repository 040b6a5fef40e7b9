/** The whole program over PostgreSQL, behind a real nginx: every kind of command, and what a visitor sees after it. */

import { writeFileSync } from 'node:fs';
import t from 'tap';
import { latchkey, stopsBefore } from '../commands/program.js';
import { postgres } from '../postgres.js';
import { startSite } from './running-site.js';

const FILE = '/files/users/alice/plan.txt';
const PATH = '/users/alice/plan.txt';

const server = await postgres(t);

t.test('a site over PostgreSQL is like any other', async (t) => {
  const site = await startSite(t, { LATCHKEY_DATABASE_URL: server.url({ schema: 'site' }) });
  const alice = site.token('alice');
  const bob = site.token('bob');
  const seen = async (path = FILE) => (await site.ask('GET', path, { token: bob })).status;
  const done = async (words: string) => {
    const { code, stdout, stderr } = await site.cli(...words.split(' '));
    t.equal(code, 0, `${words}${stderr}`);
    return stdout;
  };

  t.equal((await site.ask('PUT', FILE, { token: alice, body: 'private' })).status, 201);
  for (let i = 0; i < 3; i += 1) {
    await done(`grant user:bob read ${PATH}`);
    t.equal(await seen(), 200, 'granted');
    await done(`revoke user:bob ${PATH}`);
    t.equal(await seen(), 403, 'revoked');
  }
  await done('group add eng bob');
  await done('grant group:eng read /users/alice/');
  t.equal(await seen(), 200, 'by a group');
  await done('suspend bob');
  t.equal(await seen(), 403, 'suspended');
  await done('resume bob');
  await done(`mv ${PATH} /users/alice/moved.txt`);
  t.equal(await seen(FILE), 404);
  t.equal(await seen('/files/users/alice/moved.txt'), 200, 'moved');
  const link = await done('link create /users/alice/moved.txt --for 1h --json');
  const { url } = JSON.parse(link) as { url: string };
  const shared = await site.ask('GET', new URL(url, 'http://localhost').pathname);
  t.equal(shared.body.toString(), 'private', 'by a link');
  await done('quota set user:alice --bytes 1m');
  t.match(await done('quota show user:alice'), /\b7\b/, 'what is there counts');
  await done('fsck');
  await done('rm /users/alice/moved.txt');
  t.equal(await seen('/files/users/alice/moved.txt'), 404, 'removed');
  t.match(await done('trash list'), /moved\.txt/);

  const lines = `${site.dataFolder}/grants.csv`;
  writeFileSync(lines, 'principal,action,path\nuser:bob,read,/imported\nuser:bob,read,/imported too\n');
  await done(`import ${lines}`);
  t.match(await done('export'), /imported too/);
  t.match(await site.cli('check', 'user:bob', 'read', '/imported'), { code: 0 });
});

t.test('what cannot be done with PostgreSQL, or without it, says so, and no password', async (t) => {
  stopsBefore(t);
  const folder = t.testdir();
  const run = (words: string, url: string) =>
    latchkey([...words.split(' '), '--data', `${folder}/data`], { env: { LATCHKEY_DATABASE_URL: url } });
  const url = server.url({ schema: 'site' }).replace('latchkey@', 'latchkey:hush@');
  const away = 'postgres://latchkey:hush@127.0.0.1:1/db';
  const [backup, config, acl] = await Promise.all([
    run(`backup ${folder}/copy.db`, url),
    run('config', url),
    run('acl /', away),
  ]);
  t.match(backup, { code: 2, stdout: '', stderr: /copy it with pg_dump/ });
  t.match(config, { code: 0, stdout: /postgres:\/\/latchkey:\*{8}@/ });
  t.match(acl, { code: 3, stdout: '', stderr: /cannot be opened: .*ECONNREFUSED/ });
  for (const { stdout, stderr } of [backup, config, acl]) t.notMatch(stdout + stderr, /hush/);
});
