/**
 * What nginx asks before it writes a large body of a PUT by itself: whether there is room for what is declared, by the
 * quotas and on the disk. Only a no counts: nginx then hands the request over with its body unread, and whoever sends it
 * is told why as ever. To whoever may not write there, and wherever anything else is wrong, it is no no: that is for
 * those who are asked next, and nobody learns here what they would not.
 */

import type { FastifyInstance, FastifyRequest } from 'fastify';
import { asUploadProblem, UploadProblem } from '../uploads/problem.js';
import { headerOf, refuseWithoutRoom, requireNewPath, type WriteDeps } from './write-request.js';

/** Behind it comes the URL that the visitor asked for. */
export const ROOM_PREFIX = '/_latchkey/room';

type RoomDeps = Pick<WriteDeps, 'gate' | 'root' | 'mount' | 'quotas' | 'userLimits' | 'uploadLimits'>;

export function roomRoute(app: FastifyInstance, deps: RoomDeps): void {
  app.get(ROOM_PREFIX, { schema: { hide: true } }, async (request, reply) => {
    const refused = await requireRoom(deps, request).then(() => false, isWithoutRoom);
    return reply.code(refused ? 403 : 204).send();
  });
}

async function requireRoom(deps: RoomDeps, request: FastifyRequest): Promise<void> {
  const { gate, mount, uploadLimits } = deps;
  const who = await gate.identify(request);
  const path = await requireNewPath(deps, who, gate.pathBehind(ROOM_PREFIX + mount, who));
  const { user: owner } = who.subject;
  const bytes = Number(headerOf(request, 'x-latchkey-upload-bytes') ?? 0);
  await refuseWithoutRoom(deps, { path, owner, bytes });
  await uploadLimits.freeSpace.require(bytes, owner);
}

function isWithoutRoom(thrown: unknown): boolean {
  const error = asUploadProblem(thrown);
  return error instanceof UploadProblem && (error.code === 'quota-exceeded' || error.code === 'no-space');
}
