/** The order of paths is that of their UTF-8 bytes, whatever characters are in them. */

import fc from 'fast-check';
import t from 'tap';
import { compareBytes } from '../../src/acl/byte-order.js';

t.test('it is the order of the bytes', async (t) => {
  // Characters on both sides of the surrogates, so that texts share beginnings and differ there.
  const unit = fc.constantFrom(
    '/',
    '.',
    'a',
    'é',
    '\u{d7ff}',
    '\u{e000}',
    '\u{ffff}',
    '\u{10000}',
    '\u{10ffff}',
  );
  const text = fc.oneof(fc.string({ unit, maxLength: 6 }), fc.string({ unit: 'binary' }));
  const sameOrder = fc.property(text, text, (a, b) => {
    return Math.sign(compareBytes(a, b)) === Buffer.compare(Buffer.from(a), Buffer.from(b));
  });
  t.doesNotThrow(() => fc.assert(sameOrder, { numRuns: 2_000 }));
});
