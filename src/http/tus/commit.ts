/**
 * Makes a file of an upload whose bytes have all come, as any other upload is made one. It may be asked again: by the
 * request with the last byte, and by the next one where a crash or a full disk was in between.
 */

import type { Committed } from '../../uploads/committer.js';
import type { Partial } from '../../uploads/partial.js';
import { UploadProblem } from '../../uploads/problem.js';
import { isPart, type ResumableUpload } from '../../uploads/resumable-upload.js';
import { Staging } from '../../uploads/staging.js';
import { problemOf } from '../problem.js';
import { expiryFrom } from '../requested-expiry.js';
import { parseRequestedGrants } from '../requested-grants.js';
import { type Access, notThere, requireStill } from './access.js';
import type { CommitDeps } from './deps.js';
import { expiresIn } from './intent.js';
import { pausing } from './refusal.js';

/**
 * Answers with the upload as it was where it is a part, or its bytes are not all there: a request that had them taken
 * off again, since they did not match, may have come between.
 *
 * @throws UploadProblem, Refused: the upload has ended; whatever is answered by 5xx leaves it to be tried again
 */
export async function commitUpload(
  deps: CommitDeps,
  { who, upload: { id } }: Access,
): Promise<ResumableUpload> {
  const { resumable, root, locks } = deps;
  return locks.run(id, async () => {
    const upload = resumable.find(id);
    if (upload === undefined) throw notThere(who);
    if (upload.finished !== undefined || isPart(upload)) return upload;
    if (!(await resumable.isWhole(upload))) return upload;
    const access = { who, upload };
    await requireAll(deps, access);
    const placed = await resumable.placed(upload);
    if (placed !== undefined) return resumable.finish(upload, placed);
    if (upload.partial !== undefined && (await root.hasPartial(upload.partial))) throw unfinished();
    const paused = resumable.pauseMs(upload);
    if (paused > 0) throw pausing(paused);
    const partial = await resumable.handOver(upload);
    const { entityTag } = await commit(deps, access, partial);
    return resumable.finish(upload, entityTag);
  });
}

async function commit(deps: CommitDeps, access: Access, partial: Partial): Promise<Committed> {
  const { path, owner, grants, preconditions, metadata } = access.upload;
  const staging = new Staging(deps.root, deps.uploadBytesMax);
  staging.add(partial);
  try {
    const drafts = parseRequestedGrants(grants, path);
    // Again, when the bytes have been looked at, which may take a while.
    const authorise = () => requireAll(deps, access);
    const expiry = expiryFrom(expiresIn(metadata), deps.clock());
    const uploads = [{ path, partial, owner, grants: drafts, preconditions, authorise, ...expiry }];
    const [committed] = await staging.commit(deps.committer, uploads);
    if (committed === undefined) throw new Error('the commit of one upload answered with none');
    return committed;
  } catch (error) {
    await staging.dropRest();
    await afterFailure(deps, access, partial, error);
    throw error;
  }
}

/** The bytes may have taken days, and a revoke holds when its command has returned. @throws Refused, NotKnown */
async function requireAll(deps: CommitDeps, access: Access): Promise<void> {
  const { grants, path } = access.upload;
  await requireStill(deps, access, 'write');
  if (parseRequestedGrants(grants, path).length > 0) await requireStill(deps, access, 'manage');
}

/** What was refused for good is over, bytes and all; what failed on our side may be tried again. */
async function afterFailure(
  { resumable, root }: CommitDeps,
  { who, upload }: Access,
  partial: Partial,
  error: unknown,
) {
  // It is journaled, or in its place: the next request, or the next start, finds out.
  if ((await root.hasPartial(partial.name)) || (await resumable.placed(upload)) !== undefined) return;
  if (problemOf(error, who.request).status < 500) await resumable.end(upload.id);
  else await resumable.takeBack(upload.id);
}

function unfinished(): UploadProblem {
  return new UploadProblem(
    'too-busy',
    'An earlier commit of this upload is neither done nor given up; the log of the files service says why.',
  );
}
