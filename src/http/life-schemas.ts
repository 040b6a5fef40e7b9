/** The shapes of moving, copying, removing and listing files, in the words of DESIGN §1. */

import { Type } from 'typebox';
import { EffectiveSchema } from './effective.js';
import { CLOSED, NO_QUERY } from './strict-schema.js';
import { ProblemSchema } from './write-schemas.js';

const PathSchema = Type.String({ description: 'resource path; a folder ends in /', maxLength: 4096 });
const tags = ['files'];
const refusals = (...statuses: readonly number[]) =>
  Object.fromEntries([400, 401, 403, ...statuses, 503].map((status) => [status, ProblemSchema]));

export const RelocationBody = Type.Object(
  {
    from: PathSchema,
    to: PathSchema,
    grants: Type.Optional(
      Type.Union([Type.Literal('keep'), Type.Literal('drop')], { description: 'default: keep' }),
    ),
    onConflict: Type.Optional(
      Type.Union([Type.Literal('refuse'), Type.Literal('replace'), Type.Literal('keep-both')], {
        description: 'where there is a file at the target; keep-both: under a number. Default: refuse',
      }),
    ),
  },
  CLOSED,
);

export const moveSchema = {
  tags,
  summary: 'Move a file, or a folder with all below it: its share links follow',
  querystring: NO_QUERY,
  body: RelocationBody,
  response: {
    200: Type.Object({
      path: PathSchema,
      files: Type.Integer({ description: 'records of files that moved' }),
      grants: Type.Integer({ description: 'that came along' }),
      dropped: Type.Integer({ description: 'allows that went' }),
      links: Type.Integer(),
      revision: Type.Integer(),
      effective: EffectiveSchema,
    }),
    ...refusals(404, 409, 415),
  },
};

export const copySchema = {
  tags,
  summary: 'Copy a file',
  querystring: NO_QUERY,
  body: RelocationBody,
  response: {
    200: Type.Object({
      path: PathSchema,
      bytes: Type.Integer(),
      etag: Type.String(),
      created: Type.Boolean({ description: 'false: it replaced a file' }),
      effective: EffectiveSchema,
    }),
    ...refusals(404, 409, 413, 415, 422, 507),
  },
};

export const RemovalQuery = Type.Object(
  {
    path: PathSchema,
    recursive: Type.Optional(Type.Literal('true', { description: 'of a folder: with all that is in it' })),
    purge: Type.Optional(Type.Literal('true', { description: 'for good, past the trash: needs manage' })),
  },
  CLOSED,
);

export const removalSchema = {
  tags,
  summary: 'Delete a file, or a folder with all that is in it, into the trash: allows go, denies stay',
  description: 'A large folder takes several calls: while `more` is true, call again.',
  querystring: RemovalQuery,
  response: {
    200: Type.Object({
      removed: Type.Integer({ description: 'files' }),
      left: Type.Integer({
        description:
          'folders that stay, since something is in them that cannot be removed, or came meanwhile',
      }),
      more: Type.Boolean(),
      effective: EffectiveSchema,
    }),
    ...refusals(404, 409),
  },
};
