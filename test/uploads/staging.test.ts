/** The partials of one request: together within the limit, and dropped unless the committer took them over. */

import { Readable } from 'node:stream';
import t from 'tap';
import { Staging } from '../../src/uploads/staging.js';
import { partialsIn, scene, served, UNCONDITIONAL, upload } from './given.js';

const ten = () => Readable.from([Buffer.from('0123456789')]);

t.test('several files share one limit, and the refusal names it whole', async (t) => {
  const { root, folder } = await scene(t);
  const staging = new Staging(root, 25);
  await staging.receive(ten());
  await staging.receive(ten());
  await t.rejects(staging.receive(ten()), { code: 'too-large', message: /larger than 25 bytes/ });
  t.equal(partialsIn(folder).length, 2);
  await staging.dropRest();
  t.strictSame(partialsIn(folder), []);
});

t.test('a file may have a limit of its own, below the one that all share', async (t) => {
  const { root, folder } = await scene(t);
  const staging = new Staging(root, 25);
  await staging.receive(ten(), { fileBytesMax: 10 });
  await t.rejects(staging.receive(ten(), { fileBytesMax: 9 }), {
    code: 'too-large',
    message: /at most 9 bytes here/,
  });
  await staging.receive(ten(), { fileBytesMax: 10 });
  await t.rejects(staging.receive(ten(), { fileBytesMax: 10 }), {
    code: 'too-large',
    message: /larger than 25 bytes/,
  });
  t.equal(partialsIn(folder).length, 2);
});

t.test('what was handed over is the committer’s, whether it takes it or not', async (t) => {
  const { root, folder, committer } = await scene(t);
  const staging = new Staging(root, 100);
  const partial = await staging.receive(ten());
  await staging.commit(committer, [upload('/a', partial)]);
  await staging.dropRest();
  t.equal(served(folder, '/a'), '0123456789');
  const refused = await staging.receive(ten());
  const never = { ...UNCONDITIONAL, ifNoneMatch: '*' };
  await t.rejects(staging.commit(committer, [upload('/a', refused, [], never)]), {
    code: 'precondition-failed',
  });
  t.strictSame(partialsIn(folder), []);
});
