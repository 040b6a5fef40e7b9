/** `latchkey quota`: what each verb prints, what is refused, and that fsck mends counters. */

import SQLite from 'better-sqlite3';
import t from 'tap';
import { treeDesk } from './tree-desk.js';

t.test('set, show, list and remove', async (t) => {
  const { run, json, put, record } = await treeDesk(t, { LATCHKEY_USER_FILES_MAX: '9' });
  put('/team/a', '/team/b');
  await record('/team/a', '/team/b');
  const set = await run('quota set /team/ --bytes 1k --files 2');
  t.strictSame([set.code, set.stdout], [0, 'set: /team/ has 14 of 1024 bytes and 2 of 2 files\n']);
  const team = { subject: '/team/', bytesMax: 1024, filesMax: 2, bytesUsed: 14, filesUsed: 2 };
  t.strictSame(await json('quota show /team/'), { ...team, source: 'own' });
  const bob = { subject: 'user:bob', filesMax: 9, bytesUsed: 0, filesUsed: 0, source: 'default' };
  t.strictSame(await json('quota show user:bob'), bob);
  t.strictSame(await json('quota list'), { quotas: [team] });
  t.strictSame(await json('quota remove /team/'), { subject: '/team/', removed: true });
  t.equal((await run('quota list')).stdout, 'No quota was set.\n');
});

t.test('what is wrong is refused, with what would be right', async (t) => {
  const { run } = await treeDesk(t);
  for (const [words, code, says] of [
    ['quota set /team --bytes 1g', 2, /a folder ends in a slash: \/team\//],
    ['quota set group:eng --bytes 1g', 2, /no user/],
    ['quota set team --bytes 1g', 2, /name a user, such as user:alice, or a folder/],
    ['quota set /team/', 2, /give --bytes, --files or both/],
    ['quota set /team/ --bytes many', 2, /such as 500m or 10g, not 'many'/],
    ['quota set /team/ --files -1', 2, /./],
    ['quota list --bytes 1', 2, /the usage is/],
    ['quota show /team/', 1, /no quota of its own/],
    ['quota remove user:bob', 1, /no quota of its own/],
  ] as const) {
    const { code: exit, stdout, stderr } = await run(words);
    t.strictSame([exit, stdout], [code, ''], words);
    t.match(stderr, says);
  }
});

t.test('fsck --repair counts anew', async (t) => {
  const { run, json, put, record, databaseFile } = await treeDesk(t);
  put('/team/a');
  await record('/team/a');
  await run('quota set /team/ --files 5');
  const db = new SQLite(databaseFile);
  db.exec("UPDATE usages SET files = 3 WHERE subject = '/team/'");
  db.close();
  t.match(await json('quota show /team/'), { filesUsed: 3 });
  t.match((await run('fsck --repair')).stderr, /counted anew what is used of \/team\//);
  t.match(await json('quota show /team/'), { filesUsed: 1 });
});
