/** What the routes of quotas say of themselves in the OpenAPI document. */

import { Type } from 'typebox';
import { ProblemSchema } from './write-schemas.js';

const Subject = Type.String({ description: '`user:alice`, or a folder such as `/team/`' });
const Limit = (what: string) =>
  Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description: `${what}; absent: no limit` });

const Quota = Type.Object({
  subject: Subject,
  bytesMax: Type.Optional(Limit('bytes')),
  filesMax: Type.Optional(Limit('files')),
  bytesUsed: Type.Integer({ description: 'with what uploads under way may still add' }),
  filesUsed: Type.Integer(),
});

const refusals = Object.fromEntries([400, 401, 403, 503].map((status) => [status, ProblemSchema]));
const tags = ['quotas'];

export const listQuotasSchema = {
  tags,
  summary: 'What is used, and the limit: all that were set, for administrators, or of one subject',
  description:
    'A user may read their own, where none was set that of every user; whoever manages a folder may read its quota.',
  querystring: Type.Object({ subject: Type.Optional(Subject) }, { additionalProperties: false }),
  response: { 200: Type.Object({ quotas: Type.Array(Quota) }), ...refusals },
};

export const putQuotaSchema = {
  tags,
  summary: 'Set the quota of a user or a folder, for administrators',
  description: 'It holds for uploads, copies and moves that begin later. What is there already stays.',
  body: Type.Object(
    { subject: Subject, bytesMax: Type.Optional(Limit('bytes')), filesMax: Type.Optional(Limit('files')) },
    { additionalProperties: false },
  ),
  response: { 200: Quota, ...refusals },
};

export const removeQuotaSchema = {
  tags,
  summary: 'Remove the quota of a user or a folder, for administrators',
  querystring: Type.Object({ subject: Subject }, { additionalProperties: false }),
  response: { 200: Type.Object({ removed: Type.Boolean() }), ...refusals },
};
