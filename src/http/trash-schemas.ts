/** The shapes of the trash. */

import { Type } from 'typebox';
import { EffectiveSchema } from './effective.js';
import { CLOSED, NO_QUERY } from './strict-schema.js';
import { ProblemSchema } from './write-schemas.js';

/** Entries of one page, where the query does not say. */
export const TRASH_PAGE = 100;

const PathSchema = Type.String({ description: 'resource path', maxLength: 4096 });
const IdSchema = Type.String({ description: 'of an entry of the trash', maxLength: 64 });
const tags = ['trash'];
const refusals = (...statuses: readonly number[]) =>
  Object.fromEntries([400, 401, 403, ...statuses, 503].map((status) => [status, ProblemSchema]));

export const trashSchema = {
  tags,
  summary: 'What was removed and can be restored by you: where you may manage, or what you removed yourself',
  querystring: Type.Object(
    {
      path: Type.Optional(
        Type.String({ description: 'a folder: what was below it; default: /', maxLength: 4096 }),
      ),
      after: Type.Optional(Type.String({ description: 'the `next` of the page before', maxLength: 64 })),
      max: Type.Optional(
        Type.String({
          description: `entries of one page, from 1 to 1000; default ${TRASH_PAGE}`,
          pattern: '^([1-9][0-9]{0,2}|1000)$',
        }),
      ),
    },
    CLOSED,
  ),
  response: {
    200: Type.Object({
      entries: Type.Array(
        Type.Object({
          id: IdSchema,
          path: Type.String({ description: 'where it was' }),
          owner: Type.Optional(Type.String()),
          bytes: Type.Integer(),
          grants: Type.Integer({ description: 'that were on it' }),
          removedAt: Type.String({ description: 'ISO 8601' }),
          removedBy: Type.Optional(Type.String({ description: 'absent: the operator, or it had expired' })),
        }),
      ),
      next: Type.Optional(
        Type.String({ description: 'where to go on, as `after`, even behind a page that is not full' }),
      ),
    }),
    ...refusals(),
  },
};

export const RestoreBody = Type.Object(
  {
    id: IdSchema,
    to: Type.Optional(Type.String({ description: 'another path; default: where it was', maxLength: 4096 })),
    onConflict: Type.Optional(
      Type.Union([Type.Literal('refuse'), Type.Literal('replace'), Type.Literal('keep-both')], {
        description: 'where there is a file meanwhile; keep-both: beside it. Default: refuse',
      }),
    ),
    grants: Type.Optional(
      Type.Union([Type.Literal('keep'), Type.Literal('drop')], {
        description: 'keep: with those that it had, which needs manage. Default: drop',
      }),
    ),
  },
  CLOSED,
);

export const restoreSchema = {
  tags,
  summary: 'Restore a file from the trash',
  querystring: NO_QUERY,
  body: RestoreBody,
  response: {
    200: Type.Object({
      path: PathSchema,
      bytes: Type.Integer(),
      etag: Type.String(),
      created: Type.Boolean({ description: 'false: it replaced a file' }),
      effective: EffectiveSchema,
    }),
    ...refusals(404, 409, 413, 507),
  },
};

export const TrashIdQuery = Type.Object({ id: IdSchema }, CLOSED);

export const dropSchema = {
  tags,
  summary: 'Remove a file in the trash for good',
  querystring: TrashIdQuery,
  response: { 204: Type.Null(), ...refusals(404) },
};
