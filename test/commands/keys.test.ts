/**
 * `latchkey key`: what each verb prints, that the key itself is shown once and kept nowhere, and what is refused.
 * That keys open what they should is in test/nginx/api-keys.test.ts.
 */

import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import SQLite from 'better-sqlite3';
import t from 'tap';
import { hashApiKey } from '../../src/credentials/api-key-text.js';
import { desk } from './program.js';

const KEY = /^lk_[A-Za-z0-9_-]{43}$/;
const ID = /^[0-9a-f]{12}$/;
const SECOND = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;

interface Listed {
  readonly id: string;
  readonly user: string;
  readonly action: string;
  readonly path: string;
  readonly createdAt: string;
  readonly expiresAt?: string;
  readonly lastUsedAt?: string;
  readonly note: string;
}

type Created = Listed & { readonly key: string; readonly revision: number };

t.test('create prints the key and nothing else, and says on standard error what it is', async (t) => {
  const { run } = await desk(t);
  const { code, stdout, stderr } = await run('key create ci --path /team/ --for 90d --note nightly');
  t.equal(code, 0);
  t.match(stdout.replace(/\n$/, ''), KEY, 'as a script wants it: KEY=$(latchkey key create ci)');
  t.match(
    stderr,
    /^latchkey: key [0-9a-f]{12} of user:ci: read \/team\/ until [\dT:.-]+Z; it is shown this once\n$/,
  );
  const bare = await run('key create user:user:ci');
  t.match(bare.stderr, /^latchkey: key [0-9a-f]{12} of user:user:ci: read \/; it is shown this once\n$/);
});

t.test('create with --json says all of it, on standard output alone', async (t) => {
  const { json, run } = await desk(t);
  const before = Date.now();
  const key = (await json(
    'key create ci --action write --path /team/plan.txt --for 90s --note nightly',
  )) as Created;
  const { key: text, id, createdAt, expiresAt, ...rest } = key;
  t.match(text, KEY);
  t.match(id, ID);
  t.same(rest, { user: 'user:ci', action: 'write', path: '/team/plan.txt', note: 'nightly', revision: 1 });
  t.ok(Date.parse(createdAt) >= before);
  t.equal(Date.parse(expiresAt ?? '') - Date.parse(createdAt), 90_000);
  const open = await run('key create ci --json');
  t.notMatch(open.stdout, 'expiresAt', 'no end, no word of it');
  t.equal(open.stderr, '');
});

t.test('list has every key but the key, in the order of users', async (t) => {
  const { run, json } = await desk(t);
  t.same(await run('key list'), { code: 0, signal: null, stdout: 'There is no API key.\n', stderr: '' });
  const keys: Created[] = [];
  for (const words of [
    ['key', 'create', 'dora', '--note', 'a 张 "b"  c'],
    ['key', 'create', 'bob', '--action', 'manage', '--path', '/team/', '--for', '1h'],
  ]) {
    keys.push((await json(words)) as Created);
  }
  const { stdout } = await run('key list');
  const [heads, bob, dora, end] = stdout.split('\n').map((line) => line.split(/ {2,}/));
  t.same(heads, ['id', 'user', 'may', 'path', 'created', 'expires', 'last used', 'note']);
  t.match(bob, [keys[1]?.id, 'user:bob', 'manage', '/team/', SECOND, SECOND, 'never']);
  t.match(dora, [keys[0]?.id, 'user:dora', 'read', '/', SECOND, 'never', 'never', 'a 张 "b"', 'c']);
  t.same(end, ['']);
  const { keys: listed } = (await json('key list')) as { keys: Listed[] };
  const shown = keys.map(({ key: _, revision: __, ...rest }) => rest);
  t.same(listed, shown.reverse());
  t.same(
    ((await json('key list user:bob')) as { keys: Listed[] }).keys.map(({ user }) => user),
    ['user:bob'],
  );
  t.equal((await run('key list eve')).stdout, 'user:eve has no API key.\n');
});

t.test('revoke ends one key by its id; an id that is none is refused', async (t) => {
  const { run, json } = await desk(t);
  const { id } = (await json('key create ci --path /team/')) as Created;
  const other = (await json('key create ci')) as Created;
  t.same(await run(`key revoke ${id}`), {
    code: 0,
    signal: null,
    stdout: `revoked: key ${id} of user:ci: read /team/\n`,
    stderr: '',
  });
  for (const wrong of [id, 'none', other.key]) {
    const message = `there is no API key '${wrong}'; latchkey key list has the ids`;
    t.same(
      await run(`key revoke ${wrong}`),
      { code: 1, signal: null, stdout: '', stderr: `latchkey: ${message}\n` },
      'nobody takes it for done',
    );
  }
  t.match(await json(`key revoke ${other.id}`), { id: other.id, user: 'user:ci', revision: 4 });
  t.same(await json('key list'), { keys: [] });
});

t.test('the key is kept nowhere, in no form but its hash', async (t) => {
  const { json, dataFolder } = await desk(t);
  const { key } = (await json('key create ci')) as Created;
  for (const name of readdirSync(dataFolder, { recursive: true, withFileTypes: true })) {
    if (!name.isFile()) continue;
    const bytes = readFileSync(`${name.parentPath}/${name.name}`, 'latin1');
    t.notOk(bytes.includes(key.slice(3)), name.name);
  }
  const db = new SQLite(`${dataFolder}/latchkey.db`, { readonly: true });
  t.equal(db.prepare<[], string>('SELECT hash FROM api_keys').pluck().get(), hashApiKey(key));
  db.close();
});

t.test('create remarks on a folder without its slash, and on keys that do not count', async (t) => {
  const { run, dataFolder } = await desk(t);
  mkdirSync(`${dataFolder}/store/files/team`, { recursive: true });
  const folder = await run('key create ci --path /team');
  t.match(folder.stderr, /\nlatchkey: \/team is a folder: did you mean \/team\/ \?\n$/);
  const off = await run('key create ci', { env: { LATCHKEY_CREDENTIALS: 'access-token' } });
  t.equal(off.code, 0);
  t.match(off.stderr, /\nlatchkey: LATCHKEY_CREDENTIALS leaves out api-key: no key counts\n$/);
});
