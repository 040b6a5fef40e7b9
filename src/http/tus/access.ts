/**
 * Whose an upload is, and whether they may still: asked at each request. An id that is somebody else's is answered as
 * one that nobody has; and an upload whose sender may not write there any more has ended.
 */

import type { FastifyRequest } from 'fastify';
import type { Action } from '../../acl/action.js';
import { refusal } from '../../acl/decide.js';
import type { ResumableUpload } from '../../uploads/resumable-upload.js';
import type { Visitor } from '../gate.js';
import { BadRequest, Refused } from '../problem.js';
import type { CommitDeps } from './deps.js';

export interface Access {
  readonly who: Visitor;
  readonly upload: ResumableUpload;
}

/** @throws Refused, BadRequest 404, CrossSite, NotKnown */
export async function accessUpload(deps: CommitDeps, request: FastifyRequest, id: string): Promise<Access> {
  const who = await deps.gate.identifyOwn(request);
  const upload = deps.resumable.find(id);
  // Of nobody's upload the id is the secret; it is for nobody but nobody.
  if (upload === undefined || upload.owner !== who.subject.user) throw notThere(who);
  await requireStill(deps, { who, upload }, 'write');
  return { who, upload };
}

/** @throws Refused, when the upload has ended; NotKnown */
export async function requireStill(
  { gate, resumable }: CommitDeps,
  { who, upload }: Access,
  action: Action,
): Promise<void> {
  try {
    await gate.require(who, action, upload.path);
  } catch (error) {
    if (error instanceof Refused && hasLostIt(error) && upload.finished === undefined) {
      await resumable.end(upload.id);
    }
    throw error;
  }
}

/** With another credential the same user may still: a key of theirs reaches less far. */
function hasLostIt({ decision }: Refused): boolean {
  return decision.reason.kind !== 'out-of-scope';
}

/** To whoever has not signed in it may be theirs, so they are told to. */
export function notThere(who: Visitor, detail = 'There is no such upload; begin it again.'): Error {
  const outcome = refusal(who.subject.authenticated);
  if (outcome === 'forbidden') return new BadRequest(detail, 404);
  const message = 'Nobody is signed in, or the credential is not valid; sign in, then go on.';
  return new Refused({ outcome, reason: { kind: 'no-grant' } }, who.failure, message);
}
