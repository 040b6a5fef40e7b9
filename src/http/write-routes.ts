/**
 * Uploads and deletions: `PUT /files/<path>`, `POST /files/<folder>/`, `DELETE /files/<path>`.
 *
 * nginx sends them here as /_latchkey/write/… after the authorizer said yes to the URL. Here each path is
 * decided again by the same core: a form names files that nginx has not seen.
 */

import multipart from '@fastify/multipart';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { isFolder, type ResourcePath } from '../acl/resource-path.js';
import { checkPreconditions } from '../uploads/preconditions.js';
import { Staging } from '../uploads/staging.js';
import { formLimits, postForm } from './form-upload.js';
import type { Visitor } from './gate.js';
import { BadRequest } from './problem.js';
import { parseRequestedGrants } from './requested-grants.js';
import {
  describeFile,
  discardRest,
  headerOf,
  preconditionsOf,
  refuseTooLarge,
  type WriteDeps,
} from './write-request.js';
import { deleteSchema, formSchema, putSchema } from './write-schemas.js';

/** Behind it comes the URL that the visitor asked for. */
export const WRITE_PREFIX = '/_latchkey/write';

export async function writeRoutes(app: FastifyInstance, deps: WriteDeps): Promise<void> {
  const pathOf = (who: Visitor) => deps.gate.pathBehind(WRITE_PREFIX + deps.mount, who);

  await app.register(async (raw) => {
    takeAnyBody(raw);
    raw.put(WRITE_PREFIX, { schema: putSchema }, async (request, reply) => {
      const who = await deps.gate.identifyOwn(request);
      return put(deps, request, reply, who, pathOf(who));
    });
    raw.delete(WRITE_PREFIX, { schema: deleteSchema }, async (request, reply) => {
      const who = await deps.gate.identifyOwn(request);
      const path = pathOf(who);
      await deps.gate.require(who, 'write', path);
      await deps.committer.remove(path, preconditionsOf(request));
      return reply.code(204).send();
    });
  });

  await app.register(async (form) => {
    takeAnyBody(form);
    await form.register(multipart, { throwFileSizeLimit: false, limits: formLimits(deps) });
    form.post(WRITE_PREFIX, { schema: formSchema }, async (request, reply) => {
      const who = await deps.gate.identifyOwn(request);
      return postForm(deps, request, reply, who, pathOf(who));
    });
  });
}

/** Whatever its type, the body is bytes that nothing parses: who may not write hears that before anything else. */
export function takeAnyBody(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _payload, done) => done(null));
  app.addHook('onError', async (request) => discardRest(request));
}

async function put(
  deps: WriteDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  who: Visitor,
  path: ResourcePath,
) {
  await deps.gate.require(who, 'write', path);
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
  refuseTooLarge(deps, request);

  const staging = new Staging(deps.root, deps.uploadBytesMax);
  try {
    const partial = await staging.receive(request.raw);
    // Again: the body may have taken an hour, and a revoke holds when its command has returned.
    const { user } = await deps.gate.require(who, 'write', path);
    if (grants.length > 0) await deps.gate.require(who, 'manage', path);
    const uploads = [{ path, partial, owner: user, grants, preconditions }];
    const [committed] = await staging.commit(deps.committer, uploads);
    if (committed === undefined) throw new Error('the commit of one upload answered with none');
    reply.header('etag', committed.entityTag);
    if (!committed.created) return reply.code(204).send();
    const answer = describeFile(deps, committed);
    return reply.code(201).header('location', answer.url).send(answer);
  } finally {
    await staging.dropRest();
  }
}
