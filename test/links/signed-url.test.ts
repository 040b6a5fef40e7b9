/**
 * The token of a signed URL: what is signed, which paths it covers, and that every token has one spelling alone.
 */

import fc from 'fast-check';
import t from 'tap';
import {
  isSignedBy,
  readSignedUrl,
  type SignedUrlClaims,
  signedText,
  signUrl,
  tokenInQuery,
} from '../../src/links/signed-url.js';
import { path } from '../acl/given.js';

const SECRET = 'a secret of at least 32 bytes, for links';
const FILE: SignedUrlClaims = {
  keyId: 'k1',
  path: path('/team/plan.pdf'),
  issuedAt: 1_800_000_000,
  expiresAt: 1_800_003_600,
  id: 'abc',
  generation: 0,
};
const FOLDER: SignedUrlClaims = { ...FILE, path: path('/team/2027/') };

function opens(token: string, asked: string, secret = SECRET): boolean {
  const read = readSignedUrl(token, path(asked));
  return read !== undefined && isSignedBy(secret, read);
}

t.test('the text that is signed has every claim on a line of its own', async (t) => {
  t.equal(signedText(FILE), 'latchkey\n1\nk1\nread\n/team/plan.pdf\n1800000000\n1800003600\nabc\n0');
});

t.test(
  'a file’s token opens that file, a folder’s opens all below it, and neither anything else',
  async (t) => {
    const file = signUrl(SECRET, FILE);
    const folder = signUrl(SECRET, FOLDER);
    const root = signUrl(SECRET, { ...FILE, path: path('/') });
    for (const [token, asked, expected] of [
      [file, '/team/plan.pdf', true],
      [file, '/team/plan.pdf2', false],
      [file, '/team/plan.pd', false],
      [file, '/Team/plan.pdf', false],
      [file, '/team/plan.pdf/x', false],
      [file, '/team/', false],
      [folder, '/team/2027/a', true],
      [folder, '/team/2027/x/y/z', true],
      [folder, '/team/2027', false],
      [folder, '/team/2028/a', false],
      [folder, '/team/a', false],
      [folder, '/x/2027/a', false],
      [root, '/anything/at/all', true],
    ] as const) {
      t.equal(opens(token, asked), expected, `${token.split('.')[3]} ${asked}`);
    }
  },
);

t.test('a token is good with its own key alone', async (t) => {
  t.notOk(opens(signUrl(SECRET, FILE), '/team/plan.pdf', `${SECRET}!`));
});

t.test(
  'changing any character of a token makes it none, or another one that nobody has signed',
  async (t) => {
    for (const token of [signUrl(SECRET, FILE), signUrl(SECRET, FOLDER)]) {
      let changed = 0;
      for (let i = 0; i < token.length; i++) {
        for (const other of ['0', '1', 'A', 'f', 'z', '.', '-', '_', '%', ' ', '=', '']) {
          const forged = token.slice(0, i) + other + token.slice(i + 1);
          if (forged === token) continue;
          changed += 1;
          if (opens(forged, '/team/plan.pdf') || opens(forged, '/team/2027/a')) t.fail(forged);
        }
      }
      t.ok(changed > 500);
    }
  },
);

t.test('other spellings of the same claims are none', async (t) => {
  const token = signUrl(SECRET, FILE);
  const fields = token.split('.');
  const withField = (i: number, text: string) => fields.with(i, text).join('.');
  const signature = fields[8] ?? '';
  const last = signature.at(-1) ?? '';
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const sameBytes = alphabet[alphabet.indexOf(last) + 1] ?? '';
  t.same(
    Buffer.from(signature.slice(0, -1) + sameBytes, 'base64url'),
    Buffer.from(signature, 'base64url'),
    'two signatures of the same bytes',
  );
  for (const other of [
    withField(8, signature.slice(0, -1) + sameBytes),
    withField(8, `${signature}=`),
    withField(8, `${signature}A`),
    withField(4, `0${FILE.issuedAt}`),
    withField(4, `+${FILE.issuedAt}`),
    withField(5, `${FILE.expiresAt}.0`),
    withField(5, `${FILE.expiresAt}e0`),
    withField(7, '00'),
    withField(7, '-0'),
    withField(3, 'F'),
    withField(0, '01'),
    `${token}.`,
    `.${token}`,
    ` ${token}`,
    `${token}\n`,
    token.toUpperCase(),
    `${token}${'.'.repeat(500)}`,
  ]) {
    t.equal(readSignedUrl(other, FILE.path), undefined, other.slice(0, 60));
  }
  t.equal(readSignedUrl(withField(3, 'd01'), FILE.path), undefined, 'a depth with a leading zero');
  t.equal(readSignedUrl(withField(3, 'd3'), FILE.path), undefined, 'a folder that the path does not have');
});

t.test('what is signed is read back, whatever the path', async (t) => {
  const segment = fc
    .string({ unit: 'binary', minLength: 1, maxLength: 12 })
    .filter((text) => /^[^/\\\p{Cc}\p{Cs}]+$/u.test(text) && text !== '.' && text !== '..');
  fc.assert(
    fc.property(
      fc.array(segment, { minLength: 1, maxLength: 6 }),
      fc.nat(5),
      fc.nat(2_000_000_000),
      (segments, depth, at) => {
        const asked = path(`/${segments.join('/')}`);
        const folders = segments.slice(0, Math.min(depth, segments.length - 1));
        const covered = depth % 2 === 0 ? asked : path(`/${folders.map((name) => `${name}/`).join('')}`);
        const claims = { ...FILE, path: covered, issuedAt: at, expiresAt: at + 1, generation: at };
        const read = readSignedUrl(signUrl(SECRET, claims), asked);
        return read !== undefined && isSignedBy(SECRET, read) && t.same(read.claims, claims);
      },
    ),
    { numRuns: 300 },
  );
});

t.test(
  'the token is found among the parameters of a query, and one that is given twice is none',
  async (t) => {
    for (const [query, token] of [
      ['lk=a', 'a'],
      ['x=1&lk=a&y=2', 'a'],
      ['lk=', ''],
      ['lk=a=b', 'a=b'],
      ['lk=a&lk=a', undefined],
      ['lk=a&x&lk=', undefined],
      ['LK=a', undefined],
      ['%6ck=a', undefined],
      ['xlk=a', undefined],
      ['x=lk=a', undefined],
      ['', undefined],
      [undefined, undefined],
    ] as const) {
      t.equal(tokenInQuery(query), token, String(query));
    }
  },
);
