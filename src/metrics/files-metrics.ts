/** What the files service tells of itself: what was asked and answered, what was uploaded, and the room that is left. */

import { statfs } from 'node:fs/promises';
import { counter, type Family, gauge } from './family.js';
import { storeUp } from './store-up.js';

export class FilesCounts {
  readonly #answers = new Map<string, { readonly route: string; readonly status: number; count: number }>();
  #files = 0;
  #bytes = 0;

  /** @param route the pattern that the router knows, never a URL */
  answered(route: string, status: number): void {
    const key = `${status} ${route}`;
    const known = this.#answers.get(key);
    if (known === undefined) this.#answers.set(key, { route, status, count: 1 });
    else known.count += 1;
  }

  committed({ bytes }: { readonly bytes: number }): void {
    this.#files += 1;
    this.#bytes += bytes;
  }

  get answers() {
    return [...this.#answers.values()];
  }

  get files(): number {
    return this.#files;
  }

  get bytes(): number {
    return this.#bytes;
  }
}

export interface FilesFigures {
  readonly counts: FilesCounts;
  /** `undefined`: none are kept. */
  readonly digests?: { readonly stored: number; readonly waiting: number } | undefined;
  /** Whether this process may change files; `undefined`: there is no lease, and only it can. */
  readonly isLeaseHeld?: (() => boolean) | undefined;
  /** The file system of the files. */
  readonly root: string;
  /** @throws when the store cannot be asked */
  readonly checkReady: () => unknown;
}

export function filesMetrics(figures: FilesFigures): readonly Family[] {
  const { counts, digests, isLeaseHeld, root, checkReady } = figures;
  return [
    {
      name: 'latchkey_requests_total',
      help: 'Requests that the files service answered, by route and status.',
      type: 'counter',
      read: () =>
        counts.answers.map(({ route, status, count }) => ({ value: count, labels: { route, status } })),
    },
    counter('latchkey_committed_files_total', 'Files that became visible.', () => counts.files),
    counter('latchkey_committed_bytes_total', 'Their bytes.', () => counts.bytes),
    ...(digests === undefined ? [] : digestMetrics(digests)),
    ...(isLeaseHeld === undefined ? [] : [leaseGauge(isLeaseHeld)]),
    gauge('latchkey_free_bytes', 'Free for the services on the file system of the files.', () => free(root)),
    storeUp(checkReady),
  ];
}

export function leaseGauge(isHeld: () => boolean): Family {
  return gauge(
    'latchkey_files_lease',
    '1: this files service changes files; 0: it stands by, or cannot tell.',
    () => Number(isHeld()),
  );
}

function digestMetrics(digests: NonNullable<FilesFigures['digests']>): readonly Family[] {
  return [
    counter(
      'latchkey_stored_digests_total',
      'Digests that were computed after uploads.',
      () => digests.stored,
    ),
    gauge('latchkey_waiting_digests', 'Files that wait for theirs.', () => digests.waiting),
  ];
}

/** `undefined`: the disk does not answer, and that must not keep the other figures back. */
async function free(folder: string): Promise<number | undefined> {
  try {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  } catch {
    return undefined;
  }
}
