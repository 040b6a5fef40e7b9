/** Digests of files, by threads of their own: as many at once as one likes, and the event loop goes on. */

import { createHash, randomBytes } from 'node:crypto';
import { closeSync, openSync, readdirSync, readFileSync, readSync, unlinkSync, writeFileSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import t, { type Test } from 'tap';
import type { FileDigests } from '../../src/uploads/file-digests.js';

const MIB = 1024 * 1024;

// The built ones: a thread is started by the name of its file.
const built = new URL('../../dist/uploads/file-digests.js', import.meta.url).href;
const { FileDigests: Digests, IN_BACKGROUND } = (await import(
  built
)) as typeof import('../../src/uploads/file-digests.js');

function opened(t: Test): FileDigests {
  const digests = new Digests();
  t.teardown(() => digests.close());
  return digests;
}

t.test('of files of any size, many at once, each its own', async (t) => {
  const digests = opened(t);
  const folder = t.testdir();
  const sizes = [0, 1, MIB - 1, MIB, MIB + 1, 3 * MIB, 5, 6, 7, 8];
  const jobs = sizes.map(async (size, i) => {
    const bytes = randomBytes(size);
    writeFileSync(`${folder}/${i}`, bytes);
    const expected = ['sha256', 'sha512'].map((name) => createHash(name).update(bytes).digest('base64'));
    const found = await digests.of(`${folder}/${i}`, ['sha-256', 'sha-512']);
    t.strictSame([found.get('sha-256'), found.get('sha-512')], expected, `${size} bytes`);
  });
  await Promise.all(jobs);
});

t.test('a file that cannot be read is an error, and the thread goes on', async (t) => {
  const digests = opened(t);
  const folder = t.testdir({ file: '' });
  for (let i = 0; i < 3; i++) await t.rejects(digests.of(`${folder}/none`, ['sha-256']), { code: 'ENOENT' });
  const empty = await digests.of(`${folder}/file`, ['sha-256']);
  t.equal(empty.get('sha-256'), '47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=');
});

t.test('of an open file, wherever its reader is and whatever it is called by then', async (t) => {
  const digests = opened(t);
  const folder = t.testdir({ file: 'text' });
  const descriptor = openSync(`${folder}/file`, 'r');
  t.teardown(() => closeSync(descriptor));
  readSync(descriptor, Buffer.alloc(2));
  unlinkSync(`${folder}/file`);
  for (let i = 0; i < 2; i++) {
    const found = await digests.of(descriptor, ['sha-256']);
    t.equal(
      found.get('sha-256'),
      createHash('sha256').update('text').digest('base64'),
      'and it is left open',
    );
  }
});

t.test(
  'the thread of what nobody waits for stands back behind all others, and is the only one',
  async (t) => {
    const digests = new Digests(IN_BACKGROUND);
    t.teardown(() => digests.close());
    const file = `${t.testdir({ file: 'text' })}/file`;
    const before = niceThreads();
    await Promise.all([1, 2, 3].map(() => digests.of(file, ['sha-256'])));
    t.equal(niceThreads() - before, 1);
    await opened(t).of(file, ['sha-256']);
    t.equal(niceThreads() - before, 1, 'those that requests wait for are as all others');
  },
);

/** Threads of this process of a lower priority: the 19th field of proc(5)'s stat, 16 behind the name and the state. */
function niceThreads(): number {
  const stats = readdirSync('/proc/self/task').map((id) => {
    try {
      return readFileSync(`/proc/self/task/${id}/stat`, 'utf8');
    } catch {
      return ''; // it has ended
    }
  });
  return stats.filter((stat) => stat.split(') ').at(-1)?.split(' ')[16] === '10').length;
}

t.test('nothing asked is nothing done', async (t) => {
  t.equal((await opened(t).of('/none', [])).size, 0);
});

t.test('the event loop turns while it computes', async (t) => {
  const digests = opened(t);
  const folder = t.testdir();
  writeFileSync(`${folder}/large`, Buffer.alloc(64 * MIB));
  await digests.of(`${folder}/large`, []); // nothing
  let done = false;
  const computed = digests.of(`${folder}/large`, ['sha-512']).then(() => {
    done = true;
  });
  let turns = 0;
  while (!done) {
    await turn();
    turns += 1;
  }
  await computed;
  t.ok(turns > 100, `${turns} turns`);
});

t.test('more than may wait are told so at once; closing ends those that wait', async (t) => {
  const digests = new Digests();
  const folder = t.testdir();
  writeFileSync(`${folder}/large`, Buffer.alloc(64 * MIB));
  const all = Array.from({ length: 1003 }, () =>
    digests.of(`${folder}/large`, ['sha-512']).then(
      () => 'computed',
      (error: { code?: string }) => error.code ?? 'ended',
    ),
  );
  const last = await all.at(-1);
  await digests.close();
  const outcomes = await Promise.all(all);
  t.equal(last, 'too-busy');
  t.equal(outcomes.filter((outcome) => outcome === 'too-busy').length, 1);
  t.ok(outcomes.filter((outcome) => outcome === 'ended').length >= 900, 'all but what was computed by then');
  await t.rejects(digests.of(`${folder}/large`, ['sha-256']), { code: 'too-busy' });
});
