/** A form streams: what the files service holds of it does not grow with it, however fast it is sent. */

import { readFileSync } from 'node:fs';
import t from 'tap';
import { ownFolder } from '../commands/program.js';
import { FORM_HEADERS, form, WRITE } from './asking-files.js';
import { startFiles } from './files-process.js';

const MIB = 1024 * 1024;
const PART_MIB = 200;
/** What V8 has not yet collected of pieces that have passed: 21 MiB of a form of 100, 65 of 400, 69 of 800. */
const GROWTH_MIB_MAX = 150;

function* twoFiles() {
  const piece = Buffer.alloc(MIB, 'x');
  const head = (name: string) => form({ name: 'f', filename: name, text: '' }).split('\r\n--xx--')[0] ?? '';
  for (const name of ['folder/a', 'folder/b']) {
    yield `${name === 'folder/a' ? '' : '\r\n'}${head(name)}`;
    for (let i = 0; i < PART_MIB; i++) yield piece;
  }
  yield '\r\n--xx--\r\n';
}

t.test('of 400 MiB, little is in memory at any time', async (t) => {
  const dataFolder = `${ownFolder(t)}/data`;
  const { child, ask } = await startFiles(t, dataFolder);
  const mib = (name: string) =>
    Number(new RegExp(`${name}:\\s+(\\d+)`).exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]) /
    1024;
  await ask('POST', `${WRITE}/users/alice/`, {
    as: 'alice',
    headers: FORM_HEADERS,
    body: form({ name: 'f', filename: 'first', text: 'what is loaded only now is loaded' }),
  });
  const before = mib('VmRSS');
  const answer = await ask('POST', `${WRITE}/users/alice/`, {
    as: 'alice',
    headers: FORM_HEADERS,
    body: twoFiles(),
  });
  t.equal(answer.status, 201, answer.text);
  const { files } = JSON.parse(answer.text) as { files: { bytes: number }[] };
  t.strictSame(
    files.map(({ bytes }) => bytes),
    [PART_MIB * MIB, PART_MIB * MIB],
  );
  const growth = mib('VmHWM') - before;
  t.comment(`grew by ${growth.toFixed()} MiB from ${before.toFixed()}`);
  t.ok(growth < GROWTH_MIB_MAX, `${growth} MiB`);
});
