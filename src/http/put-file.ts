/** `PUT /files/<path>`: one file, whichever way its bytes come. */

import type { FastifyReply, FastifyRequest } from 'fastify';
import { isFolder, type ResourcePath } from '../acl/resource-path.js';
import { sha256Of } from '../uploads/digests.js';
import { algorithmsOf, checkDigests, parseIntegrity, wantedDigest } from '../uploads/integrity.js';
import { checkPreconditions } from '../uploads/preconditions.js';
import { Staging } from '../uploads/staging.js';
import type { Visitor } from './gate.js';
import { ON_CONFLICT_HEADER, parseOnConflict, preconditionsFor, withOnConflict } from './on-conflict.js';
import { BadRequest } from './problem.js';
import type { StageBody } from './put-body.js';
import { expiryFrom, parseRequestedExpiry } from './requested-expiry.js';
import { parseRequestedGrants } from './requested-grants.js';
import { withinLimits } from './upload-limits.js';
import {
  declaredBytes,
  describeFile,
  headerOf,
  integrityOf,
  preconditionsOf,
  refuseTooLarge,
  refuseWithoutRoom,
  requireNewPath,
  stillMay,
  type WriteDeps,
} from './write-request.js';

interface Put {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly who: Visitor;
  readonly path: ResourcePath;
}

export async function putFile(deps: WriteDeps, { request, reply, who, path: asked }: Put, stage: StageBody) {
  const path = await requireNewPath(deps, who, asked);
  if (isFolder(path)) {
    throw new BadRequest('A folder cannot be put; name a file in it, or POST a form to the folder.');
  }
  const grants = parseRequestedGrants(headerOf(request, 'x-latchkey-grants') ?? '', path);
  if (grants.length > 0) await deps.gate.require(who, 'manage', path);
  if (request.headers['content-range'] !== undefined) {
    // RFC 9110 §14.5: a server that does not know partial PUT must not take the part for the whole.
    throw new BadRequest('A part of a file cannot be put; send the whole file, without Content-Range.');
  }
  const expires = headerOf(request, 'x-latchkey-expires') ?? '';
  parseRequestedExpiry(expires, deps.clock());
  const policy = parseOnConflict([headerOf(request, ON_CONFLICT_HEADER)]);
  const preconditions = preconditionsFor(policy, preconditionsOf(request));
  const integrity = parseIntegrity(integrityOf(request));
  // Before the body, since a client may wait for the answer; again under the lock of the commit.
  checkPreconditions(preconditions, await deps.root.find(path));
  refuseTooLarge(deps, request);
  await refuseWithoutRoom(deps, { path, owner: who.subject.user, bytes: declaredBytes(request) });

  const staging = new Staging(deps.root, deps.uploadBytesMax);
  try {
    const { committed, digests } = await withinLimits(
      deps.uploadLimits,
      { request, reply, user: who.subject.user },
      () => stage(deps, request, staging, algorithmsOf(integrity)),
      async ({ partial, digests }) => {
        checkDigests(integrity, digests);
        const authorise = stillMay(deps.gate, who, { path, grants });
        const { user: owner } = who.subject;
        const expiry = expiryFrom(expires, deps.clock());
        const sha256 = sha256Of(digests);
        const upload = { path, partial, owner, grants, preconditions, authorise, sha256, ...expiry };
        const uploads = [withOnConflict(deps, who, policy, upload)];
        const [committed] = await staging.commit(deps.committer, uploads);
        if (committed === undefined) throw new Error('the commit of one upload answered with none');
        return { committed, digests };
      },
    );
    reply.header('etag', committed.entityTag);
    const digest = wantedDigest(integrity, digests);
    if (digest !== undefined) reply.header('repr-digest', digest);
    const answer = describeFile(deps, committed);
    if (committed.created || committed.path !== asked) reply.header('location', answer.url);
    if (!committed.created) return reply.code(204).send();
    reply.code(201);
    // RFC 9530 §3.1: beside a body, the digest would be the one of that.
    return digest === undefined ? reply.send(answer) : reply.send();
  } finally {
    await staging.dropRest();
  }
}
