/**
 * Grants as lines of a file: what is read, and every bad line with its own number, wherever the chunks of the
 * input happen to end. A line that is read as something else than its author wrote would be somebody's file.
 */

import { Readable } from 'node:stream';
import t from 'tap';
import { describeGrant } from '../../src/acl/grant.js';
import { type Format, readLines } from '../../src/commands/grant-lines.js';

const HEADER = 'principal,action,path';
const KNOWN = 'principal,action,path,effect,notBefore,expiresAt';
const LONG = 'x'.repeat(70_000);
const UNREAD = 'what follows was not read';

interface Case {
  readonly name: string;
  readonly text: string | Buffer;
  /** `LINE GRANT` of a good line, `LINE! PROBLEM` of a bad one. */
  readonly lines: readonly string[];
}

const CSV: readonly Case[] = [
  { name: 'nothing at all', text: '', lines: [] },
  { name: 'a header alone', text: `${HEADER}\n`, lines: [] },
  {
    name: 'three columns; no newline at the end',
    text: `${HEADER}\nuser:a,read,/x\ngroup:eng,write,/team/`,
    lines: ['2 user:a read /x', '3 group:eng write /team/'],
  },
  {
    name: 'all columns in another order, empty ones absent',
    text: 'expiresAt,path,effect,principal,notBefore,action\n,/x,deny,anyone,,read\n2027-01-31,/y,,user:a,,manage\n',
    lines: ['2 anyone deny read /x', '3 user:a manage /y until 1801353600000'],
  },
  {
    name: 'some of the optional columns',
    text: `${HEADER},notBefore\nuser:a,read,/x,2027-01-31T00:00:00Z\nuser:a,read,/y,\n`,
    lines: ['2 user:a read /x from 1801353600000', '3 user:a read /y'],
  },
  {
    name: 'a byte-order mark, CR LF, blank lines',
    text: `\uFEFF${HEADER}\r\n\r\nuser:a,read,/x\r\n\r\n\r\nuser:b,look,/x\r\n`,
    lines: ['3 user:a read /x', "6! 'look' is no action: read, write, manage"],
  },
  {
    name: 'quotes, with commas, quotes and spaces in them',
    text: `${HEADER}\n"user:a, b",read,"/say ""hi"", now"\n`,
    lines: ['2 user:a, b read /say "hi", now'],
  },
  {
    name: 'a record over several lines counts from its first, and the next ones are right',
    text: `${HEADER}\nuser:a,read,"/x\n\ny"\nuser:b,look,/x\n"user:c\n",read,/x\nuser:d,look,/x\n`,
    lines: [
      "2! '/x\n\ny' is no resource path: it holds a control character",
      "5! 'look' is no action: read, write, manage",
      "6! 'user:c\n' is no principal: user:NAME, group:NAME, authenticated or anyone",
      "8! 'look' is no action: read, write, manage",
    ],
  },
  {
    name: 'the same with CR LF',
    text: `${HEADER}\r\nuser:a,read,"/x\r\n\r\ny"\r\n\r\nuser:b,look,/x\r\n`,
    lines: [
      "2! '/x\r\n\r\ny' is no resource path: it holds a control character",
      "6! 'look' is no action: read, write, manage",
    ],
  },
  {
    name: 'too few and too many fields',
    text: `${HEADER}\nuser:a,read\nuser:b,read,/x,allow\nuser:c,read,/x\n`,
    lines: [
      '2! the header has 3 fields, and this line 2',
      '3! the header has 3 fields, and this line 4',
      '4 user:c read /x',
    ],
  },
  {
    name: 'an end in the middle of a record',
    text: `${HEADER}\nuser:a,read,/x\nuser:b,re`,
    lines: ['2 user:a read /x', '3! the header has 3 fields, and this line 2'],
  },
  {
    name: 'an end within quotes',
    text: `${HEADER}\nuser:a,read,/x\nuser:b,read,"/x\nuser:c,read,/x\n`,
    lines: ['2 user:a read /x', `3! it opens a quote that is never closed; ${UNREAD}`],
  },
  {
    name: 'a quote within a field',
    text: `${HEADER}\nuser:a,read,/x\nuser:"b",read,/x\nuser:c,read,/x\n`,
    lines: ['2 user:a read /x', `3! a quote stands within a field that does not begin with one; ${UNREAD}`],
  },
  {
    name: 'more behind a closing quote',
    text: `${HEADER}\n"user:a"b,read,/x\n`,
    lines: [`2! behind a closing quote it goes on without a comma; ${UNREAD}`],
  },
  {
    name: 'a record without an end',
    text: `${HEADER}\nuser:a,read,"/${LONG}\n`,
    lines: [`2! it has more than 65536 characters: is a quote not closed?; ${UNREAD}`],
  },
  {
    name: 'a header of other names',
    text: 'principal,action,path,expires\nuser:a,read,/x,2027-01-31\n',
    lines: [`1! 'expires' is no column; the header is ${KNOWN}`],
  },
  {
    name: 'no header',
    text: 'user:a,read,/x\n',
    lines: [`1! 'user:a' is no column; the header is ${KNOWN}`],
  },
  {
    name: 'a header without a column that must be there',
    text: 'principal,action,effect\nuser:a,read,deny\n',
    lines: [`1! the column 'path' is missing; the header is ${KNOWN}`],
  },
  { name: 'a column twice', text: `${HEADER},path\n`, lines: ['1! a column is named twice'] },
  {
    name: 'Latin-1, which is no UTF-8',
    text: Buffer.from(`${HEADER}\nuser:a,read,/x\nuser:josé,read,/x\nuser:b,read,/x\n`, 'latin1'),
    lines: ['2 user:a read /x', `3! it is not UTF-8; ${UNREAD}`],
  },
  {
    name: 'UTF-16',
    text: Buffer.from(`\uFEFF${HEADER}\n`, 'utf16le'),
    lines: [`1! it is not UTF-8; ${UNREAD}`],
  },
  {
    name: 'a character of UTF-8 that the file cuts off',
    text: Buffer.from(`${HEADER}\nuser:a,read,/x\nuser:b,read,/é`).subarray(0, -1),
    lines: ['2 user:a read /x', `3! it is not UTF-8; ${UNREAD}`],
  },
  {
    name: 'every field wrong in turn',
    text: [
      `${HEADER},effect,notBefore,expiresAt`,
      'bob,read,/x,,,',
      'user:a,Read,/x,,,',
      'user:a,read,x,,,',
      'user:a,read,/a/../b,,,',
      'user:a,read,/x,maybe,,',
      'user:a,read,/x,,tomorrow,',
      'user:a,read,/x,,,2027-01-31T12:00:00',
      'user:a,read,/x,,2027-02-01,2027-01-31',
    ].join('\n'),
    lines: [
      "2! 'bob' is no principal: user:NAME, group:NAME, authenticated or anyone",
      "3! 'Read' is no action: read, write, manage",
      "4! 'x' is no resource path: it does not begin with /",
      "5! '/a/../b' is no resource path: it holds a segment '..'",
      "6! 'maybe' is no effect: allow, deny",
      "7! notBefore is no ISO 8601 time with a zone: 'tomorrow'",
      "8! expiresAt is no ISO 8601 time with a zone: '2027-01-31T12:00:00'",
      '9! its window of time is wrong: it ends before it begins',
    ],
  },
];

const json = (value: unknown) => `${JSON.stringify(value)}\n`;
const good = { principal: 'user:a', action: 'read', path: '/x' };

const JSON_LINES: readonly Case[] = [
  { name: 'nothing at all', text: '', lines: [] },
  {
    name: 'a byte-order mark, CR LF, blank lines; no newline at the end',
    text: `\uFEFF${JSON.stringify(good)}\r\n\n  \n${JSON.stringify({ ...good, path: '/é' })}`,
    lines: ['1 user:a read /x', '4 user:a read /é'],
  },
  {
    name: 'times as ISO 8601 and as milliseconds, null for none, and the id of an export',
    text:
      json({ id: 7, ...good, effect: 'deny', notBefore: 0, expiresAt: null }) +
      json({ ...good, expiresAt: '2027-01-31' }),
    lines: ['1 user:a deny read /x from 0', '2 user:a read /x until 1801353600000'],
  },
  {
    name: 'milliseconds that are no instant',
    text: json({ ...good, notBefore: 1.5 }) + json({ ...good, expiresAt: 8.9e15 }),
    lines: [
      "1! notBefore is no ISO 8601 time with a zone: '1.5'",
      "2! expiresAt is no ISO 8601 time with a zone: '8900000000000000'",
    ],
  },
  {
    name: 'what is no object, a key that is none, an end in the middle of a line',
    text: `[]\nnull\n"x"\n${json({ ...good, expires: '2027-01-31' })}${json({ ...good, principal: 7 })}{"principal":"us`,
    lines: [
      '1! it is no JSON object',
      '2! it is no JSON object',
      '3! it is no JSON object',
      "4! 'expires' is no key; the keys are principal, action, path, effect, notBefore, expiresAt",
      "5! '7' is no principal: user:NAME, group:NAME, authenticated or anyone",
      '6! it is no JSON',
    ],
  },
  {
    name: 'a line that is too long is one bad line',
    text: json({ ...good, path: `/${LONG}` }) + json(good),
    lines: ['1! it has more than 65536 characters', '2 user:a read /x'],
  },
  {
    name: 'a line without an end is not waited for',
    text: json(good) + LONG.repeat(16),
    lines: ['1 user:a read /x', `2! it is longer than 1 MiB; ${UNREAD}`],
  },
  {
    name: 'a byte that is no UTF-8',
    text: Buffer.concat([
      Buffer.from(json(good)),
      Buffer.from([0x7b, 0xff, 0x7d, 0x0a]),
      Buffer.from(json(good)),
    ]),
    lines: ['1 user:a read /x', `2! it is not UTF-8; ${UNREAD}`],
  },
];

async function linesOf(chunks: readonly Buffer[], format: Format): Promise<readonly string[]> {
  const all: string[] = [];
  for await (const lines of readLines(Readable.from(chunks), format)) {
    for (const line of lines) all.push('problem' in line ? `${line.line}! ${line.problem}` : told(line));
  }
  return all;
}

function told({ line, draft }: { line: number; draft: Parameters<typeof describeGrant>[0] }): string {
  const from = draft.notBefore === undefined ? '' : ` from ${draft.notBefore}`;
  const until = draft.expiresAt === undefined ? '' : ` until ${draft.expiresAt}`;
  return `${line} ${describeGrant(draft)}${from}${until}`;
}

function pieces(bytes: Buffer, size: number): readonly Buffer[] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
    bytes.subarray(i * size, (i + 1) * size),
  );
}

for (const [format, cases] of [
  ['csv', CSV],
  ['jsonl', JSON_LINES],
] as const) {
  for (const { name, text, lines } of cases) {
    t.test(`${format}: ${name}`, async (t) => {
      const bytes = Buffer.from(text);
      t.same(await linesOf([bytes], format), lines, 'in one piece');
      // A megabyte byte by byte would show nothing more.
      const size = bytes.length > LONG.length ? 4099 : 1;
      t.same(await linesOf(pieces(bytes, size), format), lines, 'and in pieces that end anywhere');
    });
  }
}
