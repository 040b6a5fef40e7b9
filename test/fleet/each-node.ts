/** Waits until each node of a load has answered what was asked after an instant: an observed state, and no pause. */

import type { Answered } from './judged-answers.js';

const LIMIT_MS = 60_000;

export interface Awaited {
  /** What was asked earlier does not count. */
  readonly sentAfter: number;
  /** Any other does not count; without it all do. */
  readonly status?: number;
  /** Without it all. */
  readonly nodes?: readonly number[];
}

interface Waiting extends Awaited {
  readonly file: string;
  readonly missing: Set<number>;
  readonly done: (at: number) => void;
}

export class EachNode {
  readonly #nodes: readonly number[];
  readonly #waiting = new Set<Waiting>();
  /** By file, by status. */
  readonly #counts = new Map<string, Map<number, number>>();

  constructor(nodes: number) {
    this.#nodes = Array.from({ length: nodes }, (_, node) => node);
  }

  answered({ file, node, sentAt, at, status }: Answered): void {
    const counts = this.#counts.get(file) ?? new Map<number, number>();
    this.#counts.set(file, counts.set(status, (counts.get(status) ?? 0) + 1));
    for (const one of this.#waiting) {
      if (one.file !== file || sentAt <= one.sentAfter) continue;
      if (one.status !== undefined && one.status !== status) continue;
      one.missing.delete(node);
      if (one.missing.size > 0) continue;
      this.#waiting.delete(one);
      one.done(at);
    }
  }

  /** Resolves with the instant at which the last of them had. */
  until(file: string, awaited: Awaited): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    const missing = new Set(awaited.nodes ?? this.#nodes);
    const waiting = { ...awaited, file, missing, done: resolve };
    this.#waiting.add(waiting);
    const timer = setTimeout(() => {
      this.#waiting.delete(waiting);
      const what = awaited.status === undefined ? 'answered' : `answered ${awaited.status}`;
      reject(new Error(`nodes ${[...missing].join()} have not ${what} about ${file} in ${LIMIT_MS} ms`));
    }, LIMIT_MS);
    return promise.finally(() => clearTimeout(timer));
  }

  /** How often each status came, about one file or about all. */
  counts(file?: string): Readonly<Record<string, number>> {
    const sum: Record<string, number> = {};
    for (const [name, counts] of this.#counts) {
      if (file !== undefined && name !== file) continue;
      for (const [status, count] of counts) sum[status] = (sum[status] ?? 0) + count;
    }
    return sum;
  }
}
