/** fsck beside a running files service, and stopped by force: what is being changed is no finding, and nothing is lost. */

import { spawn } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import t, { type Test } from 'tap';
import { openReader } from '../../src/storage/sqlite/connection.js';
import { WRITE } from '../http/asking-files.js';
import { type FilesProcess, startFiles } from '../http/files-process.js';
import { LATCHKEY, plainEnvironment } from '../nginx/running-site.js';
import { entry } from '../storage/given.js';
import { resultOf, stopsBefore } from './program.js';
import { spinWhile, type TreeDesk, treeDesk } from './tree-desk.js';

const PARTIAL = '00000000-0000-4000-8000-000000000000';
const UNDER_WAY = '11111111-1111-4111-8111-111111111111';
const CHECKS = 3;

t.test(
  'while files are uploaded, replaced with grants and deleted, nothing is found or mended',
  async (t) => {
    const at = await treeDesk(t);
    at.put('/whole');
    await at.record('/whole');
    const files = await startFiles(t, at.dataFolder);
    const changing = { runs: true, changes: 0 };
    const writers = Promise.all(['a', 'b', 'c', 'd'].map((name) => change(t, files, name, changing)));
    for (let i = 0; i < CHECKS; i++) {
      for (const words of ['fsck', 'fsck --repair']) {
        t.match(await at.json(words), { problems: 0, mended: 0, unknown: 0, kinds: [] }, words);
      }
    }
    changing.runs = false;
    await writers;
    t.ok(changing.changes > 10, `${changing.changes} changes meanwhile`);
    t.match(await at.json('fsck'), { moving: 0, kinds: [] }, 'and afterwards');
  },
);

interface Changing {
  runs: boolean;
  changes: number;
}

async function change(t: Test, { ask }: FilesProcess, name: string, changing: Changing): Promise<void> {
  const url = `${WRITE}/users/alice/${name}`;
  while (changing.runs) {
    const put = await ask('PUT', url, { as: 'alice', body: name });
    const headers = { 'x-latchkey-grants': 'user:bob read' };
    const replaced = await ask('PUT', url, { as: 'alice', body: `${name}${name}`, headers });
    const gone = await ask('DELETE', url, { as: 'alice' });
    const statuses = [put.status, replaced.status, gone.status].join();
    if (statuses !== '201,204,204') t.fail(`${url}: ${statuses}`);
    changing.changes += 3;
  }
}

t.test(
  'what a running service will not finish is named and left to it; what it works on is no finding',
  async (t) => {
    const at = await treeDesk(t);
    const files = await startFiles(t, at.dataFolder);
    writeFileSync(`${at.dataFolder}/partial/${UNDER_WAY}`, 'half');
    await at.withStore((store) => store.files.beginCommit([entry(PARTIAL, '/stuck', 'hidden')]));
    const told =
      '1 write has not ended (the start of the files service finishes it)\n  /stuck  (restart the files service)\n';
    for (const words of ['fsck', 'fsck --repair']) {
      const { code, stdout } = await at.run(words);
      t.equal(code, 1, words);
      t.ok(stdout.startsWith(`${told}checked: `), stdout);
    }
    t.equal((await at.withStore((store) => store.files.pending())).commits.length, 1, 'it is left');
    files.child.kill('SIGTERM');
    await files.ended;
    const { code, stdout } = await at.run('fsck --repair');
    t.equal(code, 0);
    t.match(
      stdout,
      /^1 write has not ended \(finished.*\n {2}\/stuck\n1 partial is left of an upload \(dropped\)\n/,
    );
    t.match(await at.json('fsck'), { kinds: [] });
  },
);

t.test('what the disk refuses stays, with the reason', async (t) => {
  const at = await treeDesk(t);
  await at.withStore((store) => store.files.beginCommit([entry(PARTIAL, '/stuck', 'hidden')]));
  writeFileSync(`${at.dataFolder}/partial/${PARTIAL}`, '0123456789');
  at.put('/stuck/in');
  for (let i = 0; i < 2; i++) {
    const { code, stdout } = await at.run('fsck --repair');
    t.equal(code, 1);
    t.match(
      stdout,
      /^1 write has not ended .*\n {2}\/stuck {2}\(This path became a folder; choose another name/,
    );
  }
  rmSync(`${at.files}/stuck`, { recursive: true });
  t.equal((await at.run('fsck --repair')).code, 0, 'until it is mended');
});

t.test(
  'kill -9 in the middle of --repair: what was mended is mended, and the next run mends the rest',
  async (t) => {
    const at = await treeDesk(t);
    at.put('/whole');
    const lost = Array.from({ length: 8_000 }, (_, i) => `/lost/${i}`);
    await at.record('/whole', ...lost);
    const left = await killedMidway(t, at, lost.length);
    t.ok(left > 0 && left < lost.length, `${left} were left`);
    t.match(await at.json('fsck'), { problems: left, rows: left + 1 });
    t.match(await at.json('fsck --repair'), { problems: 0, mended: left });
    t.match(await at.json('fsck'), { kinds: [], rows: 1, files: 1 });
  },
);

/** How many records of `all` are left. */
async function killedMidway(t: Test, { databaseFile, dataFolder }: TreeDesk, all: number): Promise<number> {
  const child = spawn(LATCHKEY.file, [...LATCHKEY.args, 'fsck', '--repair'], {
    env: plainEnvironment({ LATCHKEY_DATA: dataFolder }),
    stdio: 'pipe',
  });
  stopsBefore(t).push(child);
  const ended = resultOf(child);
  const db = openReader(databaseFile);
  const count = db.prepare<[], number>("SELECT count(*) FROM files WHERE path < '/lost0'").pluck();
  spinWhile(() => count.get() === all);
  child.kill('SIGKILL');
  t.equal((await ended).signal, 'SIGKILL');
  const left = count.get() ?? 0;
  db.close();
  return left;
}
