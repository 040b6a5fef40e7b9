/** What comes in becomes one partial of exactly these bytes, or nothing at all. */

import { readFileSync, rmSync, statSync } from 'node:fs';
import { PassThrough, Readable } from 'node:stream';
import t from 'tap';
import { writePartial } from '../../src/uploads/partial.js';
import { partialsIn, scene } from './given.js';

const KIB = 1024;
const BYTES = Buffer.from('0123456789');
const upTo = (bytesMax: number) => ({ bytesMax, bytesBefore: 0 });

t.test('the bytes come in as they are, whatever their chunks', async (t) => {
  const { root, folder } = await scene(t);
  const large = Buffer.alloc(300 * KIB, 'abc');
  const cases: readonly (readonly [string, readonly Buffer[]])[] = [
    ['nothing', []],
    ['one chunk', [BYTES]],
    ['one byte at a time', [...BYTES].map((byte) => Buffer.from([byte]))],
    ['empty chunks between', [Buffer.alloc(0), BYTES, Buffer.alloc(0)]],
    ['NUL and bytes that are no UTF-8', [Buffer.from([0, 0xff, 0xc0, 0x80])]],
    ['more than one buffer holds', [large, large]],
  ];
  for (const [name, chunks] of cases) {
    const partial = await writePartial(root, Readable.from(chunks), upTo(1024 * KIB));
    const written = readFileSync(root.partialPath(partial.name));
    t.ok(written.equals(Buffer.concat(chunks)), name);
    t.equal(partial.bytes, written.length, `${name}: counted`);
    t.equal(statSync(root.partialPath(partial.name)).mode & 0o777, 0o640, 'for nobody but owner and group');
  }
  t.equal(partialsIn(folder).length, cases.length, 'each in a file of its own');
});

t.test('exactly the limit is let in, and one byte more leaves nothing', async (t) => {
  const { root, folder } = await scene(t);
  const halves = () => Readable.from([BYTES.subarray(0, 5), BYTES.subarray(5)]);
  await root.dropPartial((await writePartial(root, halves(), upTo(BYTES.length))).name);
  await t.rejects(writePartial(root, halves(), upTo(BYTES.length - 1)), { code: 'too-large' });
  await t.rejects(writePartial(root, halves(), upTo(0)), { code: 'too-large' });
  t.strictSame(partialsIn(folder), []);
});

t.test('a source that is too large is left open, for the answer', async (t) => {
  const { root } = await scene(t);
  const source = new PassThrough();
  source.write(BYTES);
  await t.rejects(writePartial(root, source, upTo(1)), { code: 'too-large' });
  t.equal(source.destroyed, false);
});

t.test('a source that breaks off leaves nothing, and is told as the fault of the sender', async (t) => {
  const { root, folder } = await scene(t);
  const broken = Readable.from(
    (async function* () {
      yield BYTES;
      throw Object.assign(new Error('aborted'), { code: 'ECONNRESET' });
    })(),
  );
  await t.rejects(writePartial(root, broken, upTo(KIB)), {
    code: 'incomplete',
    cause: { code: 'ECONNRESET' },
  });
  const destroyed = new PassThrough();
  destroyed.write(BYTES);
  const written = writePartial(root, destroyed, upTo(KIB));
  destroyed.destroy();
  await t.rejects(written, { code: 'incomplete' });
  t.strictSame(partialsIn(folder), []);
});

t.test('a folder of partials that is gone is the error of this service, not of the sender', async (t) => {
  const { root, folder } = await scene(t);
  rmSync(`${folder}/partial`, { recursive: true });
  await t.rejects(writePartial(root, Readable.from([BYTES]), upTo(KIB)), { code: 'ENOENT' });
});
