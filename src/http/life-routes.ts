/**
 * The HTTP API of moving, copying and removing, below /_latchkey/api/v1/files. Each asks before it does anything, and
 * again when nobody else can change the paths any more: a revoke holds when its command has returned.
 */

import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import type { Principal } from '../acl/principal.js';
import { isFolder, type ResourcePath } from '../acl/resource-path.js';
import type { TreeStore } from '../acl/tree-ports.js';
import { BoundedWork } from '../links/bounded-work.js';
import type { Committer } from '../uploads/committer.js';
import type { Copier } from '../uploads/copier.js';
import type { FolderRemoval, RemovedFolder } from '../uploads/folder-removal.js';
import type { Mover } from '../uploads/mover.js';
import type { MayTake } from '../uploads/numbered-path.js';
import { UNCONDITIONAL } from '../uploads/preconditions.js';
import { API_PREFIX } from './acl-routes.js';
import { pathIn } from './api-values.js';
import { effectiveNow, type Followers } from './effective.js';
import type { Gate } from './gate.js';
import { copySchema, moveSchema, removalSchema } from './life-schemas.js';
import { BadRequest, Refused } from './problem.js';
import { requireCopy, requireMove, requireTree } from './tree-permissions.js';
import type { UploadLimits } from './upload-limits.js';
import { refuseWithoutRoom, type WriteDeps } from './write-request.js';

export const FILES = `${API_PREFIX}/files`;

export interface LifeDeps extends Followers, Pick<WriteDeps, 'quotas' | 'userLimits'> {
  readonly gate: Gate;
  readonly tree: TreeStore;
  readonly committer: Committer;
  readonly mover: Mover;
  readonly copier: Copier;
  readonly removal: FolderRemoval;
  readonly uploadBytesMax: number;
  readonly uploadLimits: Pick<UploadLimits, 'freeSpace'>;
}

/** One call removes no more, and takes no longer: nginx waits a minute for an answer. */
export const REMOVAL_LIMITS = { filesMax: 1_000, timeMaxMs: 10_000 } as const;
/** Copies are made one after another, each at the pace of the disk. */
const copies = new BoundedWork({ runningMax: 1, waitingMax: 32 });

export function lifeRoutes(instance: FastifyInstance, deps: LifeDeps): void {
  const { gate, mover, copier, removal, committer } = deps;
  const app = instance.withTypeProvider<TypeBoxTypeProvider>();

  app.post(`${FILES}/move`, { schema: moveSchema }, async (request) => {
    const relocation = relocationIn(request.body);
    const who = await gate.identifyOwn(request);
    const authorise = (to: ResourcePath) => requireMove(deps, who, { ...relocation, to });
    await authorise(relocation.to);
    const moved = await mover.move({ ...relocation, authorise, mayTake: isAllowedBy(authorise) });
    return { ...moved, ...(await effectiveNow(deps, request.log)) };
  });

  app.post(`${FILES}/copy`, { schema: copySchema }, async (request) => {
    const relocation = relocationIn(request.body);
    const who = await gate.identifyOwn(request);
    const authorise = (to: ResourcePath) => requireCopy(deps, who, { ...relocation, to });
    await authorise(relocation.to);
    const { user: owner } = who.subject;
    const { uploadBytesMax: bytesMax, uploadLimits } = deps;
    // The quota first: the trash gives way to nothing that is refused all the same.
    const requireRoom = async (to: ResourcePath, bytes: number) => {
      await refuseWithoutRoom(deps, { path: to, owner, bytes });
      await uploadLimits.freeSpace.make(bytes);
    };
    const asked = {
      ...relocation,
      owner,
      bytesMax,
      requireRoom,
      authorise,
      mayTake: isAllowedBy(authorise),
    };
    const copied = await copies.run(() => copier.copy(asked));
    const { path, bytes, entityTag: etag, created } = copied;
    return { path, bytes, etag, created, ...(await effectiveNow(deps, request.log)) };
  });

  app.delete(FILES, { schema: removalSchema }, async (request) => {
    const path = pathIn(request.query.path);
    const who = await gate.identifyOwn(request);
    // What is removed for good cannot be brought back by whoever manages it.
    const isForGood = request.query.purge === 'true';
    const action = isForGood ? 'manage' : 'write';
    await requireTree(deps, who, action, path);
    const done = await removed({ committer, removal }, path, {
      scope: request.query.recursive === 'true' ? 'tree' : 'file',
      authorise: async (file) => void (await gate.require(who, action, file)),
      by: who.subject.user,
      mode: isForGood ? 'for-good' : 'trash',
    });
    return { ...done, ...(await effectiveNow(deps, request.log)) };
  });
}

function isAllowedBy(authorise: (path: ResourcePath) => Promise<void>): MayTake {
  return (path) =>
    authorise(path).then(
      () => true,
      (error) => {
        if (error instanceof Refused) return false;
        throw error;
      },
    );
}

type Removers = Pick<LifeDeps, 'committer' | 'removal'>;

export interface RemovalWords {
  readonly scope: 'file' | 'tree';
  readonly authorise: (path: ResourcePath) => Promise<void>;
  readonly by: Principal | undefined;
  readonly mode: 'trash' | 'for-good';
}

/** A folder goes only where that was said. */
export async function removed(
  { committer, removal }: Removers,
  path: ResourcePath,
  { scope, authorise, by, mode }: RemovalWords,
): Promise<RemovedFolder> {
  if (!isFolder(path)) {
    await committer.remove(path, UNCONDITIONAL, { by, mode });
    return { removed: 1, left: 0, more: false };
  }
  if (scope === 'file') {
    throw new BadRequest('This is a folder: to delete all that is in it, say so, with recursive=true.', 409);
  }
  return removal.remove({ folder: path, ...REMOVAL_LIMITS, authorise, by, mode });
}

interface RelocationWords {
  readonly from: string;
  readonly to: string;
  readonly grants?: 'keep' | 'drop' | undefined;
  readonly onConflict?: 'refuse' | 'replace' | 'keep-both' | undefined;
}

export function relocationIn({ from, to, grants = 'keep', onConflict = 'refuse' }: RelocationWords) {
  return { from: pathIn(from), to: pathIn(to), grants, onConflict };
}
