/**
 * Stored digests as an operator meets them, with no service running: fsck finds what the disk has lost, ls shows them,
 * and they follow a file. Off, there are none.
 */

import { createHash } from 'node:crypto';
import { chownSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { path } from '../storage/given.js';
import { recordOf, SECOND, type TreeDesk, treeDesk } from './tree-desk.js';

const ON = { LATCHKEY_STORE_DIGESTS: 'yes' };
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

/** Files, each with its own name as content, with their records and digests, as the files service makes them. */
async function kept(at: TreeDesk, ...names: readonly string[]): Promise<void> {
  at.put(...names);
  const { uid, gid } = statSync(at.dataFolder);
  for (const name of names) chownSync(at.files + name, uid, gid); // as root, a command works as its owner
  await at.record(...names);
  await at.withStore(({ digests }) =>
    digests.putDigests(names.map((name) => ({ ...recordOf(name), sha256: sha256(name) }))),
  );
}

const flipped = (at: TreeDesk, name: string) => {
  const bytes = readFileSync(at.files + name);
  bytes[0] = (bytes[0] ?? 0) ^ 1;
  writeFileSync(at.files + name, bytes);
  utimesSync(at.files + name, SECOND, SECOND);
};

async function listed(at: TreeDesk, words = 'ls /') {
  const { entries } = (await at.json(words)) as { entries: { name: string; sha256?: string }[] };
  return Object.fromEntries(entries.map(({ name, sha256 }) => [name, sha256]));
}

t.test('fsck --digests finds a bit that has flipped, and mends nothing', async (t) => {
  const at = await treeDesk(t);
  await kept(at, '/good', '/rotten', '/gone', '/changed');
  at.put('/without');
  await at.record('/without');
  const clean = await at.run('fsck --digests');
  t.match(clean, {
    code: 0,
    stdout: 'checked: 5 files, 5 rows\ndigests computed and compared: 4\nclean\n',
    stderr: '',
  });
  flipped(at, '/rotten');
  t.match(await at.run('fsck'), { code: 0, stdout: /clean/ }, 'only who reads the bytes can tell');
  const { code, stdout } = await at.run('fsck --digests');
  t.equal(code, 1);
  t.match(stdout, /^1 file has not the bytes that it had \(.*backup.*\)\n/);
  t.ok(
    stdout.includes(`\n  /rotten  (${sha256('/rotten')} by the store, ${sha256('.rotten')} on the disk)\n`),
  );
  t.match(stdout, 'problems left: 1, mended: 0, not known: 0');

  const rotten = readFileSync(`${at.files}/rotten`, 'utf8');
  t.match(await at.run('fsck --digests --repair'), { code: 1, stdout: /problems left: 1, mended: 0/ });
  t.equal(readFileSync(`${at.files}/rotten`, 'utf8'), rotten, 'no byte is touched');
  rmSync(`${at.files}/gone`);
  writeFileSync(`${at.files}/changed`, 'written past Latchkey');
  t.match(await at.json('fsck --digests'), {
    digests: 2,
    problems: 3,
    kinds: [
      { kind: 'missing', findings: [{ what: '/gone' }] },
      { kind: 'changed', findings: [{ what: '/changed' }] },
      { kind: 'digest-differs', count: 1, mended: 0, findings: [{ what: '/rotten' }] },
    ],
  });
  t.notOk('digests' in ((await at.json('fsck /none/')) as object), 'nobody asked');
  // Repaired, the changed one has another version, and no digest of the old one.
  await at.run('fsck --repair');
  t.equal((await at.withStore(({ digests }) => digests.digestsOf([path('/changed')]))).size, 0);
  t.match(await at.run('fsck --digests'), { code: 1, stdout: /compared: 2\nproblems left: 1/ });
});

t.test('a file follows its digest: moved, copied, into the trash and out of it', async (t) => {
  const at = await treeDesk(t, ON);
  await kept(at, '/a', '/b', '/c');
  await at.run('mv /a /moved');
  await at.run('cp /b /copy');
  await at.run('rm /c');
  const ids = (await at.json('trash list')) as { entries: { id: string }[] };
  t.strictSame(await listed(at), {
    b: sha256('/b'),
    copy: sha256('/b'),
    moved: sha256('/a'),
  });
  await at.run(`trash restore ${ids.entries[0]?.id}`);
  t.equal((await listed(at)).c, sha256('/c'));
  t.match(await at.run('fsck --digests'), { code: 0, stdout: /compared: 4\nclean/ });
  flipped(at, '/moved');
  t.match(await at.run('fsck --digests'), { code: 1, stdout: /\n {2}\/moved {2}\(/ });
});

t.test('ls shows them where it is asked to, and only while they are kept', async (t) => {
  const at = await treeDesk(t, ON);
  await kept(at, '/a');
  at.put('/without');
  await at.record('/without');
  const { stdout } = await at.run('ls --digests');
  t.match(stdout, /^bytes {2}modified {2,}SHA-256 {2,}name\n/);
  t.match(stdout, new RegExp(`\\n2 +\\S+ +${sha256('/a')} +a\\n`));
  t.notMatch((await at.run('ls')).stdout, sha256('/a'));
  t.strictSame(await listed(at), { a: sha256('/a'), without: undefined });
  await at.run('grant user:bob read /a');
  t.strictSame(await listed(at, 'ls / --as user:bob'), { a: sha256('/a') });
  const off = await at.json('ls', { env: { LATCHKEY_STORE_DIGESTS: 'no' } });
  t.notMatch(JSON.stringify(off), 'sha256');
  writeFileSync(`${at.files}/a`, 'past');
  t.strictSame(await listed(at), { a: undefined, without: undefined }, 'it is not what is there');
});

t.test('off, a copy and the trash bring none along', async (t) => {
  const at = await treeDesk(t);
  await kept(at, '/a', '/b');
  await at.run('cp /a /copy');
  await at.run('rm /b');
  const ids = (await at.json('trash list')) as { entries: { id: string }[] };
  await at.run(`trash restore ${ids.entries[0]?.id}`);
  const stored = await at.withStore(({ digests }) =>
    digests.digestsOf(['/a', '/b', '/copy'].map((name) => path(name))),
  );
  t.strictSame([...stored.keys()], ['/a'], 'what was there before stays right');
});
