/** What the write routes say of themselves in the OpenAPI document. */

import { Type } from 'typebox';

export const ProblemSchema = Type.Object(
  {
    type: Type.String(),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String({ description: 'What is wrong, and what to do.' }),
  },
  { title: 'Problem', description: 'application/problem+json (RFC 9457)' },
);

const StoredFile = Type.Object({
  path: Type.String({ description: 'resource path' }),
  url: Type.String(),
  bytes: Type.Integer(),
  etag: Type.String({ description: "nginx's entity tag of the file" }),
  created: Type.Boolean({ description: 'false: it replaced a file' }),
});

const Preconditions = {
  'if-match': Type.Optional(Type.String()),
  'if-unmodified-since': Type.Optional(Type.String()),
  'if-none-match': Type.Optional(Type.String({ description: '`*`: only where there is no file yet' })),
};

const OnConflict = {
  'x-latchkey-on-conflict': Type.Optional(
    Type.String({
      description: 'where there is a file: `replace` (default), `refuse`, or `keep-both` under a number',
    }),
  ),
};

/** RFC 9530. */
const Integrity = {
  'repr-digest': Type.Optional(
    Type.String({ description: '`sha-256=:…:`, `sha-512=:…:`: what arrives must have these digests' }),
  ),
  'content-digest': Type.Optional(Type.String({ description: 'likewise' })),
  'want-repr-digest': Type.Optional(
    Type.String({ description: '`sha-256=10`: answer with `Repr-Digest`, and without a body' }),
  ),
};

const Grants = Type.Optional(
  Type.String({
    description:
      'Grants to set with the file, such as `user:bob read, group:eng write`; names are percent-encoded. Needs `manage`.',
  }),
);

const refusals = (...statuses: readonly number[]) =>
  Object.fromEntries(statuses.map((status) => [status, ProblemSchema]));

const tags = ['files'];

export const putSchema = {
  tags,
  summary: 'Upload one file: the body is its bytes',
  headers: Type.Object({ ...Preconditions, ...OnConflict, ...Integrity, 'x-latchkey-grants': Grants }),
  response: {
    201: StoredFile,
    204: Type.Null({ description: 'It replaced a file.' }),
    ...refusals(400, 401, 403, 408, 409, 412, 413, 415, 422, 429, 503, 507),
  },
};

export const formSchema = {
  tags,
  summary: 'Upload files of a form (multipart/form-data) into a folder, all or none',
  description:
    'Preconditions are asked of each file. A field `grants` is as the header X-Latchkey-Grants of PUT, and a field `onConflict` as X-Latchkey-On-Conflict. A name with slashes makes folders. Digests are of the whole body.',
  consumes: ['multipart/form-data'],
  headers: Type.Object({
    ...Preconditions,
    ...OnConflict,
    'repr-digest': Integrity['repr-digest'],
    'content-digest': Integrity['content-digest'],
  }),
  response: {
    201: Type.Object({ files: Type.Array(StoredFile) }),
    ...refusals(400, 401, 403, 408, 409, 412, 413, 415, 422, 429, 503, 507),
  },
};

export const deleteSchema = {
  tags,
  summary: 'Delete a file: its allows go, its denies stay',
  headers: Type.Object(Preconditions),
  response: {
    204: Type.Null({
      description:
        'It is gone. With PostgreSQL X-Latchkey-Effective says on how many authorizers, such as 3/3.',
    }),
    ...refusals(400, 401, 403, 404, 409, 412, 503),
  },
};
