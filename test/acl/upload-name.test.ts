/** Which names a file request takes, and how one that is taken goes on. */

import fc from 'fast-check';
import t from 'tap';
import { hasEnding, numberedName } from '../../src/acl/upload-name.js';

t.test('a name is taken by its ending, in whatever case', async (t) => {
  for (const [name, endings, expected] of [
    ['plan.pdf', [], true],
    ['plan', [], true],
    ['plan.pdf', ['.pdf'], true],
    ['PLAN.PDF', ['.pdf'], true],
    ['plan.pdf', ['.doc', '.pdf'], true],
    ['plan.pdf.exe', ['.pdf'], false],
    ['plan.pdf ', ['.pdf'], false],
    ['plan.pdf.', ['.pdf'], false],
    ['plan.pdf\u200b', ['.pdf'], false],
    ['planpdf', ['.pdf'], false],
    ['plan', ['.pdf'], false],
    ['.pdf', ['.pdf'], false], // nothing but an ending
    ['a.tar.gz', ['.tar.gz'], true],
    ['a.gz', ['.tar.gz'], false],
    ['', ['.pdf'], false],
  ] as const) {
    t.equal(hasEnding(name, endings), expected, `${JSON.stringify(name)} ${endings}`);
  }
});

t.test('a number goes before the ending', async (t) => {
  for (const [name, endings, number, expected] of [
    ['plan.pdf', [], 2, 'plan (2).pdf'],
    ['plan.pdf', [], 10, 'plan (10).pdf'],
    ['plan (2).pdf', [], 2, 'plan (2) (2).pdf'],
    ['plan', [], 2, 'plan (2)'],
    ['.profile', [], 2, '.profile (2)'],
    ['a.tar.gz', [], 2, 'a.tar (2).gz'],
    ['a.tar.gz', ['.gz', '.tar.gz'], 2, 'a (2).tar.gz'],
    ['A.TAR.GZ', ['.tar.gz'], 2, 'A (2).TAR.GZ'],
    ['Ms. Smith', [], 2, 'Ms. Smith (2)'],
    ['what.a-very-long-thing-behind-a-dot', [], 2, 'what.a-very-long-thing-behind-a-dot (2)'],
    ['張三.文件', [], 2, '張三 (2).文件'],
    ['..a', [], 2, '. (2).a'],
  ] as const) {
    t.equal(numberedName(name, endings, number), expected);
  }
});

t.test(
  'a name with a number is one that the disk can have, with the ending that was asked for',
  async (t) => {
    const longest = `${'張'.repeat(83)}ab.pdf`;
    t.equal(Buffer.byteLength(longest), 255);
    t.equal(numberedName(longest, [], 2), `${'張'.repeat(82)} (2).pdf`);
    const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 150 });
    fc.assert(
      fc.property(
        name,
        fc.constantFrom('', '.pdf', '.PDF', '.tar.gz'),
        fc.integer({ min: 2, max: 1_000 }),
        (stem, ending, number) => {
          const before = `${stem}${ending}`;
          const after = numberedName(before, ['.pdf', '.tar.gz'], number);
          const isRight =
            Buffer.byteLength(after) <= 255 &&
            after.isWellFormed() === before.isWellFormed() &&
            after.endsWith(ending) &&
            after.includes(` (${number})`);
          if (!isRight) throw new Error(`${JSON.stringify(before)} → ${JSON.stringify(after)}`);
        },
      ),
      { numRuns: 1_000 },
    );
  },
);
