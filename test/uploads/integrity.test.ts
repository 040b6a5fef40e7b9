/** `Repr-Digest`, `Content-Digest`, `Want-Repr-Digest` (RFC 9530) as structured fields (RFC 9651). */

import t from 'tap';
import { RunningDigests } from '../../src/uploads/digests.js';
import {
  algorithmsOf,
  checkDigests,
  type IntegrityFields,
  parseIntegrity,
  wantedDigest,
} from '../../src/uploads/integrity.js';

/** RFC 9530, appendix B. */
const HELLO = '{"hello": "world"}\n';
const IN_256 = 'RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=';
const IN_512 = 'YMAam51Jz/jOATT6/zvHrLVgOYTGFy1d6GJiOHTohq4yP+pgk4vf2aCsyRZOtw8MjkM7iw7yZ/WkppmM44T3qg==';
const NONE: IntegrityFields = { reprDigest: undefined, contentDigest: undefined, wantReprDigest: undefined };

type Outcome = 'passes' | 'digest-mismatch' | 'bad-request';

const DIGESTS: readonly (readonly [value: string, Outcome])[] = [
  [`sha-256=:${IN_256}:`, 'passes'],
  [`sha-512=:${IN_512}:`, 'passes'],
  [`sha-256=:${IN_256}:, sha-512=:${IN_512}:`, 'passes'],
  [`sha-512=:${IN_512}:,sha-256=:${IN_256}:`, 'passes'],
  [` sha-256=:${IN_256}: `, 'passes'],
  [`sha-256=:${IN_256}:;note="a parameter"`, 'passes'],
  [`sha-256=:AAAA:, sha-256=:${IN_256}:`, 'passes'], // RFC 9651 §4.2.2: the last of one key
  [`unixsum=30637, md5=:AAAA:, crc32c="x", sha-1024=(1 2), sha-256=:${IN_256}:`, 'passes'],
  ['md5=:AAAA:', 'passes'],
  ['sha', 'passes'],
  ['', 'passes'],
  ['sha-256=:AAAA:', 'digest-mismatch'],
  ['sha-256=::', 'digest-mismatch'],
  [`sha-256=:${IN_256}:, sha-512=:${IN_256}:`, 'digest-mismatch'],
  [`sha-512=:${IN_512}:, sha-256=:${IN_512}:`, 'digest-mismatch'],
  [`sha-256=:${IN_256.toLowerCase()}:`, 'digest-mismatch'],
  [`SHA-256=:${IN_256}:`, 'bad-request'],
  [`sha-256=${IN_256}`, 'bad-request'],
  [`sha-256="${IN_256}"`, 'bad-request'],
  [`sha-256=:${IN_256}`, 'bad-request'],
  [`sha-256=:${IN_256}:,`, 'bad-request'],
  [`sha-256=:${IN_256}: sha-512=:${IN_512}:`, 'bad-request'],
  [`sha-256=(:${IN_256}:)`, 'bad-request'],
  ['sha-256', 'bad-request'],
  ['sha-256=?1', 'bad-request'],
  ['sha-256=1', 'bad-request'],
  ['sha-256=:*:', 'bad-request'],
  ['=:AAAA:', 'bad-request'],
  ['sha-256=:4441:;', 'bad-request'],
  ['\u00e9=1', 'bad-request'],
];

for (const field of ['reprDigest', 'contentDigest'] as const) {
  t.test(`${field}: bytes are taken that have the digests of every algorithm that we know`, async (t) => {
    for (const [value, outcome] of DIGESTS) t.equal(outcomeOf({ ...NONE, [field]: value }), outcome, value);
  });
}

t.test('both fields count', async (t) => {
  const right = `sha-256=:${IN_256}:`;
  const wrong = 'sha-512=:AAAA:';
  t.equal(outcomeOf({ ...NONE, reprDigest: right, contentDigest: right }), 'passes');
  t.equal(outcomeOf({ ...NONE, reprDigest: right, contentDigest: wrong }), 'digest-mismatch');
  t.equal(outcomeOf({ ...NONE, reprDigest: wrong, contentDigest: right }), 'digest-mismatch');
});

const WANTS: readonly (readonly [value: string, answer: string | undefined | 'bad-request'])[] = [
  ['sha-256=10', `sha-256=:${IN_256}:`],
  ['sha-512=1', `sha-512=:${IN_512}:`],
  ['sha-256=1, sha-512=3', `sha-512=:${IN_512}:`],
  ['sha-512=3, sha-256=10, md5=9', `sha-256=:${IN_256}:`],
  ['sha-512=5, sha-256=5', `sha-512=:${IN_512}:`],
  ['sha-256=0', undefined],
  ['sha-256=0, sha-512=0', undefined],
  ['md5=10, crc32c="x"', undefined],
  ['', undefined],
  ['sha-256=11', 'bad-request'],
  ['sha-256=-1', 'bad-request'],
  ['sha-256=1.5', 'bad-request'],
  ['sha-256', 'bad-request'],
  ['sha-256=:AAAA:', 'bad-request'],
  ['sha-256=', 'bad-request'],
];

t.test('the digest that is preferred is answered', async (t) => {
  for (const [value, answer] of WANTS) {
    t.equal(
      attempt(() => answered({ ...NONE, wantReprDigest: value })),
      answer,
      value,
    );
  }
});

t.test('nothing is computed that nobody asked for', async (t) => {
  t.strictSame(algorithmsOf(parseIntegrity(NONE)), []);
  t.strictSame(algorithmsOf(parseIntegrity({ ...NONE, reprDigest: 'md5=:AAAA:' })), []);
  t.strictSame(algorithmsOf(parseIntegrity({ ...NONE, contentDigest: 'sha-512=:AAAA:' })), ['sha-512']);
  const both = { ...NONE, reprDigest: 'sha-512=:AAAA:', wantReprDigest: 'sha-256=1' };
  t.strictSame(algorithmsOf(parseIntegrity(both)), ['sha-256', 'sha-512']);
});

function outcomeOf(fields: IntegrityFields): Outcome {
  return attempt(() => {
    answered(fields);
    return 'passes';
  }) as Outcome;
}

function answered(fields: IntegrityFields): string | undefined {
  const integrity = parseIntegrity(fields);
  const running = new RunningDigests(algorithmsOf(integrity));
  for (const byte of Buffer.from(HELLO)) running.update(Buffer.of(byte));
  const digests = running.finish();
  checkDigests(integrity, digests);
  return wantedDigest(integrity, digests);
}

function attempt(work: () => string | undefined): string | undefined {
  try {
    return work();
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}
