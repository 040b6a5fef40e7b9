/**
 * The creation of a final upload (tus 1.0, concatenation): the bytes of its parts become one file, by the commit of
 * every other upload. Its parts stay until that is done, so that whatever is refused or fails can be sent again; it
 * itself lasts no longer than its request, since nobody was told where it is before the answer.
 */

import type { FastifyReply, FastifyRequest } from 'fastify';
import { isPart } from '../../uploads/resumable-upload.js';
import { BadRequest } from '../problem.js';
import { withinLimits } from '../upload-limits.js';
import { notThere } from './access.js';
import { commitUpload } from './commit.js';
import { type Creation, requireRoom } from './creation.js';
import type { TusDeps } from './deps.js';
import { UPLOADS_PREFIX } from './protocol.js';
import { asRefusal, ProtocolRefused } from './refusal.js';
import { toldOfFile } from './told.js';

export interface FinalCreation extends Creation {
  /** Ids, in the order of the bytes. */
  readonly parts: readonly string[];
}

/** @throws Refused, NotKnown, BadRequest, ProtocolRefused, UploadProblem */
export async function createFinal(
  deps: TusDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  asked: FinalCreation,
): Promise<void> {
  const { id, owner: user } = asked.begin;
  refuseBytesOfItsOwn(request);
  // Before anybody is asked to make room: whoever sends a part that is not whole goes on.
  await requireRoom(deps, asked.begin, await bytesOf(deps, asked));
  // Two that name the same part come one after the other, and the second one finds none.
  const join = () => deps.locks.runAll(asked.parts, () => joinAndCommit(deps, asked));
  const told = await withinLimits(deps.uploadLimits, { request, reply, user }, async () => undefined, join);
  reply.code(201).header('location', `${UPLOADS_PREFIX}/${id}`).headers(told);
}

/** Answers with what tells of the file. Whoever calls holds the locks of the parts. @throws as above */
export async function joinAndCommit(deps: TusDeps, asked: FinalCreation): Promise<Record<string, string>> {
  const { resumable, uploadLimits } = deps;
  const { who, begin, parts, checksum } = asked;
  const length = await bytesOf(deps, asked);
  await requireRoom(deps, begin, length);
  await uploadLimits.freeSpace.make(length);
  try {
    const upload = await resumable.begin({ ...begin, length });
    await resumable.join(upload.id, parts, checksum);
    const told = toldOfFile(deps, await commitUpload(deps, { who, upload }));
    // What cannot be removed expires.
    for (const part of parts) await resumable.end(part).catch(() => undefined);
    return told;
  } catch (error) {
    await resumable.end(begin.id);
    throw asRefusal(error);
  }
}

/** Of all parts together. @throws Refused, BadRequest 404, where there is no such part of theirs; ProtocolRefused */
async function bytesOf({ resumable }: TusDeps, { who, begin, parts }: FinalCreation): Promise<number> {
  let bytes = 0;
  for (const [i, id] of parts.entries()) {
    const part = resumable.find(id);
    const name = `Part ${i + 1} of this upload`;
    const gone = () => notThere(who, `${name} is not there (any more); send the parts again.`);
    if (part === undefined || part.owner !== begin.owner) throw gone();
    if (!isPart(part)) throw notAPart(`${name} was not created with 'Upload-Concat: partial'; create it so.`);
    if (part.path !== begin.path) throw notAPart(`${name} is of another file; give both the same path.`);
    if (!(await resumable.isWhole(part))) {
      if (await resumable.isEnding(part)) throw gone();
      throw notAPart(`${name} is not whole; send what is missing of it, then this again.`);
    }
    bytes += part.length ?? 0;
  }
  return bytes;
}

/** @throws BadRequest */
function refuseBytesOfItsOwn({ headers }: FastifyRequest): void {
  for (const name of ['upload-length', 'upload-defer-length']) {
    if (headers[name] === undefined) continue;
    throw new BadRequest('The length of a final upload is that of its parts; send it without Upload-Length.');
  }
  if (headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) === 0) return;
  throw new BadRequest('The bytes of a final upload are those of its parts; send it without a body.');
}

function notAPart(detail: string): ProtocolRefused {
  return new ProtocolRefused(409, 'conflict', detail);
}
