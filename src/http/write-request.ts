/** What the write routes have in common: their parts, what they read of a request, and how they name a file. */

import type { FastifyRequest } from 'fastify';
import type { Principal } from '../acl/principal.js';
import type { QuotaLimits } from '../acl/quota.js';
import type { QuotaStore } from '../acl/quota-ports.js';
import { encodeResourcePath, type ResourcePath } from '../acl/resource-path.js';
import type { Committed, Committer, Upload } from '../uploads/committer.js';
import type { FileDigests } from '../uploads/file-digests.js';
import type { IntegrityFields } from '../uploads/integrity.js';
import { newPath } from '../uploads/new-path.js';
import { tooLarge } from '../uploads/partial.js';
import type { Preconditions } from '../uploads/preconditions.js';
import type { RawUploads } from '../uploads/raw-uploads.js';
import type { StorageRoot } from '../uploads/storage-root.js';
import type { Gate, Visitor } from './gate.js';
import type { UploadLimits } from './upload-limits.js';

export interface WriteDeps {
  readonly gate: Gate;
  readonly root: StorageRoot;
  readonly committer: Committer;
  readonly rawUploads: RawUploads;
  readonly fileDigests: FileDigests;
  readonly mount: string;
  readonly uploadBytesMax: number;
  readonly formFilesMax: number;
  readonly quotas: Pick<QuotaStore, 'checkRoom'>;
  /** Of every user who has no quota of their own. */
  readonly userLimits: QuotaLimits;
  readonly uploadLimits: UploadLimits;
  /** UTC milliseconds. */
  readonly clock: () => number;
}

/** Where an upload to `asked` goes: there, or to its composed name (NFC). @throws Refused, NotKnown, UploadProblem */
export async function requireNewPath(
  { gate, root }: Pick<WriteDeps, 'gate' | 'root'>,
  who: Visitor,
  asked: ResourcePath,
): Promise<ResourcePath> {
  await gate.require(who, 'write', asked);
  const path = await newPath(root, asked);
  if (path !== asked) await gate.require(who, 'write', path);
  return path;
}

/** Asked again when the bytes are there, which may take an hour: a revoke holds when its command has returned. */
export function stillMay(gate: Gate, who: Visitor, { path, grants }: Pick<Upload, 'path' | 'grants'>) {
  return async (): Promise<void> => {
    await gate.require(who, 'write', path);
    if (grants.length > 0) await gate.require(who, 'manage', path);
  };
}

/** By what the client says, before a byte is read; a body without a length is counted as it comes. */
export function refuseTooLarge(deps: Pick<WriteDeps, 'uploadBytesMax'>, request: FastifyRequest): void {
  refuseBytes(deps, declaredBytes(request));
}

/** 0: it declares none. */
export function declaredBytes(request: FastifyRequest): number {
  return Number(request.headers['content-length'] ?? 0);
}

/** Of a file whose size is told before its first byte. */
export function refuseBytes({ uploadBytesMax }: Pick<WriteDeps, 'uploadBytesMax'>, bytes: number): void {
  if (bytes > uploadBytesMax) throw tooLarge(uploadBytesMax);
}

/** By the length that is declared: for whoever waits with the body. The commit looks again. @throws QuotaExceeded */
export async function refuseWithoutRoom(
  { quotas, userLimits }: Pick<WriteDeps, 'quotas' | 'userLimits'>,
  file: { readonly path: ResourcePath; readonly owner: Principal | undefined; readonly bytes: number },
): Promise<void> {
  await quotas.checkRoom({ ...file, updatedAt: 0 }, userLimits);
}

/**
 * Reads what still comes of a refused body and throws it away: nginx keeps the connection, and whoever gets it
 * next would wait behind bytes that nobody reads. Where nginx has not sent all of it, it closes instead.
 */
export function discardRest(request: FastifyRequest): void {
  request.raw.unpipe();
  request.raw.resume();
}

export function preconditionsOf(request: FastifyRequest): Preconditions {
  return {
    ifMatch: headerOf(request, 'if-match'),
    ifNoneMatch: headerOf(request, 'if-none-match'),
    ifUnmodifiedSince: headerOf(request, 'if-unmodified-since'),
  };
}

export function integrityOf(request: FastifyRequest): IntegrityFields {
  return {
    reprDigest: headerOf(request, 'repr-digest'),
    contentDigest: headerOf(request, 'content-digest'),
    wantReprDigest: headerOf(request, 'want-repr-digest'),
  };
}

export function headerOf(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
}

export function describeFile(deps: WriteDeps, file: Committed) {
  return {
    path: file.path as string,
    url: deps.mount.slice(0, -1) + encodeResourcePath(file.path),
    bytes: file.bytes,
    etag: file.entityTag,
    created: file.created,
  };
}
