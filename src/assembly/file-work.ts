/**
 * Moves, copies and removals without asking anybody whether they may be: for the operator. What is refused is a
 * FileRefused, whichever process has refused it.
 */

import type { Receipts } from '../acl/fleet-ports.js';
import type { AclStore } from '../acl/ports.js';
import type { ResourcePath } from '../acl/resource-path.js';
import type { Committed } from '../uploads/committer.js';
import type { RemovedFolder } from '../uploads/folder-removal.js';
import type { Moved, MoveRequest } from '../uploads/mover.js';
import { UNCONDITIONAL } from '../uploads/preconditions.js';
import { UploadProblem } from '../uploads/problem.js';
import type { RestoreRequest } from '../uploads/trash.js';
import type { FileParts } from './file-parts.js';

export type RemovalMode = 'trash' | 'for-good';
export type RestoreWish = Omit<RestoreRequest, 'authorise'>;
export type Relocation = Omit<MoveRequest, 'authorise'>;

/** @throws FileRefused, each one */
export interface FileWork {
  move(relocation: Relocation): Promise<Moved>;
  copy(relocation: Relocation): Promise<Committed>;
  /** Of a folder, a part of it at a time: again, while there is more. */
  removeFolder(folder: ResourcePath, mode: RemovalMode): Promise<RemovedFolder>;
  removeFile(file: ResourcePath, mode: RemovalMode): Promise<void>;
  /** UTC milliseconds; `undefined`: never. */
  expire(file: ResourcePath, expiresAt: number | undefined): Promise<{ readonly revision: number }>;
  restore(wish: RestoreWish): Promise<Committed>;
  /** For good. */
  dropTrashed(id: string): Promise<void>;
  /** How far the store is, with all that was done here. */
  position(): Promise<Position>;
}

export interface Position {
  readonly revision: number;
  /** Who says where that is in force; `undefined`: nobody else decides by the store, or all see a change at once. */
  readonly receipts: Receipts | undefined;
}

/** It was understood, and cannot be. */
export class FileRefused extends Error {
  override readonly name = 'FileRefused';

  /** @param detail a sentence, as the API has it */
  constructor(detail: string) {
    super(detail.charAt(0).toLowerCase() + detail.slice(1).replace(/\.$/, ''));
  }
}

/** As the API has them. */
const ROUND = { filesMax: 1_000, timeMaxMs: 10_000 } as const;
const ALLOWED = async () => {};

/** What tells where a change is in force. */
export interface Followers {
  readonly acl: Pick<AclStore, 'revision'>;
  readonly receipts: Receipts | undefined;
}

export function ownFileWork(
  { mover, copier, removal, committer, expiry, bin }: FileParts,
  { acl, receipts }: Followers,
): FileWork {
  return {
    move: (relocation) => mover.move({ ...relocation, authorise: ALLOWED }).catch(asRefused),
    copy: (relocation) => {
      const asOperator = { owner: undefined, bytesMax: undefined, authorise: ALLOWED };
      return copier.copy({ ...relocation, ...asOperator }).catch(asRefused);
    },
    removeFolder: (folder, mode) =>
      removal.remove({ folder, ...ROUND, authorise: ALLOWED, mode }).catch(asRefused),
    removeFile: (file, mode) => committer.remove(file, UNCONDITIONAL, { mode }).catch(asRefused),
    expire: async (path, expiresAt) => {
      const set = expiry.set({ path, expiresAt, authorise: ALLOWED });
      return { revision: await set.catch(asRefused) };
    },
    restore: (wish) => bin.restore({ ...wish, authorise: ALLOWED }).catch(asRefused),
    dropTrashed: async (id) => {
      await bin.find(id).catch(asRefused);
      await bin.dropOne(id).catch(asRefused);
    },
    position: async () => ({ revision: await acl.revision(), receipts }),
  };
}

/** What the disk or the folder refuses, as a FileRefused. */
export function asRefused(error: unknown): never {
  if (error instanceof UploadProblem) throw new FileRefused(error.message);
  throw error;
}
