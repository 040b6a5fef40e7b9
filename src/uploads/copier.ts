/**
 * Copies of files: the file system copies the bytes to a partial, and the committer commits that as it does any upload.
 * One copy is made at a time: it may take as long as the disk does, and everything else needs the disk as well.
 */

import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { chmod, copyFile, lstat } from 'node:fs/promises';
import type { GrantDraft } from '../acl/grant.js';
import type { AclStore } from '../acl/ports.js';
import type { Principal } from '../acl/principal.js';
import { isFolder, type ResourcePath } from '../acl/resource-path.js';
import type { Committed, Committer } from './committer.js';
import type { KnownDigests } from './known-digests.js';
import { newPath } from './new-path.js';
import { candidatesFrom, type MayTake } from './numbered-path.js';
import { type Partial, tooLarge } from './partial.js';
import type { PathLocks } from './path-locks.js';
import { NEVER_OVERWRITE, UNCONDITIONAL } from './preconditions.js';
import { asUploadProblem, UploadProblem } from './problem.js';
import { FILE_MODE, type StorageRoot } from './storage-root.js';

export interface CopyRequest {
  readonly from: ResourcePath;
  readonly to: ResourcePath;
  /** `keep`: the grants on the source are set on the copy, but for those that a standing deny is there for. */
  readonly grants: 'keep' | 'drop';
  /** `keep-both`: beside the file that is there, by the name with a number. */
  readonly onConflict: 'refuse' | 'replace' | 'keep-both';
  /** Of such names. */
  readonly mayTake?: MayTake;
  readonly owner: Principal | undefined;
  /** `undefined`: no limit. */
  readonly bytesMax: number | undefined;
  /** Asked before a byte is copied. Absent: the copy may fill the disk. @throws where there is no room for so many bytes */
  readonly requireRoom?: (to: ResourcePath, bytes: number) => Promise<void>;
  /** Asked again when the bytes are there. @param to composed @throws when whoever asks may not */
  readonly authorise: (to: ResourcePath) => Promise<void>;
}

export interface CopierDeps {
  readonly root: StorageRoot;
  readonly acl: AclStore;
  readonly committer: Committer;
  /** Those of the committer. */
  readonly locks: PathLocks;
  /** Absent: none are kept. */
  readonly digests?: KnownDigests | undefined;
}

/** How often the source may be replaced while it is copied, before the copy is given up. */
const ATTEMPTS_MAX = 3;

interface Snapshot {
  readonly partial: Partial;
  readonly grants: readonly GrantDraft[];
  readonly sha256: string | undefined;
}

export class Copier {
  readonly #deps: CopierDeps;
  /** Resolves when the copies that came before are done. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(deps: CopierDeps) {
    this.#deps = deps;
  }

  /** @throws UploadProblem; what `authorise` throws. Nothing is left then */
  async copy(asked: CopyRequest): Promise<Committed> {
    const request = { ...asked, to: await newPath(this.#deps.root, asked.to) };
    refuseFolders(request);
    const copied = this.#last.then(() => this.#snapshot(request));
    this.#last = copied.catch(() => undefined);
    const { partial, grants, sha256 } = await copied;
    const { to, owner, onConflict } = request;
    const authorise = () => request.authorise(to);
    const preconditions = onConflict === 'replace' ? UNCONDITIONAL : NEVER_OVERWRITE;
    const candidate = onConflict === 'keep-both' && {
      candidate: candidatesFrom(this.#deps.root, to, request.mayTake),
    };
    // Asked of those that stand when they are written: one may be set while the bytes are copied, or scanned.
    const standingDenies = 'kept' as const;
    const brought = { partial, owner, grants, standingDenies, sha256 };
    const upload = { path: to, ...brought, preconditions, authorise, ...candidate };
    const [committed] = await this.#deps.committer.commit([upload]).catch(explain);
    if (committed === undefined) throw new Error('the commit of one copy answered with none');
    return committed;
  }

  /** Bytes, grants and digest of one version of the source. */
  async #snapshot(request: CopyRequest): Promise<Snapshot> {
    const { root, locks, digests } = this.#deps;
    for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
      const before = await this.#version(request.from);
      const partial = await this.#copyBytes(request);
      const read = await locks.run([request.from], async () => {
        if ((await this.#version(request.from)) !== before) return undefined;
        return { grants: await this.#grantsFor(request), sha256: await digests?.at(request.from) };
      });
      if (read !== undefined) return { partial, ...read };
      await root.tryDropPartials([partial]);
    }
    throw new UploadProblem('conflict', 'The source is being replaced all the time; try again later.');
  }

  async #version(path: ResourcePath): Promise<string> {
    const { root } = this.#deps;
    const found = await root.find(path);
    if (found === undefined) throw new UploadProblem('not-found', 'There is nothing at the source.');
    if (found.kind !== 'file') throw new UploadProblem('conflict', 'The source is no file; copy one file.');
    const { ino, size, mtimeNs } = await lstat(root.diskPath(path), { bigint: true });
    return `${ino} ${size} ${mtimeNs}`;
  }

  async #copyBytes({ from, to, bytesMax, requireRoom }: CopyRequest): Promise<Partial> {
    const { root } = this.#deps;
    const name = randomUUID();
    const file = root.partialPath(name);
    try {
      const { bytes = 0 } = (await root.find(from)) ?? {};
      if (bytesMax !== undefined && bytes > bytesMax) throw tooLarge(bytesMax);
      await requireRoom?.(to, bytes);
      await copyFile(root.diskPath(from), file, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL);
      await chmod(file, FILE_MODE);
      const { size } = await lstat(file);
      return { name, bytes: size };
    } catch (error) {
      await root.tryDropPartials([{ name }]);
      throw asUploadProblem(error);
    }
  }

  async #grantsFor({ from, to, grants }: CopyRequest): Promise<readonly GrantDraft[]> {
    if (grants === 'drop') return [];
    const coming = await this.#deps.acl.grantsOn([from]);
    return coming.map(({ id: _, ...draft }) => ({ ...draft, path: to }));
  }
}

function refuseFolders({ from, to, onConflict }: CopyRequest): void {
  if (isFolder(from) || isFolder(to)) {
    throw new UploadProblem(
      'bad-request',
      'A file is copied, to a file; name one in both, without a slash behind.',
    );
  }
  if (from === to && onConflict !== 'keep-both')
    throw new UploadProblem('conflict', 'Source and target are the same; choose another target.');
}

/** The one precondition is ours, and nobody has sent it. */
function explain(error: unknown): never {
  if (!(error instanceof UploadProblem) || error.code !== 'precondition-failed') throw error;
  throw new UploadProblem('conflict', 'There is a file at the target; choose another path, or replace it.');
}
