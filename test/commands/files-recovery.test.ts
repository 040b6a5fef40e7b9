/** `latchkey files` after a crash that left something which cannot be finished: it says what, and serves the rest. */

import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { openSqliteStore } from '../../src/storage/sqlite/open.js';
import { WRITE } from '../http/asking-files.js';
import { startFiles } from '../http/files-process.js';
import { entry } from '../storage/given.js';

const PARTIAL = '00000000-0000-4000-8000-000000000000';
const STUCK = `${WRITE}/users/alice/stuck`;
const FINE = `${WRITE}/users/alice/fine`;

t.test('it starts, names the path and the cause, and finishes it once it has been mended', async (t) => {
  const dataFolder = `${t.testdir()}/data`;
  await stoppedAfter(t, dataFolder, async ({ ask }) => {
    t.equal((await ask('PUT', FINE, { as: 'alice', body: 'one' })).status, 201);
  });
  const store = openSqliteStore(`${dataFolder}/latchkey.db`);
  await store.files.beginCommit([entry(PARTIAL, '/users/alice/stuck', 'hidden')]);
  await store.close();
  writeFileSync(`${dataFolder}/partial/${PARTIAL}`, '0123456789');
  const inTheWay = `${dataFolder}/store/files/users/alice/stuck`;
  mkdirSync(inTheWay);

  const { stderr } = await stoppedAfter(t, dataFolder, async ({ ask }) => {
    t.equal((await ask('PUT', FINE, { as: 'alice', body: 'two' })).status, 204, 'the rest is served');
    t.equal((await ask('PUT', STUCK, { as: 'alice', body: 'new' })).status, 503, 'this path is not');
  });
  const lines = stderr.split('\n').filter((line) => line.startsWith('{'));
  const messages = lines.map((line) => (JSON.parse(line) as { msg: string }).msg);
  t.ok(
    messages.some((msg) => /^\/users\/alice\/stuck cannot be finished .*became a folder.*mend it/.test(msg)),
  );
  t.match(stderr, /"stuck":1/);

  rmSync(inTheWay, { recursive: true });
  await stoppedAfter(t, dataFolder, async ({ ask }) => {
    t.equal((await ask('PUT', STUCK, { as: 'alice', body: 'new' })).status, 204, 'finished: it is replaced');
  });
});

async function stoppedAfter(
  t: Parameters<typeof startFiles>[0],
  dataFolder: string,
  work: (files: Awaited<ReturnType<typeof startFiles>>) => Promise<void>,
) {
  const files = await startFiles(t, dataFolder);
  await work(files);
  files.child.kill('SIGTERM');
  return files.ended;
}
