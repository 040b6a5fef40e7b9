/** If-Match, If-None-Match and If-Unmodified-Since of a write (RFC 9110 §13.1), against nginx's own validators. */

import t from 'tap';
import { checkPreconditions, entityTag, type Preconditions } from '../../src/uploads/preconditions.js';
import type { FoundFile } from '../../src/uploads/storage-root.js';

const FOUND: FoundFile = { kind: 'file', bytes: 10, modifiedSeconds: 0x65530a00 };
const TAG = '"65530a00-a"';
const FOLDER: FoundFile = { ...FOUND, kind: 'folder' };

t.test("the entity tag is nginx's: hexadecimal seconds and bytes", async (t) => {
  t.equal(entityTag(FOUND), TAG);
  t.equal(entityTag({ modifiedSeconds: 0, bytes: 0 }), '"0-0"');
  t.equal(entityTag({ modifiedSeconds: 1, bytes: 2 ** 40 }), '"1-10000000000"');
});

type Outcome = 'passes' | 'precondition-failed' | 'bad-request';
type Row = readonly [header: string, onFile: Outcome, onNothing: Outcome];

const [PASSES, FAILS, BAD] = ['passes', 'precondition-failed', 'bad-request'] as const;

const IF_MATCH: readonly Row[] = [
  [TAG, PASSES, FAILS],
  ['*', PASSES, FAILS],
  [' * ', PASSES, FAILS],
  [`"other", ${TAG}`, PASSES, FAILS],
  [`${TAG},"other"`, PASSES, FAILS],
  [`"with,comma", ${TAG}`, PASSES, FAILS],
  [`, ,${TAG} ,`, PASSES, FAILS],
  ['"other"', FAILS, FAILS],
  [`W/${TAG}`, FAILS, FAILS],
  ['"65530A00-A"', FAILS, FAILS],
  ['""', FAILS, FAILS],
  [`"other", W/${TAG}`, FAILS, FAILS],
  ['', BAD, BAD],
  [',', BAD, BAD],
  ['65530a00-a', BAD, BAD],
  [`*, ${TAG}`, BAD, BAD],
  [`${TAG} ${TAG}`, BAD, BAD],
  [`x${TAG}`, BAD, BAD],
  [`w/${TAG}`, BAD, BAD],
  [`"unended, ${TAG}`, BAD, BAD],
];

const IF_NONE_MATCH: readonly Row[] = [
  ['*', FAILS, PASSES],
  [TAG, FAILS, PASSES],
  [`W/${TAG}`, FAILS, PASSES],
  [`"other", ${TAG}`, FAILS, PASSES],
  ['"other"', PASSES, PASSES],
  ['"other", W/"another"', PASSES, PASSES],
  ['', BAD, BAD],
  ['**', BAD, BAD],
  ['* *', BAD, BAD],
  ['65530a00-a', BAD, BAD],
  ['"other", *', BAD, BAD],
];

const IF_UNMODIFIED_SINCE: readonly Row[] = [
  [new Date(0x65530a00 * 1000).toUTCString(), PASSES, FAILS],
  [new Date(0x65530a01 * 1000).toUTCString(), PASSES, FAILS],
  [new Date(0x655309ff * 1000).toUTCString(), FAILS, FAILS],
  ['Tuesday, 14-Nov-23 05:51:12 GMT', BAD, BAD],
  ['2027-01-01T00:00:00Z', BAD, BAD],
  ['never', BAD, BAD],
  ['', BAD, BAD],
];

const TABLES = [
  ['If-Match', 'ifMatch', IF_MATCH],
  ['If-None-Match', 'ifNoneMatch', IF_NONE_MATCH],
  ['If-Unmodified-Since', 'ifUnmodifiedSince', IF_UNMODIFIED_SINCE],
] as const;

for (const [name, key, rows] of TABLES) {
  t.test(name, async (t) => {
    for (const [header, onFile, onNothing] of rows) {
      t.equal(outcome({ [key]: header }, FOUND), onFile, `'${header}' where there is a file`);
      t.equal(outcome({ [key]: header }, undefined), onNothing, `'${header}' where there is none`);
      t.equal(outcome({ [key]: header }, FOLDER), onNothing, `'${header}' where there is a folder`);
    }
  });
}

t.test('each header that was sent has to agree, but for a date beside an entity tag', async (t) => {
  const early = new Date(0).toUTCString();
  t.equal(outcome({}, FOUND), PASSES);
  t.equal(outcome({ ifMatch: TAG, ifNoneMatch: '*' }, FOUND), FAILS);
  t.equal(outcome({ ifMatch: TAG, ifNoneMatch: '"other"' }, FOUND), PASSES);
  t.equal(outcome({ ifNoneMatch: '*', ifMatch: '*' }, undefined), FAILS);
  t.equal(
    outcome({ ifMatch: TAG, ifUnmodifiedSince: early }, FOUND),
    PASSES,
    'RFC 9110 §13.1.4: If-Match counts',
  );
});

t.test('a refusal names the version that is there now, and what to do', async (t) => {
  const ifMatch = { ...NOTHING, ifMatch: '"old"' };
  t.throws(() => checkPreconditions(ifMatch, FOUND), { message: /it is now "65530a00-a"; read it again/ });
  t.throws(() => checkPreconditions(ifMatch, undefined), { message: /there is no file; send it without/ });
  t.throws(() => checkPreconditions({ ...NOTHING, ifNoneMatch: '*' }, FOUND), {
    message: /choose another name/,
  });
});

const NOTHING: Preconditions = { ifMatch: undefined, ifNoneMatch: undefined, ifUnmodifiedSince: undefined };

function outcome(conditions: Partial<Preconditions>, found: FoundFile | undefined): Outcome {
  try {
    checkPreconditions({ ...NOTHING, ...conditions }, found);
    return PASSES;
  } catch (error) {
    return (error as { code: Outcome }).code;
  }
}
