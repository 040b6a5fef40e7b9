/** Small files of many types, and some that are made to pass for others. */

import { crc32, gzipSync } from 'node:zlib';

const bytes = (...values: readonly number[]) => Buffer.from(values);
const text = (value: string) => Buffer.from(value);

/** A zip of stored entries. */
export function zip(entries: Readonly<Record<string, string>>): Buffer {
  const locals: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const [name, content] of Object.entries(entries)) {
    const data = text(content);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt32LE(crc32(data), 10);
    common.writeUInt32LE(data.length, 14);
    common.writeUInt32LE(data.length, 18);
    common.writeUInt16LE(name.length, 22);
    const local = Buffer.concat([text('PK\x03\x04'), common, text(name), data]);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(offset, 10);
    central.push(Buffer.concat([text('PK\x01\x02'), bytes(20, 0), common, rest, text(name)]));
    locals.push(local);
    offset += local.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(central.length, 4);
  end.writeUInt16LE(central.length, 6);
  end.writeUInt32LE(directory.length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...locals, directory, text('PK\x05\x06'), end]);
}

const WORD = 'application/vnd.openxmlformats-officedocument.wordprocessingml.document';
const content = `<?xml version="1.0"?><Types><Override PartName="/word/document.xml" ContentType="${WORD}.main+xml"/></Types>`;

export const PNG = Buffer.concat([
  bytes(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13),
  text('IHDR'),
  bytes(0, 0, 0, 1, 0, 0, 0, 1, 8, 0, 0, 0, 0, 0x3a, 0x7e, 0x9b, 0x55, 0, 0, 0, 0),
  text('IDAT'),
  bytes(0, 0, 0, 0),
]);
export const JPEG = Buffer.concat([bytes(0xff, 0xd8, 0xff, 0xe0, 0, 16), text('JFIF\0'), Buffer.alloc(200)]);
export const GIF = Buffer.concat([text('GIF89a'), bytes(1, 0, 1, 0, 0, 0, 0), Buffer.alloc(50)]);
export const PDF = text('%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n%%EOF\n');
export const HTML = text('<!DOCTYPE html><script>alert(1)</script>');
export const SVG = text('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>');
export const DOCX = zip({ '[Content_Types].xml': content, 'word/document.xml': '<w/>' });
export const ZIP = zip({ 'a.txt': 'text' });

/** What is in each is told as this type. */
export const SAMPLES: readonly (readonly [what: string, file: Buffer, type: string])[] = [
  ['a PNG', PNG, 'image/png'],
  ['a JPEG', JPEG, 'image/jpeg'],
  ['a GIF', GIF, 'image/gif'],
  ['a PDF', PDF, 'application/pdf'],
  ['a zip', ZIP, 'application/zip'],
  ['a document of Word', DOCX, WORD],
  ['a gzip', gzipSync('text'), 'application/gzip'],
  ['a program for Linux', Buffer.concat([text('\x7fELF'), Buffer.alloc(100)]), 'application/x-elf'],
  ['a program for Windows', Buffer.concat([text('MZ'), Buffer.alloc(100)]), 'application/x-msdownload'],
  ['nothing', Buffer.alloc(0), 'text/plain'],
  ['one letter', text('a'), 'text/plain'],
  ['text', text('Grüße\n\tan alle\r\n'), 'text/plain'],
  ['text in Latin-1', bytes(0x47, 0x72, 0xfc, 0xdf, 0x65), 'text/plain'],
  ['text in UTF-16', Buffer.concat([bytes(0xff, 0xfe), Buffer.from('Grüße', 'utf16le')]), 'text/plain'],
  ['text with a NUL', text('text\0'), 'application/octet-stream'],
  ['octets', bytes(1, 2, 3, 4, 5, 0, 0, 0), 'application/octet-stream'],
  ['JSON', text('{"a": [1, 2]}'), 'text/plain'],
  ['XML', text('<?xml version="1.0"?><a/>'), 'application/xml'],
  ['HTML', HTML, 'text/html'],
  ['HTML behind white space', text(' \n\t<html><body>'), 'text/html'],
  ['HTML behind a byte order mark', text('\ufeff<script src=x></script>'), 'text/html'],
  ['HTML behind a comment', text('<!-- hello --><body onload=x>'), 'text/html'],
  ['HTML in capitals', text('<BODY>'), 'text/html'],
  ['text about HTML', text('Use <script> with care.'), 'text/plain'],
  ['a tag that is none', text('<bodyguard>'), 'text/plain'],
  [
    'XHTML',
    text('<?xml version="1.0"?>\n<html xmlns="http://www.w3.org/1999/xhtml">'),
    'application/xhtml+xml',
  ],
  ['SVG', SVG, 'image/svg+xml'],
  ['SVG behind XML', text('<?xml version="1.0"?><!-- made by -->\n<svg>'), 'image/svg+xml'],
  [
    'SVG behind a document type',
    text('<?xml version="1.0"?>\n<!DOCTYPE svg PUBLIC "x" "y">\n<svg >'),
    'image/svg+xml',
  ],
  ['a GIF that is HTML as well', Buffer.concat([text('GIF89a/*'), HTML]), 'image/gif'],
  ['a PDF that is a zip as well', Buffer.concat([PDF, ZIP]), 'application/pdf'],
  [
    'a JPEG with a program behind it',
    Buffer.concat([JPEG, text('<?php system($_GET[0]); ?>')]),
    'image/jpeg',
  ],
];
