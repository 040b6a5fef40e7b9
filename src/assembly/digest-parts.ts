/** Stored digests for the files service, from a Config; `undefined` where they are off. Nothing here decides anything. */

import type { Store } from '../acl/ports.js';
import type { Config } from '../config.js';
import { DigestKeeper } from '../uploads/digest-keeper.js';
import { FileDigests, IN_BACKGROUND } from '../uploads/file-digests.js';
import { keepDigests } from '../uploads/keep-digests.js';
import { PathLocks } from '../uploads/path-locks.js';
import type { StorageRoot } from '../uploads/storage-root.js';

interface Log {
  error(error: object, message: string): void;
}

export type DigestParts = NonNullable<ReturnType<typeof openDigestParts>>;

export function openDigestParts({ storeDigests }: Config, root: StorageRoot, store: Store) {
  if (!storeDigests) return undefined;
  let log: Log | undefined;
  const fileDigests = new FileDigests(IN_BACKGROUND);
  const locks = new PathLocks();
  const keeper = new DigestKeeper({
    root,
    files: store.files,
    digests: store.digests,
    fileDigests,
    locks,
    onProblem: (err, path) => log?.error({ err, path }, 'the digest of a file cannot be computed'),
  });
  const kept = keepDigests(keeper);
  return {
    /** The committer's, too. */
    locks,
    keeper,
    tell: kept.tell,
    start: (toLog: Log) => {
      log = toLog;
      kept.start((err) => toLog.error({ err }, 'digests of files cannot be stored; they are computed later'));
    },
    close: async () => {
      await Promise.all([kept.stop(), fileDigests.close()]);
    },
  };
}
