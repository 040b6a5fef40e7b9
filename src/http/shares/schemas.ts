/** The routes of share links, for the OpenAPI document. Nothing of a query is refused: chats put their own behind a URL. */

import { Type } from 'typebox';
import { ProblemSchema } from '../write-schemas.js';

const PROBLEMS = {
  401: ProblemSchema,
  403: ProblemSchema,
  404: ProblemSchema,
  410: ProblemSchema,
  429: ProblemSchema,
  503: ProblemSchema,
};

export const getSchema = {
  tags: ['links'],
  summary: 'What a share link leads to: a file, or the page of a folder',
  security: [],
  querystring: Type.Object({
    format: Type.Optional(Type.String({ description: 'json: the list of a folder, and refusals, as JSON' })),
    sort: Type.Optional(Type.String({ description: 'of a folder: name, size or date' })),
    order: Type.Optional(Type.String({ description: 'asc or desc' })),
  }),
  response: PROBLEMS,
};

const Received = Type.Object({
  files: Type.Array(
    Type.Object({
      name: Type.String({ description: 'as sent, or with a number where that name was taken' }),
      bytes: Type.Integer(),
    }),
  ),
});

const UPLOAD_PROBLEMS = {
  ...PROBLEMS,
  400: ProblemSchema,
  405: ProblemSchema,
  409: ProblemSchema,
  413: ProblemSchema,
  415: ProblemSchema,
  422: ProblemSchema,
  507: ProblemSchema,
};

export const postSchema = {
  tags: ['links'],
  summary: 'The password of a share link, from a form, or files to a file request, all or none',
  description:
    'application/x-www-form-urlencoded is a password: the answer is a cookie, and the way back. multipart/form-data is files.',
  security: [],
  consumes: ['application/x-www-form-urlencoded', 'multipart/form-data'],
  response: { ...UPLOAD_PROBLEMS, 201: Received },
};

export const putSchema = {
  tags: ['links'],
  summary: 'Send one file to a file request: the body is its bytes',
  security: [],
  response: { ...UPLOAD_PROBLEMS, 201: Received },
};
