/**
 * The limits that every upload passes whichever way it comes in: how many of one visitor are under way, what is left of
 * the disk, and how fast the body comes. Quotas are the store's.
 */

import type { FastifyReply, FastifyRequest } from 'fastify';
import { addressKey } from '../acl/address-key.js';
import type { Principal } from '../acl/principal.js';
import type { FreeSpace } from '../uploads/free-space.js';
import { UploadProblem } from '../uploads/problem.js';
import { type UploadPace, watched } from '../uploads/upload-watch.js';
import type { UploadsUnderWay } from '../uploads/uploads-under-way.js';
import { headerOf } from './write-request.js';

export interface UploadLimits {
  /** By user, or by address where nobody has signed in. */
  readonly underWay: UploadsUnderWay;
  readonly userUploadsMax: number;
  readonly freeSpace: FreeSpace;
  readonly pace: UploadPace;
}

/** How long a client has to read why its upload was given up. */
const ANSWER_MS = 250;

interface Limited {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly user: Principal | undefined;
}

/**
 * @param receive reads the body, and is watched
 * @param finish takes as long as it takes: until a scan has answered, the upload is under way as well
 * @throws UploadProblem `too-many`, `no-space`, `too-slow`; what `receive` and `finish` throw
 */
export async function withinLimits<T, R>(
  limits: UploadLimits,
  { request, reply, user }: Limited,
  receive: () => Promise<T>,
  finish: (received: T) => Promise<R>,
): Promise<R> {
  const { underWay, userUploadsMax, freeSpace, pace } = limits;
  const key = user ?? `address ${addressKey(headerOf(request, 'x-latchkey-address') ?? '')}`;
  if (!underWay.begin(key, userUploadsMax)) throw tooMany(userUploadsMax);
  try {
    await freeSpace.require(Number(request.headers['content-length'] ?? 0), user);
    const { socket } = request.raw;
    // The answer is behind the body that is read: what is left of it is the work's own time.
    const bytesRead = () => (request.raw.complete ? Number.POSITIVE_INFINITY : socket.bytesRead);
    const onRefused = () => endBehindAnswer(request, reply);
    return await finish(await watched(receive(), { bytesRead, freeSpace, pace, onRefused }));
  } finally {
    underWay.end(key, 1);
  }
}

/** Whatever still waits for its bytes ends with the connection, and drops its partial. */
function endBehindAnswer(request: FastifyRequest, reply: FastifyReply): void {
  reply.header('connection', 'close');
  const end = () => request.raw.destroy(new Error('the upload was given up'));
  // At once, with bytes on their way, the client's system would throw the answer away.
  reply.raw.once('finish', () => setTimeout(end, ANSWER_MS).unref());
}

function tooMany(most: number): UploadProblem {
  return new UploadProblem(
    'too-many',
    `${most} uploads of yours are under way, which is the limit; send this again when one has ended.`,
  );
}
