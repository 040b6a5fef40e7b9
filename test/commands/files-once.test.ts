/**
 * One files service works in a data folder: a second one would drop the uploads of the first at its start. It
 * refuses in one line, and the lock ends with its holder, however that ends.
 */

import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import t from 'tap';
import { WRITE } from '../http/asking-files.js';
import { spawnFiles, startFiles } from '../http/files-process.js';
import { partialsIn } from '../uploads/given.js';

const FILE = `${WRITE}/users/alice/plan`;

t.test('a second one on another socket is refused, and an upload under way is untouched', async (t) => {
  const dataFolder = `${t.testdir()}/data`;
  const first = await startFiles(t, dataFolder);
  t.equal((await first.ask('PUT', FILE, { as: 'alice', body: 'one' })).status, 201);
  const name = '00000000-0000-4000-8000-000000000000';
  writeFileSync(`${dataFolder}/partial/${name}`, 'an upload under way');
  const second = await spawnFiles(t, dataFolder).ended;
  t.match(second, { code: 3, signal: null, stdout: '' });
  t.equal(second.stderr, `latchkey: another files service already works in ${dataFolder}; stop it first\n`);
  t.strictSame(partialsIn(dataFolder), [name], 'nobody has dropped it');
  t.equal((await first.ask('PUT', FILE, { as: 'alice', body: 'two' })).status, 204, 'the first one goes on');
});

t.test('killed, it leaves no lock: the next one starts at once', async (t) => {
  const dataFolder = `${t.testdir()}/data`;
  for (let i = 0; i < 3; i++) {
    const files = await startFiles(t, dataFolder);
    t.equal((await files.ask('GET', '/healthz')).status, 200);
    files.child.kill('SIGKILL');
    t.match(await files.ended, { signal: 'SIGKILL' });
  }
});

t.test('stopped, it leaves no lock either', async (t) => {
  const dataFolder = `${t.testdir()}/data`;
  for (let i = 0; i < 2; i++) {
    const files = await startFiles(t, dataFolder);
    files.child.kill('SIGTERM');
    t.match(await files.ended, { code: 0, signal: null });
  }
});

t.test('of many that start at once, one serves and each other one says why it does not', async (t) => {
  const dataFolder = `${t.testdir()}/data`;
  const first = await startFiles(t, dataFolder); // the database is there: none of them ends for another reason
  first.child.kill('SIGTERM');
  await first.ended;
  const racers = Array.from({ length: 4 }, () => spawnFiles(t, dataFolder));
  const ready = racers.map(async ({ child, ended }) => {
    const end = await Promise.race([once(child, 'message').then(() => 'serves'), ended]);
    return end === 'serves' ? 'serves' : (end as Awaited<typeof ended>).code;
  });
  t.strictSame((await Promise.all(ready)).sort(), [3, 3, 3, 'serves']);
});
