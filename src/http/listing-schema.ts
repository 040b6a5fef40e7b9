/** The shape of a listing. */

import { Type } from 'typebox';
import { CLOSED } from './strict-schema.js';
import { ProblemSchema } from './write-schemas.js';

/** Entries of one page, where the query does not say. */
export const PAGE = 100;
/** A cursor holds a name of 255 bytes, with room to spare. */
const CURSOR_LENGTH_MAX = 4_096;

const PathSchema = Type.String({ description: 'resource path; a folder ends in /', maxLength: 4096 });

export const listingSchema = {
  tags: ['files'],
  summary:
    'What a folder holds for you: what you may read, and folders in which there is something that you may',
  querystring: Type.Object(
    {
      path: PathSchema,
      after: Type.Optional(
        Type.String({ description: 'the `next` of the page before', maxLength: CURSOR_LENGTH_MAX }),
      ),
      max: Type.Optional(
        Type.String({
          description: `entries of one page, from 1 to 1000; default ${PAGE}`,
          pattern: '^([1-9][0-9]{0,2}|1000)$',
        }),
      ),
      sort: Type.Optional(
        Type.Union([Type.Literal('name'), Type.Literal('size'), Type.Literal('date')], {
          description: 'default: name. Folders come first in each',
        }),
      ),
      order: Type.Optional(
        Type.Union([Type.Literal('asc'), Type.Literal('desc')], { description: 'default: asc' }),
      ),
    },
    CLOSED,
  ),
  response: {
    200: Type.Object({
      path: PathSchema,
      entries: Type.Array(
        Type.Object({
          name: Type.String(),
          path: PathSchema,
          kind: Type.Union([Type.Literal('file'), Type.Literal('folder')]),
          bytes: Type.Optional(Type.Integer({ description: 'of a file' })),
          modifiedAt: Type.Optional(Type.String({ description: 'of a file; ISO 8601' })),
          expiresAt: Type.Optional(Type.String({ description: 'of a file that expires; ISO 8601' })),
          sha256: Type.Optional(
            Type.String({ description: 'of a file whose digest is stored; hexadecimal' }),
          ),
        }),
      ),
      next: Type.Optional(Type.String({ description: 'where to go on, as `after`; absent: that was all' })),
    }),
    400: ProblemSchema,
    401: ProblemSchema,
    403: ProblemSchema,
    404: ProblemSchema,
    409: ProblemSchema,
    503: ProblemSchema,
  },
};
