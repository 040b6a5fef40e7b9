/**
 * Resource paths (DESIGN §4): what is accepted, what is refused and why, and the percent-encoded form.
 *
 * The tables are in resource-path-cases.ts and encoded-path-cases.ts, the second opinion in naive-resource-path.ts.
 */

import fc from 'fast-check';
import t from 'tap';
import {
  decodeResourcePath,
  encodeResourcePath,
  fileIn,
  folderOf,
  isFolder,
  nameOf,
  parseResourcePath,
  pathChain,
  pathProblem,
  percentDecode,
} from '../../src/acl/resource-path.js';
import { DECODED, REFUSED_ENCODED } from './encoded-path-cases.js';
import { holds, path, shown } from './given.js';
import {
  encodeAll,
  naiveDecode,
  naiveEncode,
  naiveIsResourcePath,
  nginxEncode,
} from './naive-resource-path.js';
import { ACCEPTED, CONTROL_CHARACTERS, REFUSED } from './resource-path-cases.js';

const RUNS = 20_000;
/** Enough of each outcome that a comparison of two validators says something. */
const OUTCOMES_MIN = 500;

// ── tables ──────────────────────────────────────────────────────────────────────────────────────────────────

t.test('an odd name is legitimate and is kept byte for byte', async (t) => {
  for (const [text, odd] of ACCEPTED) {
    t.equal(parseResourcePath(text), text, odd);
    t.equal(pathProblem(text), undefined, `${odd}: no problem`);
  }
});

t.test('an odd name is the same name however much of it was percent-encoded', async (t) => {
  for (const [text, odd] of ACCEPTED) {
    t.equal(decodeResourcePath(naiveEncode(text)), text, `${odd}: as RFC 3986 says`);
    t.equal(decodeResourcePath(nginxEncode(text)), text, `${odd}: as little as nginx does`);
    t.equal(decodeResourcePath(encodeAll(text)), text, `${odd}: every byte`);
  }
});

t.test('a path that breaks a rule is refused, and the problem names the rule', async (t) => {
  for (const [text, problem] of REFUSED) {
    t.equal(parseResourcePath(text), undefined, shown(text));
    t.equal(pathProblem(text), problem, `${shown(text)}: ${problem}`);
  }
});

t.test('a path that breaks a rule is refused in its percent-encoded form too', async (t) => {
  for (const [text] of REFUSED.filter(([text]) => text.isWellFormed())) {
    t.equal(decodeResourcePath(naiveEncode(text)), undefined, shown(text));
    t.equal(decodeResourcePath(encodeAll(text)), undefined, `${shown(text)}: every byte`);
  }
});

t.test('every control character is refused wherever it stands', async (t) => {
  for (const control of CONTROL_CHARACTERS) {
    for (const text of [`/${control}`, `/a${control}b`, `/a/b${control}`, `/a${control}/b`]) {
      t.equal(pathProblem(text), 'it holds a control character', shown(text));
      t.equal(decodeResourcePath(naiveEncode(text)), undefined, `${shown(text)} encoded`);
    }
  }
});

t.test('a percent-encoded path is decoded exactly once', async (t) => {
  for (const [encoded, decoded, shown] of DECODED) t.equal(decodeResourcePath(encoded), decoded, shown);
});

t.test('a percent-encoded path that could mean two things is refused', async (t) => {
  for (const [encoded, why] of REFUSED_ENCODED) t.equal(decodeResourcePath(encoded), undefined, why);
});

t.test('percentDecode decodes text that is no path yet, by the same rules', async (t) => {
  t.equal(percentDecode('user%3Aalice%20'), 'user:alice ', 'a principal with a trailing space');
  t.equal(percentDecode(''), '', 'nothing');
  for (const bad of ['a%2Fb', 'a%', '%FF', 'é', 'a b', 'a\n', '\na', 'a\nb'])
    t.equal(percentDecode(bad), undefined, shown(bad));
});

t.test('every byte outside the unreserved set of RFC 3986 is percent-encoded, slashes stay', async (t) => {
  for (let code = 0x20; code < 0x7f; code++) {
    const character = String.fromCharCode(code);
    t.equal(encodeResourcePath(`/a${character}b`), naiveEncode(`/a${character}b`), character);
  }
  for (const text of ['/é', '/e\u0301', '/€/😀/', '/\ufffd', '/\u202e']) {
    t.equal(encodeResourcePath(text), naiveEncode(text), shown(text));
  }
});

t.test('a folder is a path that ends in a slash', async (t) => {
  for (const folder of ['/', '/a/', '/a/b/', '/ /']) t.equal(isFolder(path(folder)), true, folder);
  for (const file of ['/a', '/a/b', '/a/b.', '/ ']) t.equal(isFolder(path(file)), false, file);
});

t.test('the chain of a path is itself and each folder above it, nearest first', async (t) => {
  t.same(pathChain(path('/')), ['/'], '/');
  t.same(pathChain(path('/a')), ['/a', '/'], '/a');
  t.same(pathChain(path('/a/')), ['/a/', '/'], '/a/');
  t.same(pathChain(path('/a/b')), ['/a/b', '/a/', '/'], '/a/b');
  t.same(pathChain(path('/a/b/')), ['/a/b/', '/a/', '/'], '/a/b/');
  t.same(pathChain(path('/aa/a/aa')), ['/aa/a/aa', '/aa/a/', '/aa/', '/'], '/aa/a/aa');
});

t.test('a path lies in the folder above it and is named by its last segment', async (t) => {
  const rows: [string, string, string][] = [
    ['/', '/', ''],
    ['/a', '/', 'a'],
    ['/a/', '/', 'a'],
    ['/team/plan.pdf', '/team/', 'plan.pdf'],
    ['/team/2024/', '/team/', '2024'],
    ['/a/a/a', '/a/a/', 'a'],
  ];
  for (const [text, folder, name] of rows) {
    t.equal(folderOf(path(text)), folder, `${text} lies in ${folder}`);
    t.equal(nameOf(path(text)), name, `${text} is named '${name}'`);
  }
});

t.test('a file in a folder has a name of one legitimate segment', async (t) => {
  t.equal(fileIn(path('/'), 'a'), '/a', 'in the root');
  t.equal(fileIn(path('/team/'), 'plan .pdf'), '/team/plan .pdf', 'in a folder');
  t.equal(fileIn(path('/team'), 'a'), undefined, 'a file holds no files');
  for (const name of [
    '',
    '.',
    '..',
    '/',
    'a/b',
    'a/',
    '/a',
    '../a',
    'a\\b',
    'a\0',
    '\ud83d',
    'a'.repeat(256),
  ]) {
    t.equal(fileIn(path('/team/'), name), undefined, shown(name));
  }
});

// ── properties ──────────────────────────────────────────────────────────────────────────────────────────────

const character = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...'aZ0 .-_~%+?#&=;:,@!*$\'"()[]{}<>|^`') },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }).filter(isOneOfAName) },
);
const segment = fc
  .string({ unit: character, minLength: 1, maxLength: 12 })
  .filter((name) => name !== '.' && name !== '..');
const accepted = fc
  .tuple(fc.array(segment, { maxLength: 6 }), fc.constantFrom('', '/'))
  .map(([names, end]) => (names.length === 0 ? '/' : `/${names.join('/')}${end}`));

/** Text out of pieces that matter to a path, so that about half of it is refused. */
const pieces = ['/', '/', '/', '.', '..', 'a', ' ', 'é', '😀', '%', '\ufeff', '\uff0f', '...'].concat(
  ['a'.repeat(100), '€'.repeat(50), '/a'.repeat(1000)],
  ['\\', '\0', '\x7f', '\x85', '\n', '\ud83d', '\ude00'],
);
const hostile = joined(fc.constantFrom(...pieces));
const hostileEncoded = joined(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.constantFrom('/', '/', 'a', '.', '%2e', '%25', '%20', '%C3%A9', '%F0%9F%98%80'),
    },
    {
      weight: 1,
      arbitrary: fc.constantFrom('%', '%2F', '%5c', '%00', '%C0%AF', '%ED%A0%80', 'é', '\n', '\\'),
    },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 255 }).map((byte) => `%${byte.toString(16)}`) },
  ),
);
const anyText = fc.oneof(hostile, hostileEncoded, fc.string({ unit: 'binary' }), fc.string());

function isOneOfAName(text: string): boolean {
  return !/[\p{Cc}\p{Cs}\\/]/u.test(text);
}

function joined(piece: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc
    .tuple(fc.constantFrom('/', '/', '/', ''), fc.array(piece, { maxLength: 7 }))
    .map(([start, rest]) => start + rest.join(''));
}

t.test('what is encoded decodes to the same path', async (t) => {
  const property = fc.property(
    accepted,
    (text) => decodeResourcePath(encodeResourcePath(path(text))) === text,
  );
  await holds(t, property, RUNS);
});

t.test('decoding any text answers and never throws', async (t) => {
  const property = fc.property(anyText, (text) => {
    percentDecode(text);
    decodeResourcePath(text);
  });
  await holds(t, property, RUNS);
});

t.test('no accepted path holds a dot segment, an empty one, a backslash or a control', async (t) => {
  let found = 0;
  const property = fc.property(anyText, (text) => {
    for (const made of [parseResourcePath(text), decodeResourcePath(text)]) {
      if (made === undefined) continue;
      found++;
      if (!made.startsWith('/') || /\/\/|\/\.{1,2}(?:\/|$)|\\|\p{Cc}/u.test(made)) return false;
    }
    return true;
  });
  await holds(t, property, RUNS);
  t.ok(found > OUTCOMES_MIN, `${found} paths were accepted`);
});

t.test('a second validator accepts the same texts', async (t) => {
  const outcomes = { accepted: 0, refused: 0 };
  const property = fc.property(fc.oneof(hostile, fc.string({ unit: 'binary' })), (text) => {
    const expected = naiveIsResourcePath(text);
    outcomes[expected ? 'accepted' : 'refused']++;
    return parseResourcePath(text) === (expected ? text : undefined);
  });
  await holds(t, property, RUNS);
  t.ok(Math.min(outcomes.accepted, outcomes.refused) > OUTCOMES_MIN, JSON.stringify(outcomes));
});

t.test('a second decoder decodes the same texts to the same paths', async (t) => {
  const outcomes = { accepted: 0, refused: 0 };
  const property = fc.property(fc.oneof(hostileEncoded, accepted.map(nginxEncode)), (encoded) => {
    const expected = naiveDecode(encoded);
    outcomes[expected === undefined ? 'refused' : 'accepted']++;
    return decodeResourcePath(encoded) === expected;
  });
  await holds(t, property, RUNS);
  t.ok(Math.min(outcomes.accepted, outcomes.refused) > OUTCOMES_MIN, JSON.stringify(outcomes));
});

t.test('the chain is the path, then each shorter prefix that ends in a slash, longest first', async (t) => {
  const property = fc.property(accepted, (text) => {
    const [nearest, ...folders] = pathChain(path(text));
    const prefixes = Array.from({ length: text.length - 1 }, (_, i) => text.slice(0, text.length - 1 - i));
    const expected = prefixes.filter((prefix) => prefix.endsWith('/'));
    return (
      nearest === text && folders.join('\n') === expected.join('\n') && folders.every(naiveIsResourcePath)
    );
  });
  await holds(t, property, RUNS / 4);
});

t.test('a path is its folder and its name', async (t) => {
  const property = fc.property(accepted, (text) => {
    const made = path(text);
    if (text === '/') return folderOf(made) === '/' && nameOf(made) === '';
    return folderOf(made) + nameOf(made) + (text.endsWith('/') ? '/' : '') === text;
  });
  await holds(t, property, RUNS / 4);
});
