/** The routes of share links, for the OpenAPI document. Nothing of a query is refused: chats put their own behind a URL. */

import { Type } from 'typebox';
import { ProblemSchema } from './write-schemas.js';

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

export const postSchema = {
  tags: ['links'],
  summary: 'The password of a share link, from a form: the answer is a cookie, and the way back',
  security: [],
  consumes: ['application/x-www-form-urlencoded'],
  response: PROBLEMS,
};
