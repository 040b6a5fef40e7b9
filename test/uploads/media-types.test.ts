/** Which types of files may be uploaded: by what they are, and by what they would be served as. */

import t from 'tap';
import { isAsNamed, type TypeRules, typeOfName, typeProblem } from '../../src/uploads/media-types.js';
import { path } from './given.js';

const DOCX = 'application/vnd.openxmlformats-officedocument.wordprocessingml.document';

t.test('a name stands for what nginx serves it as', async (t) => {
  const cases = [
    ['/a.jpg', 'image/jpeg'],
    ['/a.JPG', 'image/jpeg'],
    ['/a.b/c.htm', 'text/html'],
    ['/a.svg', 'image/svg+xml'],
    ['/a.pdf.html', 'text/html'],
    ['/html', undefined],
    ['/.html', undefined],
    ['/a/.svg', undefined],
    ['/a.html.', undefined],
    ['/a.html ', undefined],
    ['/a.unheardof', undefined],
  ] as const;
  for (const [on, type] of cases) t.equal(typeOfName(path(on)), type, on);
});

const images: TypeRules = { allowed: ['image/*'], refused: [] };
const office: TypeRules = { allowed: ['application/pdf', DOCX, 'text/csv'], refused: [] };
const noPages: TypeRules = { allowed: [], refused: ['text/html', 'application/xhtml+xml', 'image/svg+xml'] };
const both: TypeRules = { allowed: ['image/*'], refused: ['image/svg+xml'] };

const CASES: readonly (readonly [TypeRules, name: string, found: string, isTaken: boolean])[] = [
  [images, '/a.png', 'image/png', true],
  [images, '/a.jpg', 'image/png', true],
  [images, '/a', 'image/png', true],
  [images, '/a.txt', 'image/png', false],
  [images, '/a.html', 'image/gif', false],
  [images, '/a.jpg', 'text/html', false],
  [images, '/a.jpg', 'text/plain', false],
  [images, '/a.jpg', 'application/octet-stream', false],
  [images, '/a.svg', 'image/svg+xml', true],
  [office, '/a.pdf', 'application/pdf', true],
  [office, '/a.docx', DOCX, true],
  [office, '/a.docx', 'application/zip', false],
  [office, '/a.csv', 'text/plain', true],
  [office, '/a.csv', 'text/html', false],
  [office, '/a.txt', 'text/plain', false],
  [office, '/a', 'text/plain', false],
  [noPages, '/a.html', 'text/plain', false],
  [noPages, '/a.html', 'text/html', false],
  [noPages, '/a.txt', 'text/html', false],
  [noPages, '/a.jpg', 'text/html', false],
  [noPages, '/a', 'text/html', false],
  [noPages, '/a.svg', 'application/xml', false],
  [noPages, '/a.rss', 'application/xml', true],
  [noPages, '/a.txt', 'text/plain', true],
  [noPages, '/a.exe', 'application/x-msdownload', true],
  [both, '/a.png', 'image/png', true],
  [both, '/a.png', 'image/svg+xml', false],
  [both, '/a.svg', 'image/png', false],
];

t.test('both have to be taken, and neither refused', async (t) => {
  for (const [rules, on, type, isTaken] of CASES) {
    const problem = typeProblem(rules, path(on), { type });
    t.equal(problem === undefined, isTaken, `${on} that is ${type}: ${problem}`);
  }
});

const NAMED: readonly (readonly [
  name: string,
  found: string,
  ending: string | undefined,
  known: boolean,
  is: boolean,
])[] = [
  ['/a.pdf', 'application/pdf', 'pdf', true, true],
  ['/a.pdf', 'text/html', 'html', true, false],
  ['/a.pdf', 'application/x-msdownload', 'exe', true, false],
  ['/a.pdf', 'text/plain', undefined, true, false],
  ['/a.pdf', 'application/octet-stream', undefined, true, false],
  ['/a.jpg', 'image/png', 'png', true, true],
  ['/a.wav', 'audio/vnd.wave', 'wav', false, true],
  ['/a.m4a', 'audio/x-m4a', 'm4a', false, true],
  ['/a.doc', 'application/x-cfb', 'cfb', false, true],
  ['/a.pdf', 'application/x-cfb', 'cfb', true, false],
  ['/a.csv', 'text/plain', undefined, false, true],
  ['/a.csv', 'application/octet-stream', undefined, false, false],
  ['/a.csv', 'application/zip', 'zip', false, false],
  ['/a.md', 'text/html', 'html', false, true],
  ['/a.json', 'text/plain', undefined, false, true],
  ['/a.stl', 'text/plain', undefined, false, true],
  ['/a.stl', 'application/octet-stream', undefined, false, true],
  ['/a.stl', 'application/x-elf', 'elf', false, false],
  ['/a.unheardof', 'application/x-elf', 'elf', false, true],
];

t.test('what is asked for by its ending is what that stands for', async (t) => {
  for (const [on, type, ending, knowsNamed, is] of NAMED) {
    t.equal(isAsNamed(path(on), { type, ending, knowsNamed }), is, `${on} that is ${type}`);
  }
});
