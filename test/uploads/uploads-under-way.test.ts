/** How many files may be on their way to one request at once. */

import t from 'tap';
import { UNDER_WAY_MAX, UploadsUnderWay } from '../../src/uploads/uploads-under-way.js';

t.test('so many may be on their way as there is room for, to each request', async (t) => {
  const underWay = new UploadsUnderWay();
  t.strictSame([underWay.begin('a', 2), underWay.begin('a', 2), underWay.begin('a', 2)], [true, true, false]);
  t.equal(underWay.begin('b', 1), true, 'another request is another');
  underWay.end('a', 1);
  t.strictSame([underWay.begin('a', 2), underWay.begin('a', 2)], [true, false], 'one that ended makes room');
  t.equal(underWay.begin('a', 3), true, 'as does a raised limit');
  underWay.end('a', 3);
  underWay.end('a', 3);
  t.strictSame([underWay.begin('a', 1), underWay.begin('a', 1)], [true, false], 'never more than there is');
  t.equal(underWay.begin('c', 0), false);
});

t.test('without a limit of its own, a request has ours', async (t) => {
  const underWay = new UploadsUnderWay();
  const begun = Array.from({ length: UNDER_WAY_MAX + 5 }, () =>
    underWay.begin('a', Number.POSITIVE_INFINITY),
  );
  t.equal(begun.filter((one) => one).length, UNDER_WAY_MAX);
});
