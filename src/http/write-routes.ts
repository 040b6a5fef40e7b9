/**
 * Uploads and deletions: `PUT /files/<path>`, `POST /files/<folder>/`, `DELETE /files/<path>`.
 *
 * nginx sends them here as /_latchkey/write/… after the authorizer said yes to the URL, and a PUT as /_latchkey/raw/…
 * when it has written the body to a file. Here each path is decided again by the same core: a form names files that
 * nginx has not seen.
 */

import multipart from '@fastify/multipart';
import type { FastifyInstance } from 'fastify';
import { effectiveNow, type Followers } from './effective.js';
import { formLimits, postForm } from './form-upload.js';
import type { Visitor } from './gate.js';
import { stageStream, stageWritten } from './put-body.js';
import { putFile } from './put-file.js';
import { discardRest, preconditionsOf, type WriteDeps } from './write-request.js';
import { deleteSchema, formSchema, putSchema } from './write-schemas.js';

/** Behind it comes the URL that the visitor asked for. */
export const WRITE_PREFIX = '/_latchkey/write';
/** Of an answer without a body: on how many authorizers it is in force, of how many. */
const EFFECTIVE_HEADER = 'x-latchkey-effective';
/** Of a PUT whose body nginx has written to a file. */
export const RAW_PREFIX = '/_latchkey/raw';

export async function writeRoutes(app: FastifyInstance, deps: WriteDeps & Followers): Promise<void> {
  const pathOf = (who: Visitor, prefix = WRITE_PREFIX) => deps.gate.pathBehind(prefix + deps.mount, who);

  await app.register(async (raw) => {
    takeAnyBody(raw);
    raw.put(WRITE_PREFIX, { schema: putSchema }, async (request, reply) => {
      const who = await deps.gate.identifyOwn(request);
      return putFile(deps, { request, reply, who, path: pathOf(who) }, stageStream);
    });
    raw.put(RAW_PREFIX, { schema: { hide: true } }, async (request, reply) => {
      const who = await deps.gate.identifyOwn(request);
      return putFile(deps, { request, reply, who, path: pathOf(who, RAW_PREFIX) }, stageWritten);
    });
    raw.delete(WRITE_PREFIX, { schema: deleteSchema }, async (request, reply) => {
      const who = await deps.gate.identifyOwn(request);
      const path = pathOf(who);
      const { user: by } = await deps.gate.require(who, 'write', path);
      await deps.committer.remove(path, preconditionsOf(request), { by });
      const { effective } = await effectiveNow(deps, request.log);
      if (effective !== undefined) {
        reply.header(EFFECTIVE_HEADER, `${effective.confirmed}/${effective.authorizers}`);
      }
      return reply.code(204).send();
    });
  });

  await app.register(async (form) => {
    takeAnyBody(form);
    await form.register(multipart, {
      throwFileSizeLimit: false,
      preservePath: true, // a folder's files are named with their folders
      limits: formLimits(deps),
    });
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
