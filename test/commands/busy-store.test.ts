/**
 * A store that another process writes to for longer than anybody waits: the files service goes on with all that
 * does not write, and the CLI says who it is.
 */

import { setTimeout as pause } from 'node:timers/promises';
import t from 'tap';
import { type Answer, API, DOWNLOAD, isProblem, WRITE } from '../http/asking-files.js';
import { type FilesProcess, startFiles } from '../http/files-process.js';
import { holdWriteLock } from '../storage/other-process.js';
import { latchkey } from './program.js';

const FILE = '/users/alice/plan';
const CHECK = `${API}/check?principal=user:bob&action=read&path=${FILE}`;
const GRANT = JSON.stringify({ principal: 'user:bob', action: 'read', path: FILE });
/** Of fifteen seconds. Were one answer held up by a write that waits, there would be two. */
const ROUNDS_MIN = 5;
const ASK_EVERY_MS = 100;

t.test('what does not write is answered at once, what does after 15 seconds', async (t) => {
  const dataFolder = `${t.testdir()}/data`;
  const files = await startFiles(t, dataFolder);
  t.equal((await files.ask('PUT', `${WRITE}${FILE}`, { as: 'alice', body: 'x' })).status, 201);
  const grant = () => latchkey(['grant', 'user:bob', 'read', FILE], { env: { LATCHKEY_DATA: dataFolder } });
  const holder = await holdWriteLock(t, `${dataFolder}/latchkey.db`);

  const waiting = Promise.all([grant(), putGrant(files), files.ask('PUT', `${WRITE}${FILE}`, PUT)]);
  let waits = true;
  void waiting.finally(() => {
    waits = false;
  });
  let rounds = 0;
  for (; waits; rounds += 1) {
    const asked = ['/healthz', '/readyz', CHECK, `${DOWNLOAD}${FILE}`];
    const statuses = await Promise.all(asked.map(async (url) => (await files.ask('GET', url, ALICE)).status));
    if (statuses.join() !== '200,200,200,200') t.fail(`answered ${statuses}`);
    await pause(ASK_EVERY_MS);
  }
  t.ok(rounds >= ROUNDS_MIN, `${rounds} rounds`);

  const [cli, put, upload] = await waiting;
  t.equal(cli.code, 3);
  t.equal(cli.stdout, '');
  t.match(cli.stderr, BUSY_LINE(holder.pid));
  isProblem(t, put, 503, 'store-busy', /busy with a long write/);
  isProblem(t, upload, 503, 'store-busy', /busy with a long write/);
  t.equal(put.headers['retry-after'], '1');

  const late = Promise.all([grant(), putGrant(files)]);
  await holder.release();
  const [again, answer] = await late;
  t.same([again.code, answer.status], [0, 200], 'who still waits when it ends is done');
});

const ALICE = { as: 'alice' };
const PUT = { as: 'alice', body: 'y' };
const BUSY_LINE = (pid: number) =>
  new RegExp(
    `^latchkey: process ${pid} \\(.*\\) has been writing to the store for more than 15 s, so nothing was changed; wait until it has ended, then try again\\n$`,
  );

function putGrant({ ask }: FilesProcess): Promise<Answer> {
  const headers = { 'content-type': 'application/json' };
  return ask('PUT', `${API}/grants`, { as: 'alice', headers, body: GRANT });
}
