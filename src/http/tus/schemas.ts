/** What the routes of resumable uploads say of themselves in the OpenAPI document. */

import { Type } from 'typebox';
import { ProblemSchema } from '../write-schemas.js';

const tags = ['files'];
const text = (description: string) => Type.Optional(Type.String({ description }));
const refusals = (...statuses: readonly number[]) =>
  Object.fromEntries(statuses.map((status) => [status, ProblemSchema]));

const Version = { 'tus-resumable': text('1.0.0') };
const Checksum = {
  'upload-checksum': text(
    '`sha1 BASE64` or `sha256 BASE64`, of the bytes of this request, or of a final upload',
  ),
};
const Id = Type.Object({ id: Type.String({ description: 'as in the Location of the creation' }) });
const ENDED_HEADERS = 'With the last byte, `ETag` and `Content-Location` tell of the file.';

export const createSchema = {
  tags,
  summary: 'Begin a resumable upload (tus 1.0)',
  description: `The upload is at \`Location\`. Bytes may come along, as application/offset+octet-stream. ${ENDED_HEADERS}`,
  headers: Type.Object({
    ...Version,
    ...Checksum,
    'upload-length': text('bytes of the file'),
    'upload-defer-length': text('`1`: it is told by a later request'),
    'upload-metadata': text(
      '`path`: the resource path of the file, or of a folder, in which `filename` is the file; `grants` and `expires` as in X-Latchkey-Grants and X-Latchkey-Expires. Each in base64.',
    ),
    'upload-concat': text(
      '`partial`: a part of a file, which is none itself; `final;URL URL`: of these parts, in this order, without a length',
    ),
    'if-match': text('of the file, when it is committed; also the next two'),
    'if-none-match': text('`*`: only where there is no file yet'),
    'if-unmodified-since': text('an HTTP date'),
  }),
  response: {
    201: Type.Null({ description: 'It has begun, or is done.' }),
    ...refusals(400, 401, 403, 404, 408, 409, 412, 413, 415, 422, 423, 429, 460, 503, 507),
  },
};

export const patchSchema = {
  tags,
  summary: 'Carry on a resumable upload',
  description: `From \`Upload-Offset\` on, as application/offset+octet-stream. ${ENDED_HEADERS}`,
  params: Id,
  headers: Type.Object({
    ...Version,
    ...Checksum,
    'upload-offset': text('where the upload ends'),
    'upload-length': text('where its creation has deferred it'),
  }),
  response: {
    204: Type.Null({ description: 'The upload ends at `Upload-Offset`.' }),
    ...refusals(400, 401, 403, 404, 408, 409, 412, 413, 415, 422, 423, 429, 460, 503, 507),
  },
};

export const headSchema = {
  tags,
  summary: 'Where a resumable upload ends',
  description: 'One that has all its bytes and is no file yet becomes one.',
  params: Id,
  headers: Type.Object(Version),
  response: {
    200: Type.Null({ description: '`Upload-Offset`, `Upload-Length`, `Upload-Expires`, `Upload-Concat`.' }),
    ...refusals(400, 401, 403, 404, 409, 412, 413, 415, 422, 423),
  },
};

export const terminateSchema = {
  tags,
  summary: 'Give up a resumable upload',
  params: Id,
  headers: Type.Object(Version),
  response: {
    204: Type.Null({ description: 'Its bytes are gone.' }),
    ...refusals(400, 401, 403, 404, 409, 412, 423, 503),
  },
};

export const optionsSchema = {
  tags,
  summary: 'What is offered of the protocol of resumable uploads',
  response: {
    204: Type.Null({ description: '`Tus-Version`, `Tus-Extension`, `Tus-Max-Size`.' }),
    ...refusals(503),
  },
};
