/** What is in a file, told by its bytes, in a thread that nothing in them keeps. */

import { writeFileSync } from 'node:fs';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { SAMPLES } from './sample-files.js';

// The built ones: a thread is started by the name of its file.
const built = new URL('../../dist/uploads/file-types.js', import.meta.url).href;
const { FileTypes } = (await import(built)) as typeof import('../../src/uploads/file-types.js');

function opened(t: Test, ...args: ConstructorParameters<typeof FileTypes>) {
  const types = new FileTypes(...args);
  t.teardown(() => types.close());
  const file = `${t.testdir()}/file`;
  const of = async (bytes: Uint8Array, named?: string) => {
    writeFileSync(file, bytes);
    return types.of({ file, named });
  };
  return { types, of };
}

t.test('each is what it is, not what it is called', async (t) => {
  const { of } = opened(t);
  for (const [what, bytes, type] of SAMPLES) t.equal((await of(bytes)).type, type, what);
});

t.test('it says whether the type of the name would have been known', async (t) => {
  const { of } = opened(t);
  const text = Buffer.from('text');
  t.equal((await of(text, 'image/png')).knowsNamed, true);
  t.equal((await of(text, 'text/csv')).knowsNamed, false);
  t.equal((await of(text)).knowsNamed, false);
});

t.test('what is cut off or broken is still told, and keeps nobody', async (t) => {
  const { of } = opened(t);
  for (const [what, bytes] of SAMPLES) {
    for (const length of [1, 4, 12, Math.floor(bytes.length / 2), bytes.length - 1]) {
      t.ok((await of(bytes.subarray(0, Math.max(0, length)))).type, `${length} of ${what}`);
    }
  }
  const samples = SAMPLES.map(([, bytes]) => bytes);
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...samples),
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 8 }),
      fc.uint8Array({ maxLength: 64 }),
      async (sample, changes, tail) => {
        const bytes = Buffer.concat([sample, tail]);
        for (const [at, value] of changes) if (bytes.length > 0) bytes[at % bytes.length] = value;
        return (await of(bytes)).type.includes('/');
      },
    ),
    { numRuns: 300 },
  );
});

t.test('a file that keeps the thread is not known, and the next one has another thread', async (t) => {
  const script = new URL(
    `data:text/javascript,import {parentPort} from 'node:worker_threads'; parentPort.on('message', ({named}) => { if (named === 'hang') for (;;); if (named === 'throw') throw new Error('no'); parentPort.postMessage({found: {type: 'a/b'}}) })`,
  );
  const { types } = opened(t, script, 3_000);
  const answers = ['fine', 'hang', 'fine', 'throw', 'fine'].map((named) => types.of({ file: '', named }));
  const settled = await Promise.allSettled(answers);
  t.match(settled, [
    { value: { type: 'a/b' } },
    { reason: { name: 'NotKnown', code: 'content-unknown', message: /longer than 3000 ms/ } },
    { value: { type: 'a/b' } },
    { reason: { name: 'NotKnown', message: /has ended/ } },
    { value: { type: 'a/b' } },
  ]);
});

t.test('a file that is not there is not known', async (t) => {
  const { types } = opened(t);
  await t.rejects(types.of({ file: '/none', named: undefined }), { code: 'content-unknown' });
});
