/** What a creation asks for, whatever it is of: read, and decided, before the first byte and before anything is begun. */

import { randomBytes } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import type { Checksum } from '../../uploads/append.js';
import { checkPreconditions } from '../../uploads/preconditions.js';
import type { NewResumableUpload } from '../../uploads/resumable-upload.js';
import type { Visitor } from '../gate.js';
import { ON_CONFLICT_HEADER, type OnConflict, parseOnConflict, preconditionsFor } from '../on-conflict.js';
import { BadRequest } from '../problem.js';
import { parseRequestedExpiry } from '../requested-expiry.js';
import { parseRequestedGrants } from '../requested-grants.js';
import {
  headerOf,
  preconditionsOf,
  refuseBytes,
  refuseWithoutRoom,
  requireNewPath,
} from '../write-request.js';
import { parseChecksum } from './checksum.js';
import { parseConcat } from './concat.js';
import type { TusDeps } from './deps.js';
import { parseIntent } from './intent.js';

/** 128 random bits: of nobody's upload, the id is the only secret. */
const ID_BYTES = 16;

export interface Creation {
  readonly who: Visitor;
  readonly begin: Omit<NewResumableUpload, 'length'>;
  readonly checksum: Checksum | undefined;
}

/** @throws Refused, NotKnown, CrossSite, BadRequest, UploadProblem */
export async function parseCreation(deps: TusDeps, request: FastifyRequest): Promise<Creation> {
  const { gate, root } = deps;
  const who = await gate.identifyOwn(request);
  const { path: asked, grants, expires, metadata } = await parseIntent(headerOf(request, 'upload-metadata'));
  const path = await requireNewPath(deps, who, asked);
  const owner = who.subject.user;
  if (parseRequestedGrants(grants, path).length > 0) await gate.require(who, 'manage', path);
  const concat = parseConcat(headerOf(request, 'upload-concat'));
  // Said and not done, a deny would leave the file open.
  for (const name of ['grants', 'expires']) {
    if (request.headers[`x-latchkey-${name}`] === undefined) continue;
    throw new BadRequest(`The ${name} of a resumable upload are in its Upload-Metadata; send them there.`);
  }
  parseRequestedExpiry(expires, deps.clock());
  const preconditions = preconditionsFor(policyOf(request), preconditionsOf(request));
  const checksum = parseChecksum(headerOf(request, 'upload-checksum'));
  // Before the bytes, since there may be many; again under the lock of the commit.
  checkPreconditions(preconditions, await root.find(path));
  const id = randomBytes(ID_BYTES).toString('hex');
  return {
    who,
    checksum,
    begin: { id, path, owner, metadata, grants, preconditions, ...(concat && { concat }) },
  };
}

/** By the length that is known before its first byte. @throws UploadProblem `too-large`; QuotaExceeded */
export async function requireRoom(
  deps: TusDeps,
  { path, owner }: Creation['begin'],
  bytes: number,
): Promise<void> {
  refuseBytes(deps, bytes);
  await refuseWithoutRoom(deps, { path, owner, bytes });
}

/** One that takes days holds no name, so it cannot find a free one before it ends. @throws BadRequest */
function policyOf(request: FastifyRequest): OnConflict {
  const policy = parseOnConflict([headerOf(request, ON_CONFLICT_HEADER)]);
  if (policy !== 'keep-both') return policy;
  throw new BadRequest('A resumable upload cannot keep both; send refuse, and choose another name then.');
}
