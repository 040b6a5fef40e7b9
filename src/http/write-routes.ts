/**
 * Uploads and deletions: `PUT /files/<path>`, `POST /files/<folder>/`, `DELETE /files/<path>`.
 *
 * nginx sends them here as /_latchkey/write/… after the authorizer said yes to the URL. Here each path is
 * decided again by the same core: a form names files that nginx has not seen.
 */

import multipart, { type Multipart, type MultipartFile } from '@fastify/multipart';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { GrantDraft } from '../acl/grant.js';
import { encodeResourcePath, fileIn, isFolder, type ResourcePath } from '../acl/resource-path.js';
import type { Identified } from '../credentials/credential.js';
import type { Committed, Committer, Upload } from '../uploads/committer.js';
import { type Partial, tooLarge, writePartial } from '../uploads/partial.js';
import { checkPreconditions, type Preconditions } from '../uploads/preconditions.js';
import type { StorageRoot } from '../uploads/storage-root.js';
import type { Gate } from './gate.js';
import { BadRequest } from './problem.js';
import { parseRequestedGrants } from './requested-grants.js';
import { deleteSchema, formSchema, putSchema } from './write-schemas.js';

/** Behind it comes the URL that the visitor asked for. */
export const WRITE_PREFIX = '/_latchkey/write';

export interface WriteDeps {
  readonly gate: Gate;
  readonly root: StorageRoot;
  readonly committer: Committer;
  readonly mount: string;
  readonly uploadBytesMax: number;
  readonly formFilesMax: number;
}

const FIELD_BYTES_MAX = 64 * 1024;
const FIELDS_MAX = 100;
const NO_PRECONDITIONS: Preconditions = {
  ifMatch: undefined,
  ifNoneMatch: undefined,
  ifUnmodifiedSince: undefined,
};

export async function writeRoutes(app: FastifyInstance, deps: WriteDeps): Promise<void> {
  const pathOf = (request: FastifyRequest, who: Identified) =>
    deps.gate.pathBehind(WRITE_PREFIX + deps.mount, request, who);

  await app.register(async (raw) => {
    // Whatever its type, the body is bytes: nothing parses them.
    raw.removeAllContentTypeParsers();
    raw.addContentTypeParser('*', (_request, _payload, done) => done(null));
    raw.put(WRITE_PREFIX, { schema: putSchema }, async (request, reply) => {
      const who = await deps.gate.identify(request);
      return put(deps, request, reply, who, pathOf(request, who));
    });
    raw.delete(WRITE_PREFIX, { schema: deleteSchema }, async (request, reply) => {
      const who = await deps.gate.identify(request);
      const path = pathOf(request, who);
      await deps.gate.require(who, 'write', path);
      await deps.committer.remove(path, preconditionsOf(request));
      return reply.code(204).send();
    });
  });

  await app.register(async (form) => {
    await form.register(multipart, {
      throwFileSizeLimit: false,
      limits: {
        files: deps.formFilesMax,
        fields: FIELDS_MAX,
        parts: deps.formFilesMax + FIELDS_MAX,
        fieldSize: FIELD_BYTES_MAX,
        fileSize: deps.uploadBytesMax,
      },
    });
    form.post(WRITE_PREFIX, { schema: formSchema }, async (request, reply) => {
      const who = await deps.gate.identify(request);
      return post(deps, request, reply, who, pathOf(request, who));
    });
  });
}

async function put(
  deps: WriteDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  who: Identified,
  path: ResourcePath,
) {
  const { user } = await deps.gate.require(who, 'write', path);
  if (isFolder(path)) {
    throw new BadRequest('A folder cannot be put; name a file in it, or POST a form to the folder.');
  }
  const grants = parseRequestedGrants(headerOf(request, 'x-latchkey-grants') ?? '', path);
  if (grants.length > 0) await deps.gate.require(who, 'manage', path);
  if (request.headers['content-range'] !== undefined) {
    // RFC 9110 §14.5: a server that does not know partial PUT must not take the part for the whole.
    throw new BadRequest('A part of a file cannot be put; send the whole file, without Content-Range.');
  }
  const preconditions = preconditionsOf(request);
  // Before the body, since a client may wait for the answer; again under the lock of the commit.
  checkPreconditions(preconditions, await deps.root.find(path));
  if (Number(request.headers['content-length'] ?? 0) > deps.uploadBytesMax)
    throw tooLarge(deps.uploadBytesMax);

  const partial = await writePartial(deps.root, request.raw, deps.uploadBytesMax);
  const [committed] = await deps.committer.commit([{ path, partial, owner: user, grants, preconditions }]);
  if (committed === undefined) throw new Error('the commit of one upload answered with none');
  const answer = describe(deps, committed);
  reply.header('etag', committed.entityTag);
  if (!committed.created) return reply.code(204).send();
  return reply.code(201).header('location', answer.url).send(answer);
}

async function post(
  deps: WriteDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  who: Identified,
  folder: ResourcePath,
) {
  const { user } = await deps.gate.require(who, 'write', folder);
  if (!isFolder(folder)) {
    throw new BadRequest("A form is posted to a folder, whose URL ends in '/'; PUT a single file instead.");
  }
  if (!request.isMultipart()) throw new BadRequest('Send the files as multipart/form-data.', 415);
  const staged: { readonly path: ResourcePath; readonly partial: Partial }[] = [];
  try {
    const grantTexts: string[] = [];
    for await (const part of request.parts()) {
      if (part.type === 'file') staged.push(await stage(deps, who, folder, part));
      else if (part.fieldname === 'grants') grantTexts.push(fieldText(part));
    }
    if (staged.length === 0) throw new BadRequest('The form holds no file.');
    const uploads: Upload[] = [];
    for (const { path, partial } of staged) {
      const grants: readonly GrantDraft[] = parseRequestedGrants(grantTexts.join(','), path);
      if (grants.length > 0) await deps.gate.require(who, 'manage', path);
      uploads.push({ path, partial, owner: user, grants, preconditions: NO_PRECONDITIONS });
    }
    staged.length = 0; // the committer has them now
    const committed = await deps.committer.commit(uploads);
    return reply.code(201).send({ files: committed.map((file) => describe(deps, file)) });
  } finally {
    for (const { partial } of staged) await deps.root.dropPartial(partial.name);
  }
}

/** Writes one file of a form to a partial. Its name is new, so it is normalised (DESIGN §4). */
async function stage(deps: WriteDeps, who: Identified, folder: ResourcePath, part: MultipartFile) {
  const path = fileIn(folder, part.filename.normalize('NFC'));
  if (path === undefined) {
    throw new BadRequest(`${JSON.stringify(part.filename)} cannot be a file's name; rename it.`);
  }
  await deps.gate.require(who, 'write', path);
  const partial = await writePartial(deps.root, part.file, deps.uploadBytesMax);
  if (!part.file.truncated) return { path, partial };
  await deps.root.dropPartial(partial.name);
  throw tooLarge(deps.uploadBytesMax);
}

function fieldText(part: Extract<Multipart, { type: 'field' }>): string {
  if (typeof part.value !== 'string' || part.valueTruncated)
    throw new BadRequest("The field 'grants' is too long.");
  return part.value;
}

function describe(deps: WriteDeps, file: Committed) {
  return {
    path: file.path as string,
    url: deps.mount.slice(0, -1) + encodeResourcePath(file.path),
    bytes: file.bytes,
    etag: file.entityTag,
    created: file.created,
  };
}

function preconditionsOf(request: FastifyRequest): Preconditions {
  return {
    ifMatch: headerOf(request, 'if-match'),
    ifNoneMatch: headerOf(request, 'if-none-match'),
    ifUnmodifiedSince: headerOf(request, 'if-unmodified-since'),
  };
}

function headerOf(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
}
