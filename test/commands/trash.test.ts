/** trash and expire as programs: without a files service, and beside one, which they then ask. */

import { chownSync, existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { WRITE } from '../http/asking-files.js';
import { startFiles } from '../http/files-process.js';
import { latchkey, stopsBefore } from './program.js';
import { type TreeDesk, treeDesk } from './tree-desk.js';

/** As root, the commands work as the owner of the data folder. */
function put(at: TreeDesk, ...names: readonly string[]): void {
  at.put(...names);
  const { uid, gid } = statSync(at.dataFolder);
  const below = readdirSync(at.files, { recursive: true, encoding: 'utf8' });
  for (const name of below) chownSync(`${at.files}/${name}`, uid, gid);
}

const ID = /^[0-9a-f-]{36}$/;

t.test('a file goes into the trash, is listed, and comes back with its grants', async (t) => {
  const at = await treeDesk(t);
  put(at, '/team/a');
  await at.record('/team/a');
  await at.run('grant user:bob read /team/a');
  t.match(await at.run('rm /team/a'), { code: 0, stdout: 'removed: 1 files\n', stderr: '' });
  t.notOk(existsSync(`${at.files}/team/a`));
  const { entries } = JSON.parse((await at.run('trash list /team/ --json')).stdout);
  t.match(entries, [{ id: ID, path: '/team/a', grants: 1 }]);
  const [{ id }] = entries;
  t.match(await at.run(`trash restore ${id} --grants keep`), { code: 0, stdout: 'restored: /team/a\n' });
  t.ok(existsSync(`${at.files}/team/a`));
  t.match(await at.run('check user:bob read /team/a'), { code: 0 });
  t.match(await at.run('trash list'), { code: 0, stdout: 'There is nothing in the trash.\n' });
  t.match(await at.run(`trash restore ${id}`), {
    code: 1,
    stdout: '',
    stderr: /there is nothing of this id in the trash/,
  });
});

t.test('for good: past the trash, and out of it', async (t) => {
  const at = await treeDesk(t);
  put(at, '/a', '/b', '/team/c');
  t.match(await at.run('rm /a --purge'), { code: 0 });
  await at.run('rm /b');
  await at.run('rm /team/ --recursive');
  t.match(await at.run('trash empty --older-than 1d'), { stdout: 'removed for good: 0 files\n' });
  t.match(await at.run('trash empty --below /team/'), { stdout: 'removed for good: 1 files\n' });
  t.match(JSON.parse((await at.run('trash list --json')).stdout), { entries: [{ path: '/b' }] });
  t.match(await at.run('trash empty'), { stdout: 'removed for good: 1 files\n' });

  put(at, '/d', '/e');
  await at.run('rm /d');
  await at.run('rm /e');
  const [e, d] = JSON.parse((await at.run('trash list --json')).stdout).entries;
  const stays = { code: 1, stdout: 'removed for good: 2 files\n', stderr: /there is nothing of this id/ };
  t.match(await at.run(`trash empty ${e.id} none ${d.id}`), stays, 'one keeps no other');
  t.match(await at.run('trash list --json'), { stdout: /"entries":\[\]/ });
});

t.test('a file expires: explained, refused, and given more time', async (t) => {
  const at = await treeDesk(t);
  put(at, '/a');
  await at.run('grant user:bob read /a');
  t.match(await at.run('expire /a --at 2099-01-31T12:00Z'), {
    code: 0,
    stdout: '/a expires 2099-01-31T12:00:00.000Z\n',
  });
  t.match(await at.run('ls /'), { stdout: /a {2}\(expires 2099-01-31T12:00:00\.000Z\)/ });
  t.match(await at.run('check user:bob read /a'), { code: 0 });
  t.match(await at.run('expire /a --never'), { code: 0, stdout: '/a never expires\n' });
  t.match(await at.run('expire /none --in 1d'), { code: 1, stderr: /there is no such file/ });
});

t.test('wrong usage', async (t) => {
  const at = await treeDesk(t);
  const wrong = [
    'trash',
    'trash look',
    'trash list /a',
    'trash list --to /a',
    'trash restore',
    'trash restore x --on-conflict maybe',
    'trash empty x --below /team/',
    'trash empty --older-than soon',
    'expire /a',
    'expire /a --in 1d --never',
    'expire /a/ --never',
    'expire /a --in soon',
    'expire /a --at 2020-01-31T12:00Z',
  ];
  for (const line of wrong) t.match(await at.run(line), { code: 2, stdout: '', stderr: /\S/ }, line);
});

t.test(
  'fsck tells of what does not belong beside the partials, and of a trash that does not agree',
  async (t) => {
    const at = await treeDesk(t);
    put(at, '/a', '/b');
    await at.record('/a', '/b');
    await at.run('rm /a');
    t.match(await at.run('fsck'), { code: 0 }, 'a trash that agrees is no finding');
    const trash = `${at.dataFolder}/partial/trash`;
    const [id = ''] = readdirSync(trash);
    mkdirSync(`${at.dataFolder}/partial/nginx`, { recursive: true });
    writeFileSync(`${at.dataFolder}/partial/nginx/odd`, '');
    writeFileSync(`${at.dataFolder}/partial/nginx/0000000001`, 'being written');
    writeFileSync(`${trash}/00000000-0000-0000-0000-000000000000`, '');
    rmSync(`${trash}/${id}`);
    const found = await at.run('fsck');
    t.equal(found.code, 1);
    for (const line of ['nginx/odd', `${id}  (/a)`, '00000000-0000-0000-0000-000000000000']) {
      t.ok(found.stdout.includes(`  ${line}`), line);
    }
    t.notMatch(found.stdout, '0000000001');
  },
);

t.test('beside a files service, which is asked', async (t) => {
  stopsBefore(t);
  const dataFolder = `${t.testdir()}/data`;
  const service = await startFiles(t, dataFolder);
  const run = (words: string) => latchkey(words.split(' '), { env: { LATCHKEY_DATA: dataFolder } });
  const on = '/users/alice/a';
  t.equal((await service.ask('PUT', WRITE + on, { as: 'alice', body: 'text' })).status, 201);
  t.match(await run(`rm ${on}`), { code: 0 });
  const { entries } = JSON.parse((await run('trash list --json')).stdout);
  t.match(await run(`trash restore ${entries[0]?.id}`), { code: 0, stdout: `restored: ${on}\n` });
  t.match(await run(`expire ${on} --in 1d`), { code: 0 });
  t.match(await run(`trash restore ${entries[0]?.id}`), { code: 1 });
  t.match(await run(`rm ${on}`), { code: 0 });
  t.match(await run('trash empty'), { stdout: 'removed for good: 1 files\n' });
});
