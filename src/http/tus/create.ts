/** The creation of an upload: of a file, or of a part of one, with some of its bytes, all, or none; or of a final one. */

import type { FastifyReply, FastifyRequest } from 'fastify';
import { withinLimits } from '../upload-limits.js';
import { headerOf } from '../write-request.js';
import { commitUpload } from './commit.js';
import { type Creation, parseCreation, requireRoom } from './creation.js';
import type { TusDeps } from './deps.js';
import { createFinal } from './final.js';
import { exchange } from './protocol.js';
import { toldOfFile } from './told.js';

export async function create(deps: TusDeps, request: FastifyRequest, reply: FastifyReply) {
  const creation = await parseCreation(deps, request);
  reply.header('tus-max-size', String(deps.uploadBytesMax));
  const { concat } = creation.begin;
  if (concat?.parts === undefined) await begin(deps, request, reply, creation);
  else await createFinal(deps, request, reply, { ...creation, parts: concat.parts });
  return reply.send();
}

async function begin(
  deps: TusDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  { who, begin, checksum }: Creation,
): Promise<void> {
  const { resumable } = deps;
  const { id, owner: user } = begin;
  await requireRoom(deps, begin, Number(headerOf(request, 'upload-length') ?? 0));
  const finish = async () => {
    const upload = resumable.find(id);
    if (upload === undefined) throw new Error('the upload of this request is not there');
    return toldOfFile(deps, await commitUpload(deps, { who, upload }));
  };
  try {
    const receive = () => exchange(deps, request, reply, { id, begin, checksum, finish });
    await withinLimits(deps.uploadLimits, { request, reply, user }, receive, async () => undefined);
  } catch (error) {
    await resumable.end(id); // nobody was told where it is
    throw error;
  }
  if (request.raw.destroyed && !request.raw.readableEnded) await resumable.end(id);
}
