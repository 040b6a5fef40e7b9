/** Names that nothing new may have, and those that must stay possible: people's writing, and their emoji. */

import fc from 'fast-check';
import t from 'tap';
import { composed, newNameProblem } from '../../src/acl/new-name.js';

const REFUSED: readonly (readonly [name: string, code: string, what: string])[] = [
  ['a\u202efdp.exe', 'U+202E', 'a right-to-left override'],
  ['\u202aa', 'U+202A', 'an embedding'],
  ['a\u2066b', 'U+2066', 'an isolate'],
  ['a\u2069', 'U+2069', 'the end of one'],
  ['a\u200eb', 'U+200E', 'a mark of direction'],
  ['a\u200fb', 'U+200F', 'the other one'],
  ['a\u061cb', 'U+061C', 'the Arabic one'],
  ['plan\u200b.pdf', 'U+200B', 'a space without width'],
  ['\u200b', 'U+200B', 'nothing else'],
  ['a\u2060b', 'U+2060', 'a word joiner'],
  ['\ufeffa', 'U+FEFF', 'a byte order mark'],
  ['a\u00adb', 'U+00AD', 'a soft hyphen'],
  ['a\u2028b', 'U+2028', 'a line separator'],
  ['a\u2029b', 'U+2029', 'a paragraph separator'],
  ['a\u034fb', 'U+034F', 'a grapheme joiner'],
  ['a\u3164b', 'U+3164', 'a Hangul filler'],
  ['a\u115fb', 'U+115F', 'another one'],
  ['a\uffa0', 'U+FFA0', 'another one'],
  ['a\ufff9b', 'U+FFF9', 'an annotation'],
  ['a\u{e0041}b', 'U+E0041', 'a tag character'],
  ['a\u{e0001}b', 'U+E0001', 'a language tag'],
  ['🏴\u{e0067}\u{e0062}\u{e007f}', 'U+E0067', 'a flag of tag characters'],
  ['a\u{1d173}b', 'U+1D173', 'a musical format character'],
  ['plan\u200d.pdf', 'U+200D', 'a joiner between Latin letters'],
  ['pl\u200can.pdf', 'U+200C', 'a non-joiner between Latin letters'],
  ['\u200dکتاب', 'U+200D', 'a joiner before a word'],
  ['کتاب\u200c', 'U+200C', 'a non-joiner behind a word'],
  ['😀\u200da', 'U+200D', 'a joiner behind an emoji alone'],
  ['क\u200dष', 'U+200D', 'a joiner behind a letter without a mark'],
  ['a\ufe0f', 'U+FE0F', 'a variation selector of no emoji'],
  ['1\ufe0f.pdf', 'U+FE0F', 'a variation selector of a digit that is no keycap'],
  ['a\u{e0100}', 'U+E0100', 'an ideographic variation of no ideograph'],
  ['می\u200c\u200cخواهم', 'U+200C', 'two of them'],
];

const KEPT: readonly string[] = [
  'plan.pdf',
  ' leading and trailing ',
  'a\u00a0b',
  '.hidden',
  'Ünïcödé',
  'مرحبا.pdf',
  'שלום.pdf',
  'می\u200cخواهم.pdf',
  'क्\u200dष.txt',
  'ശ്രീ\u200d.txt',
  'ক্\u200cষ',
  '张伟.doc',
  '葛\u{e0100}城.txt',
  '한국어.txt',
  'ᄀᆞᆯ',
  '😀.png',
  '❤\ufe0f.png',
  '1\ufe0f\u20e3.txt',
  '👨\u200d👩\u200d👧\u200d👦',
  '👩🏽\u200d⚕\ufe0f',
  '🏳\ufe0f\u200d🌈',
  '👁\ufe0f\u200d🗨\ufe0f',
  '🇩🇪.svg',
  'CON',
  '\ufffd',
];

t.test('a character that does not show, or turns what stands beside it, is named', async (t) => {
  for (const [name, code, what] of REFUSED) {
    const problem = newNameProblem(name) ?? 'none';
    t.match(problem, new RegExp(`^it holds ${code.replace('+', '\\+')},`), what);
    t.match(problem, /^[ -~]*$/, 'and is not shown itself');
  }
});

t.test('everything else is kept', async (t) => {
  for (const name of KEPT) t.equal(newNameProblem(name), undefined, JSON.stringify(name));
});

t.test('such a character is found anywhere in a name', async () => {
  const always = [
    '\u202e',
    '\u2066',
    '\u200b',
    '\u200e',
    '\ufeff',
    '\u00ad',
    '\u2028',
    '\u2060',
    '\u{e0061}',
  ];
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme' }),
      fc.constantFrom(...always),
      fc.string({ unit: 'grapheme' }),
      (before, character, after) => newNameProblem(composed(before + character + after)) !== undefined,
    ),
  );
});

t.test('composing a name makes no separator and no dot segment of it', async () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (name) => {
      const parts = (text: string) => text.split(/[/\\]/);
      const dots = (text: string) => parts(text).filter((part) => /^\.{0,2}$/.test(part)).length;
      return parts(composed(name)).length === parts(name).length && dots(composed(name)) === dots(name);
    }),
  );
});

t.test('a long name takes no longer than its length', async (t) => {
  const before = process.cpuUsage();
  for (const piece of ['क्\u200d', '😀\u200d', 'ا\u200c', '\u200d', '1\ufe0f'])
    newNameProblem(piece.repeat(100_000));
  t.ok(process.cpuUsage(before).user < 2_000_000);
});
