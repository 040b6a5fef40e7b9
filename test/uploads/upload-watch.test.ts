/** A body is watched while it comes; what is done with it afterwards takes as long as it takes. */

import t from 'tap';
import { FreeSpace } from '../../src/uploads/free-space.js';
import { watched } from '../../src/uploads/upload-watch.js';

const SHORT = { speedMin: 1_000_000, timeMaxMs: 5, windowMs: 5 };

function looksOf(folder: string, freeBytesMin: number) {
  let looks = 0;
  const { promise: looked, resolve } = Promise.withResolvers<void>();
  const freeSpace = new FreeSpace({ folder, bytesMin: freeBytesMin });
  const bytesRead = () => {
    looks += 1;
    if (looks === 5) resolve();
    return Number.POSITIVE_INFINITY;
  };
  return { looked, bytesRead, freeSpace };
}

t.test('what has come whole is refused neither for its time nor for the space of others', async (t) => {
  const { looked, bytesRead, freeSpace } = looksOf(t.testdir(), Number.MAX_SAFE_INTEGER);
  const onRefused = () => t.fail('it was refused');
  const awake = setInterval(() => undefined, 1_000); // the watch itself keeps no process from ending
  t.teardown(() => clearInterval(awake));
  // A scan, or a digest, that outlasts several looks.
  const work = looked.then(() => 'scanned');
  t.equal(await watched(work, { bytesRead, freeSpace, pace: SHORT, onRefused }), 'scanned');
});
