/** Uploads by PUT, and what each is answered, whichever way the bytes come: through nginx's own file, or streamed. */

import { createHash } from 'node:crypto';

export const KIB = 1024;
/** Of each case's upload. */
export const BYTES_MAX = 1024 * KIB;

export interface PutCase {
  readonly name: string;
  /** What is there before; nothing when it is left out. */
  readonly before?: string;
  /** Of the path; a name of its own when it is left out. */
  readonly ends?: string;
  readonly as?: 'alice' | 'bob' | 'writer';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: Buffer | string | undefined;
  readonly length: 'said' | 'chunked' | 'none';
  readonly status: number;
  /** Of the problem. */
  readonly code?: string;
  /** Of the answer; `undefined`: not there. */
  readonly answers?: Readonly<Record<string, string | undefined>>;
}

/** RFC 9530, appendix B. */
export const HELLO = '{"hello": "world"}\n';
export const HELLO_256 = 'sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:';
export const HELLO_512 =
  'sha-512=:YMAam51Jz/jOATT6/zvHrLVgOYTGFy1d6GJiOHTohq4yP+pgk4vf2aCsyRZOtw8MjkM7iw7yZ/WkppmM44T3qg==:';
const WRONG_256 = 'sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:';
const EMPTY_256 = WRONG_256;

const LARGE = Buffer.alloc(BYTES_MAX, 'large');
const LARGE_256 = `sha-256=:${createHash('sha256').update(LARGE).digest('base64')}:`;

const said = { length: 'said' } as const;
const chunked = { length: 'chunked' } as const;

export const PUT_CASES: readonly PutCase[] = [
  { name: 'a new file', body: 'new', ...said, status: 201 },
  { name: 'a new file in chunks', body: 'new', ...chunked, status: 201 },
  { name: 'a replacement', before: 'old', body: 'new', ...said, status: 204 },
  { name: 'a replacement in chunks', before: 'old', body: 'new', ...chunked, status: 204 },
  { name: 'nothing, and its length', body: '', ...said, status: 201 },
  { name: 'nothing in chunks', body: '', ...chunked, status: 201 },
  { name: 'neither length nor chunks', body: undefined, length: 'none', status: 201 },
  { name: 'a file made empty', before: 'old', body: undefined, length: 'none', status: 204 },
  { name: 'more than a buffer', body: LARGE.subarray(0, 600 * KIB), ...said, status: 201 },
  { name: 'exactly the limit', body: LARGE, ...said, status: 201 },
  { name: 'exactly the limit in chunks', body: LARGE, ...chunked, status: 201 },
  ...[said, chunked].map(
    (length): PutCase => ({
      name: `more than the limit, ${length.length}`,
      before: 'old',
      body: Buffer.concat([LARGE, Buffer.from('x')]),
      ...length,
      status: 413,
      code: 'too-large',
    }),
  ),
  { name: 'a folder', ends: 'folder/', body: 'new', ...said, status: 400, code: 'bad-request' },
  { name: 'below a file', before: 'old', ends: '/below', body: 'x', ...said, status: 409, code: 'conflict' },
  ...refusedBy({ 'Content-Range': 'bytes 0-1/9' }, 400, 'bad-request'),
  ...refusedBy({ 'If-None-Match': '*' }, 412, 'precondition-failed'),
  ...refusedBy({ 'If-Match': '"0-0"' }, 412, 'precondition-failed'),
  ...refusedBy({ 'If-Match': 'unquoted' }, 400, 'bad-request'),
  ...refusedBy({ 'If-Unmodified-Since': new Date(0).toUTCString() }, 412, 'precondition-failed'),
  ...refusedBy({ 'If-Unmodified-Since': 'yesterday' }, 400, 'bad-request'),
  ...refusedBy({ 'X-Latchkey-On-Conflict': 'refuse' }, 412, 'precondition-failed'),
  ...refusedBy({ 'X-Latchkey-On-Conflict': 'any' }, 400, 'bad-request'),
  ...takenWith({ 'X-Latchkey-On-Conflict': 'replace' }),
  ...takenWith({ 'If-Match': '*' }),
  ...takenWith({ 'If-Unmodified-Since': new Date(4e12).toUTCString() }),
  ...refusedBy({ 'X-Latchkey-Grants': 'user:bob fly' }, 400, 'bad-request'),
  { ...refused('a stranger', 401, 'unauthenticated'), headers: { Authorization: 'Bearer x.y.z' } },
  { ...refused('somebody who may not', 403, 'forbidden'), as: 'bob' },
  {
    ...refused('a writer who grants', 403, 'forbidden'),
    as: 'writer',
    headers: { 'X-Latchkey-Grants': 'anyone read' },
  },
  ...digestCases(),
];

function refused(name: string, status: number, code: string): PutCase {
  return { name, before: 'old', body: 'new', ...said, status, code };
}

function refusedBy(
  headers: Readonly<Record<string, string>>,
  status: number,
  code: string,
  body: string = 'new',
): readonly PutCase[] {
  return [said, chunked].map((length) => ({
    ...refused(`${JSON.stringify(headers)}, ${length.length}`, status, code),
    headers,
    body,
    ...length,
  }));
}

function takenWith(
  headers: Readonly<Record<string, string>>,
  body: string | Buffer = 'new',
  answers: PutCase['answers'] = {},
): readonly PutCase[] {
  return [said, chunked].map((length) => ({
    name: `${JSON.stringify(headers)}, ${length.length}`,
    before: 'old',
    headers,
    body,
    ...length,
    status: 204,
    answers,
  }));
}

function digestCases(): readonly PutCase[] {
  const wanted = (value: string, digest: string | undefined, body: string | Buffer = HELLO) =>
    takenWith({ 'Want-Repr-Digest': value }, body, { 'repr-digest': digest });
  return [
    ...['Repr-Digest', 'Content-Digest'].flatMap((field) => [
      ...takenWith({ [field]: HELLO_256 }, HELLO, { 'repr-digest': undefined }),
      ...takenWith({ [field]: HELLO_512 }, HELLO),
      ...takenWith({ [field]: `${HELLO_512}, ${HELLO_256}` }, HELLO),
      ...takenWith({ [field]: `md5=:AAAA:, unixsum=30637, ${HELLO_256}` }, HELLO),
      ...takenWith({ [field]: 'md5=:AAAA:' }, HELLO),
      ...takenWith({ [field]: LARGE_256 }, LARGE),
      ...takenWith({ [field]: EMPTY_256 }, ''),
      ...refusedBy({ [field]: WRONG_256 }, 400, 'digest-mismatch', HELLO),
      ...refusedBy({ [field]: `${HELLO_256}, sha-512=:AAAA:` }, 400, 'digest-mismatch', HELLO),
      ...refusedBy({ [field]: HELLO_256.replaceAll(':', '"') }, 400, 'bad-request', HELLO),
      ...refusedBy({ [field]: HELLO_256.slice(0, -1) }, 400, 'bad-request', HELLO),
    ]),
    ...refusedBy({ 'Repr-Digest': HELLO_256, 'Content-Digest': WRONG_256 }, 400, 'digest-mismatch', HELLO),
    ...wanted('sha-256=1', HELLO_256),
    ...wanted('sha-256=1, sha-512=10', HELLO_512),
    ...wanted('sha-256=10, sha-512=0', HELLO_256),
    ...wanted('md5=10', undefined),
    ...wanted('sha-256=0', undefined),
    ...wanted('sha-256=3', LARGE_256, LARGE),
    ...refusedBy({ 'Want-Repr-Digest': 'sha-256=11' }, 400, 'bad-request', HELLO),
    {
      name: 'a new file whose digest is wanted: the answer has no body',
      headers: { 'Want-Repr-Digest': 'sha-256=1', 'Repr-Digest': HELLO_512 },
      body: HELLO,
      ...said,
      status: 201,
      answers: { 'repr-digest': HELLO_256, 'content-length': '0' },
    },
  ];
}
