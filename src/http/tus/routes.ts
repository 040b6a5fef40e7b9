/**
 * Resumable uploads by tus 1.0 (https://tus.io/protocols/resumable-upload): created at /_latchkey/uploads/, and carried
 * on at the URL that this answers with. The path of the file is in the metadata, so nginx has asked nobody: here each
 * request is identified, and decided, before the library sees it.
 */

import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { CHECKSUM_ALGORITHMS } from '../../uploads/append.js';
import type { ResumableUpload } from '../../uploads/resumable-upload.js';
import { BadRequest, logFailure, problemOf, sendError } from '../problem.js';
import { withinLimits } from '../upload-limits.js';
import { headerOf } from '../write-request.js';
import { takeAnyBody } from '../write-routes.js';
import { type Access, accessUpload } from './access.js';
import { parseChecksum } from './checksum.js';
import { commitUpload } from './commit.js';
import { create } from './create.js';
import type { TusDeps } from './deps.js';
import { EXTENSIONS } from './extensions.js';
import { exchange, UPLOADS_PREFIX } from './protocol.js';
import { locked, ProtocolRefused } from './refusal.js';
import { createSchema, headSchema, optionsSchema, patchSchema, terminateSchema } from './schemas.js';
import { toldOfConcat, toldOfFile } from './told.js';

const VERSION = '1.0.0';
const CREATION = `${UPLOADS_PREFIX}/`;
const ONE = `${UPLOADS_PREFIX}/:id`;

/** The pattern of the router, of the URL of an upload. */
export function uploadPattern(url: string): string {
  return url.startsWith(CREATION) && /^[^/]+$/.test(url.slice(CREATION.length)) ? ONE : url;
}

export async function tusRoutes(app: FastifyInstance, deps: TusDeps): Promise<void> {
  await app.register(async (tus) => {
    takeAnyBody(tus);
    tus.addHook('onRequest', async (request, reply) => checkProtocol(request, reply));
    tus.options(CREATION, { schema: optionsSchema }, async (_request, reply) => tellOffer(deps, reply));
    tus.options(ONE, { schema: { hide: true } }, async (_request, reply) => tellOffer(deps, reply));
    tus.post(CREATION, { schema: createSchema }, async (request, reply) => create(deps, request, reply));
    tus.patch<One>(ONE, { schema: patchSchema }, async (request, reply) => {
      const access = await accessUpload(deps, request, request.params.id);
      if (request.headers['content-type'] !== 'application/offset+octet-stream') {
        throw new BadRequest('The bytes come as application/offset+octet-stream; say so.', 415);
      }
      if (access.upload.concat?.parts !== undefined) {
        throw new ProtocolRefused(403, 'final', 'A final upload has the bytes of its parts; send a new one.');
      }
      const limited = { request, reply, user: access.who.subject.user };
      const receive = () => carryOn(deps, request, reply, access);
      return withinLimits(deps.uploadLimits, limited, receive, async (sent) => sent);
    });
    tus.head<One>(ONE, { schema: headSchema, errorHandler: askAgain }, async (request, reply) => {
      const access = await accessUpload(deps, request, request.params.id);
      const upload = await madeFile(deps, access);
      reply.headers(toldOfConcat(upload));
      if (upload.finished !== undefined) reply.headers(toldOfFile(deps, upload));
      else
        reply.header('upload-expires', new Date(upload.createdAt + deps.resumable.lifetimeMs).toUTCString());
      return carryOn(deps, request, reply, { ...access, upload });
    });
    tus.delete<One>(ONE, { schema: terminateSchema }, async (request, reply) => {
      const access = await accessUpload(deps, request, request.params.id);
      if (access.upload.finished !== undefined) {
        throw new BadRequest('This upload is a file already; delete the file itself.', 409);
      }
      return carryOn(deps, request, reply, access);
    });
  });
}

interface One {
  readonly Params: { readonly id: string };
}

/** Of every request; the version comes first (tus 1.0, Tus-Resumable). */
function checkProtocol(request: FastifyRequest, reply: FastifyReply): void {
  reply.header('tus-resumable', VERSION);
  if (request.headers['x-http-method-override'] !== undefined) {
    throw new BadRequest('The method is the one of the request; send it without X-HTTP-Method-Override.');
  }
  if (request.method === 'OPTIONS' || request.headers['tus-resumable'] === VERSION) return;
  reply.header('tus-version', VERSION);
  throw new ProtocolRefused(
    412,
    'wrong-version',
    `This takes tus ${VERSION}; send Tus-Resumable: ${VERSION}.`,
  );
}

/** Told 5xx where an upload ends, tus-js-client begins it from the start; told 423, it asks again. */
function askAgain(error: FastifyError, request: FastifyRequest, reply: FastifyReply) {
  if (problemOf(error, request).status < 500) return sendError(error, request, reply);
  logFailure(error, request);
  reply.header('retry-after', '1');
  return sendError(locked(), request, reply);
}

function tellOffer(deps: TusDeps, reply: FastifyReply) {
  return reply
    .code(204)
    .header('tus-version', VERSION)
    .header('tus-extension', EXTENSIONS.join(','))
    .header('tus-max-size', String(deps.uploadBytesMax))
    .header('tus-checksum-algorithm', CHECKSUM_ALGORITHMS.join(','))
    .send();
}

async function carryOn(deps: TusDeps, request: FastifyRequest, reply: FastifyReply, access: Access) {
  const checksum = parseChecksum(headerOf(request, 'upload-checksum'));
  const finish = async () => toldOfFile(deps, await commitUpload(deps, access));
  await exchange(deps, request, reply, { id: access.upload.id, checksum, finish });
  return reply.send();
}

/** All bytes of it may have come before a crash, or before a disk was full. */
async function madeFile(deps: TusDeps, access: Access): Promise<ResumableUpload> {
  const { upload } = access;
  if (upload.finished !== undefined) return upload;
  return (await deps.resumable.isWhole(upload)) ? commitUpload(deps, access) : upload;
}
