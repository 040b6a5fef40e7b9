/** Sets when a file ends, under the lock of its path: an upload brings its own, and neither may meet the other's bytes. */

import type { ExpiryStore } from '../acl/life-ports.js';
import type { ResourcePath } from '../acl/resource-path.js';
import type { PathLocks } from './path-locks.js';
import { UploadProblem } from './problem.js';
import type { StorageRoot } from './storage-root.js';

export interface ExpiryRequest {
  readonly path: ResourcePath;
  /** UTC milliseconds; `undefined`: never. */
  readonly expiresAt: number | undefined;
  /** @throws when whoever asks may not */
  readonly authorise: () => Promise<void>;
}

export interface ExpiryDeps {
  readonly root: StorageRoot;
  readonly expiries: ExpiryStore;
  /** Those of the committer. */
  readonly locks: PathLocks;
}

export class Expiry {
  readonly #deps: ExpiryDeps;

  constructor(deps: ExpiryDeps) {
    this.#deps = deps;
  }

  /** The revision with which it holds. @throws UploadProblem `not-found`, `bad-request`; what `authorise` throws */
  async set({ path, expiresAt, authorise }: ExpiryRequest): Promise<number> {
    const { root, expiries, locks } = this.#deps;
    return locks.run([path], async () => {
      await authorise();
      const found = await root.find(path);
      if (found === undefined) throw new UploadProblem('not-found', 'There is no such file.');
      if (found.kind !== 'file') throw new UploadProblem('bad-request', 'Only a file expires; name one.');
      return (await expiries.setExpiry(path, expiresAt)).revision;
    });
  }
}
